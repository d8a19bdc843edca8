"""The embedded demo: natural photographs, and simulated viewers written as real tracker files.

Nobody was recorded. The viewers follow the small model of `viewers.py` (centre bias, low-level
salience, inhibition of return); their files look like a laboratory's, so that the whole pipeline
runs offline: seven EyeLink texts, one EDF+.
"""

from pathlib import Path

from bench.datasets.demo.files import DEMO_FILES

__all__ = ["DEMO_FILES", "make_demo"]


def make_demo(folder: str | Path, *, seed: int = 0) -> None:
    """Writes the demo data set, the files of DEMO_FILES, into `folder`.

    The same seed gives the same bytes (with the same versions of numpy, Pillow and pyedflib).
    Each file appears when it is complete. Raises DataError where scikit-image lacks a photograph.
    """
    import numpy as np

    from bench.datasets.demo.european_data_format import write_european_data
    from bench.datasets.demo.eyelink_text import write_eyelink_text
    from bench.datasets.demo.photographs import (
        credits_text,
        photograph,
        write_photograph,
    )
    from bench.datasets.demo.salience import low_level_salience
    from bench.datasets.demo.screen import PX_PER_DEG, SCALE
    from bench.datasets.demo.session import record_session
    from bench.datasets.demo.viewers import make_viewer
    from bench.files import written_whole

    folder = Path(folder)
    saliences = {}
    for path in map(Path, DEMO_FILES):
        if path.parent.name == "stimuli":
            image = photograph(path.name)
            saliences[path.name] = low_level_salience(np.asarray(image), PX_PER_DEG / SCALE)
            write_photograph(folder / path, image)
    writers = {".asc": write_eyelink_text, ".edf": write_european_data}
    for path in map(Path, DEMO_FILES):
        if path.parent.name == "recordings":
            viewer = make_viewer(int(path.stem.removeprefix("viewer_")), seed)
            writers[path.suffix](folder / path, record_session(viewer, saliences, seed))
    with written_whole(folder / "CREDITS.md") as part:
        part.write_text(credits_text(), encoding="utf-8", newline="\n")
