"""Processor seconds per MB to read EyeLink recordings, against a plain loop over their lines.

    OMP_NUM_THREADS=1 python tests/benchmarks/reader_speed.py [FILE.edf FILE.asc ...]

Budget (DESIGN.md section 6): .edf at most 0.05 s/MB plus 0.3 s a file, .asc at most 0.05 s/MB. The
ratio to the floor (`for line in file`) holds on other machines too, where seconds do not. Without
arguments the pair of shared/data/eyelink and one of eyelinkio's own recordings are read.
"""

import importlib.util
import resource
import sys
import timeit
from pathlib import Path

from bench.gaze import read_recording
from bench.gaze.eyelink_asc import read_eyelink_asc

PAIR = Path(__file__).resolve().parents[3] / "shared" / "data" / "eyelink"


def default_files() -> list[Path]:
    """The pair, and the largest of eyelinkio's own recordings where it has them."""
    spec = importlib.util.find_spec("eyelinkio")
    own = Path(spec.origin).parent / "tests" / "data" if spec else Path()
    return [
        PAIR / "left_eye.edf",
        *own.glob("test_raw_binocular.edf"),
        PAIR / "left_eye.asc",
    ]


def cpu_s() -> float:
    """Processor seconds so far, with those of the children that have ended."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def best_s(work, repeat: int = 15) -> float:
    return min(timeit.repeat(work, number=1, repeat=repeat, timer=cpu_s))


def count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def main(paths: list[Path]) -> int:
    missing = [path for path in paths if not path.is_file()]
    if missing:
        print(f"not here: {missing[0]}; name an .edf and an .asc")
        return 2
    over = False
    for path in paths:
        size_mb = path.stat().st_size / 1e6
        read = best_s(lambda path=path: read_recording(path))
        start_s = 0.3 if path.suffix.lower() == ".edf" else 0.0
        budget = 0.05 * size_mb + start_s
        print(f"{path.name}: {size_mb:.2f} MB, read_recording {read:.3f} s, budget {budget:.3f} s")
        if start_s == 0:
            floor = best_s(lambda path=path: count_lines(path))
            parse = best_s(lambda path=path: read_eyelink_asc(path))
            print(f"  floor (lines only) {floor / size_mb:.4f} s/MB")
            print(f"  parser {parse / size_mb:.4f} s/MB, {parse / floor:.1f} floors")
            print(f"  read_recording {read / size_mb:.4f} s/MB, {read / floor:.1f} floors")
        over |= read > budget
    print("over budget" if over else "within budget")
    return int(over)


if __name__ == "__main__":
    given = [Path(word) for word in sys.argv[1:]]
    raise SystemExit(main(given or default_files()))
