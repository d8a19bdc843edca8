"""A folder of results that a page can be made from, without running anything."""

import json

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bench.maps import write_map
from bench.report.results import Results

NETWORKS = ("alexnet", "vgg16")
SHAPE = (60, 80)
LOOKS = {"ann": [(10, 20, 300), (40.4, 30.6, 250)], "bob": [(70, 50, 1200)]}


@pytest.fixture
def small_results(tmp_path):
    """A function: names of photographs -> (Results, their files, the table of fixations).

    Two networks with two methods and a map of each photograph, but `cam` has none of the last.
    """

    def build(names=("a.png", "b.png", "c.png")):
        folder, stimuli = tmp_path / "results" / "small", tmp_path / "stimuli"
        stimuli.mkdir()
        rng = np.random.default_rng(0)
        for name in names:
            Image.fromarray(rng.integers(0, 255, (*SHAPE, 3), dtype=np.uint8)).save(stimuli / name)
        for model in NETWORKS:
            for method, shape in (("cam", (7, 7)), ("gradient", (224, 224))):
                path = folder / model / "maps" / f"{method}.h5"
                path.parent.mkdir(parents=True, exist_ok=True)
                with h5py.File(path, "w") as file:
                    file.attrs.update(maps=json.dumps([method]))
                    for name in names[: None if method == "gradient" else -1]:
                        write_map(
                            file.require_group(method),
                            name,
                            rng.random(shape),
                            target_name=f"{model}'s <class>",
                        )
        with h5py.File(folder / "heatmaps.h5", "w") as file:
            file.attrs.update(first_fixation="keep", weight="duration_ms")
            for name in names:
                write_map(file, name, rng.random(SHAPE))
        rows = [
            *(("baseline", name, name, image) for name in ("human", "centre") for image in names),
            *((m, k, k, image) for m in NETWORKS for k in ("cam", "gradient") for image in names),
        ]
        scores = [
            (*row, metric, 1.25 * (metric == "nss") + number / 1000, "flat" * (row[1] == "cam"))
            for number, row in enumerate(rows)
            for metric in ("nss", "sauc")
        ]
        columns = ["model", "method", "map", "image", "metric", "value", "flag"]
        pd.DataFrame(scores, columns=columns).to_csv(folder / "scores.csv", index=False)
        return (
            Results(folder, list(NETWORKS), ["cam", "gradient"]),
            [stimuli / name for name in names],
            _fixations(names[:-1]),
        )

    return build


def _fixations(names):
    """Everybody's looks at each photograph, the last fixation first, and one that is not used."""
    rows = [
        (viewer, 1, image, number, x, y, ms, ms - 1, "kept")
        for image in names
        for viewer, looks in LOOKS.items()
        for number, (x, y, ms) in reversed(list(enumerate(looks)))
    ]
    rows.append(("ann", 1, names[0], 9, 5, 5, 999, 998, "off_image"))
    columns = ["subject_id", "trial_index", "image_id", "fixation_index", "x_image_px"]
    columns += ["y_image_px", "duration_ms", "span_ms", "status"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(recording_id=table["subject_id"])
