"""Compare the maps of two files, photograph by photograph.

The files may be of two methods, networks or runs, human heatmaps (heatmaps.h5), or any HDF5 file
with one array per photograph at its root or in groups, as pysaliency writes it. Example:
bench compare-maps results/demo/efficientnet_lite0/maps/gradcam.h5 results/demo/heatmaps.h5
"""

from __future__ import annotations

import argparse
import json
import logging
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import DataError
from bench.files import written_whole

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger("bench")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The two files, which maps of them, and where the numbers go."""
    parser.add_argument("a", type=Path, metavar="A.h5")
    parser.add_argument("b", type=Path, metavar="B.h5")
    parser.add_argument(
        "--map",
        nargs=2,
        metavar=("A_NAME", "B_NAME"),
        help="which map of each file (default: those of the same name, or the only ones)",
    )
    parser.add_argument("--json", action="store_true", help="for scripts")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a row per photograph too")
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap (%(default)s)")


def run(arguments: argparse.Namespace) -> None:
    """Prints mean, 95 % interval and the least alike photograph per pair of maps."""
    import pandas as pd

    from bench.map_comparison import COLUMNS, compared, map_pairs, maps_in, shared_photographs
    from bench.maps import open_maps
    from bench.messages import progress

    for path in (arguments.a, arguments.b):
        _check(path)
    rows, pairs = [], []
    with open_maps(arguments.a) as a, open_maps(arguments.b) as b:
        ours, theirs = maps_in(a), maps_in(b)
        chosen = tuple(arguments.map) if arguments.map else None
        for pair in map_pairs(list(ours), list(theirs), chosen):
            shared = shared_photographs(a, b, pair)
            first, second = set(ours[pair[0]]), set(theirs[pair[1]])
            pairs.append(
                {"a_map": pair[0], "b_map": pair[1], "n_images": len(shared)}
                | {"only_a": sorted(first - second), "only_b": sorted(second - first)}
            )
            what = " and ".join(dict.fromkeys(pair))
            rows += progress(compared(a, b, pair), what, unit="image", total=len(shared))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    for pair in pairs:
        own = table[(table["a_map"] == pair["a_map"]) & (table["b_map"] == pair["b_map"])]
        pair |= _summary(own, arguments.seed)
    if arguments.csv:
        with written_whole(arguments.csv) as path:
            table.to_csv(path, index=False, float_format="%.9g", lineterminator="\n")
    if arguments.json:
        found = {"a": str(arguments.a), "b": str(arguments.b), "pairs": pairs}
        print(json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(_lines(arguments.a, arguments.b, pairs)))


def _check(path: Path) -> None:
    """DataError for what is no HDF5 file, in words for a file of the user's own."""
    import h5py

    if not path.is_file():
        raise DataError(f"{path}: no such file. Expected maps in HDF5.")
    if not h5py.is_hdf5(path):
        raise DataError(
            f"{path}: not an HDF5 file. Expected one array per photograph in HDF5, as "
            "`bench attend --output-folder` and pysaliency write it."
        )


def _summary(rows: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Per measure the mean over photographs, its interval and the least alike photograph."""
    from bench.map_comparison import MEASURES
    from bench.statistics import bootstrap_mean

    found: dict[str, Any] = {"identical": int(rows["identical"].sum()), "measures": {}}
    for name in MEASURES:
        values = rows.set_index("image")[name].astype(float)
        mean = bootstrap_mean(values, seed=seed)
        worst = None
        if mean.n_images:
            worst = values.idxmax() if name == "max_difference" else values.idxmin()
        numbers = {"mean": mean.mean, "ci_low": mean.ci_low, "ci_high": mean.ci_high}
        found["measures"][name] = {
            **{key: _or_none(value) for key, value in numbers.items()},
            "n_images": mean.n_images,
            "worst_image": worst,
            "worst": None if worst is None else float(values[worst]),
        }
    return found


def _or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _lines(a: Path, b: Path, pairs: list[dict[str, Any]]) -> list[str]:
    """The table as people read it."""
    from bench.map_comparison import MEASURES
    from bench.report.numbers import interval, number

    lines = [f"A  {a}", f"B  {b}"]
    for pair in pairs:
        lines += ["", f"A {pair['a_map']}, B {pair['b_map']}: {_count(pair)}"]
        for name, label in MEASURES.items():
            found = pair["measures"][name]
            if not found["n_images"]:
                why = "shapes differ" if name == "max_difference" else "a map is constant or NaN"
                lines.append(f"  {label:20} none: {why} on every photograph")
                continue
            low, high = (math.nan if found[k] is None else found[k] for k in ("ci_low", "ci_high"))
            numbers = f"{number(found['mean'])} {interval(low, high)}"
            few = f", of {found['n_images']}" if found["n_images"] < pair["n_images"] else ""
            worst = f"worst {number(found['worst'])} {found['worst_image']}{few}"
            lines.append(f"  {label:20} {numbers:24} {worst}")
        lines.append(f"  {'identical':20} {pair['identical']} of {pair['n_images']}")
    lines += ["", "Means over photographs with 95 % intervals; worst: where the maps differ most."]
    return lines


def _count(pair: dict[str, Any]) -> str:
    count = pair["n_images"]
    text = f"{count} photograph{'' if count == 1 else 's'} in both"
    for where in ("a", "b"):
        if pair[f"only_{where}"]:
            text += f", {len(pair[f'only_{where}'])} only in {where.upper()}"
    return text
