"""The image explorer: per photograph its gaze, the human map and every map, with their scores.

What there is to see of a photograph is one JavaScript file, FOLDER/{checksum}.js, that calls a
function of the page with it: a page opened from a disk may run a script that lies beside it, but
not read a file. A page with few photographs has them all inside and needs no folder.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.files import written_whole
from bench.maps import map_names, open_maps, read_map
from bench.protocols import fixation_weights, used_fixations
from bench.report.explorer_pictures import colour_tables, map_picture, photograph_picture
from bench.report.labels import in_reading_order, map_label, network_label
from bench.report.numbers import by_number, number
from bench.report.pictures import OPACITY

if TYPE_CHECKING:
    import h5py
    import pandas as pd

    from bench.metrics import Metric
    from bench.report.results import Results

INSIDE_BYTES = 1_500_000
BASELINES = {"human": "other viewers", "centre": "centre bias"}

Key = tuple[str, str, str]  # folder, method, map


@dataclass(frozen=True)
class Explorer:
    """What the section needs: `index` and, where they are inside, `photographs` go to the script.

    `folder` is the name of the folder beside the page that holds the photographs, empty where the
    page does.
    """

    index: dict[str, Any]
    photographs: list[dict[str, Any]]
    folder: str
    colours: list[str]
    opacity: float  # of a map over its photograph


def make_explorer(
    results: Results,
    photographs: list[Path],
    fixations: pd.DataFrame,
    metrics: list[Metric],
    folder: Path,
    *,
    inside_bytes: int = INSIDE_BYTES,
) -> Explorer:
    """Writes one file per photograph into `folder`, and gives what the page says of them.

    metrics: those whose scores are shown. The page has the photographs inside as long as they take
    at most `inside_bytes` together. Files of an earlier report in `folder` are removed.
    """
    maps = _maps(results)
    index = {
        "metrics": [metric.label for metric in metrics],
        "networks": [
            [model, network_label(model), [map_label(*key[1:], results.texts) for key in found]]
            for model, found in maps.items()
        ],
        "photographs": [path.name for path in photographs],
        "files": [],
    }
    scores = _scores(results.tables / "scores.csv", [metric.name for metric in metrics])
    inside: list[dict[str, Any]] = []
    size = 0
    for seen in _photographs(results, photographs, fixations, maps, scores):
        text = json.dumps(seen, separators=(",", ":"))
        size += len(text)
        inside = [*inside, seen] if size <= inside_bytes else []
        content = f"explorerPhotograph({text});\n".encode("ascii")
        name = f"{hashlib.sha256(content).hexdigest()[:16]}.js"
        index["files"].append(name)
        with written_whole(folder / name) as path:
            path.write_bytes(content)
    for path in folder.glob("*.js"):
        if re.fullmatch(r"[0-9a-f]{16}\.js", path.name) and path.name not in index["files"]:
            path.unlink()
    return Explorer(index, inside, "" if inside else folder.name, colour_tables(), OPACITY)


def _maps(results: Results) -> dict[str, list[Key]]:
    """{network: (folder, method, map) in reading order}; maps made elsewhere in every network."""
    found: dict[str, list[Key]] = {}
    for model in results.models:
        folders = {}
        for folder, method, file in results.map_files(model):
            folders |= {(method, name): folder for name in map_names(file)}
        found[model] = [(folders[pair], *pair) for pair in in_reading_order(list(folders))]
    return found


def _photographs(
    results: Results,
    photographs: list[Path],
    fixations: pd.DataFrame,
    maps: dict[str, list[Key]],
    scores: dict[tuple[str, ...], list[str]],
) -> Iterator[dict[str, Any]]:
    """What there is to see of each photograph, one after the other: memory stays flat."""
    with open_maps(results.folder / "heatmaps.h5") as file:
        kept = used_fixations(fixations, str(file.attrs["first_fixation"]))
    rows = dict(list(kept.groupby("image_id")))
    with ExitStack() as stack:
        files = _opened(stack, results.folder, maps)
        human = stack.enter_context(open_maps(results.folder / "heatmaps.h5"))
        protocol = dict(human.attrs)
        for path in photographs:
            image = path.name
            yield {
                "name": image,
                "size": [int(side) for side in reversed(human[image].shape)],
                "photograph": photograph_picture(path),
                "human": map_picture(read_map(human, image)),
                "baselines": [
                    [label, *scores[key]]
                    for name, label in BASELINES.items()
                    if (key := ("baseline", name, name, image)) in scores
                ],
                "gaze": _gaze(rows.get(image, kept.iloc[:0]), str(protocol["weight"])),
                "networks": {
                    model: _network(model, files, found, image, scores)
                    for model, found in maps.items()
                },
            }


def _opened(
    stack: ExitStack, folder: Path, maps: dict[str, list[Key]]
) -> dict[tuple[str, str], h5py.File]:
    """{(folder, method): its open map file}."""
    wanted = dict.fromkeys(key[:2] for found in maps.values() for key in found)
    return {
        (model, method): stack.enter_context(open_maps(folder / model / "maps" / f"{method}.h5"))
        for model, method in wanted
    }


def _gaze(rows: pd.DataFrame, weight: str) -> list[list[Any]]:
    """[viewer, [x, y, ms, x, y, ms, ...]] per viewer, in pixels, in the order of looking."""
    milliseconds = "span_ms" if weight == "span_ms" else "duration_ms"
    found = []
    order = ["recording_id", "trial_index", "fixation_index"]
    for viewer, own in rows.sort_values(order, kind="stable").groupby("subject_id"):
        numbers = np.column_stack(
            [own[["x_image_px", "y_image_px"]].to_numpy(), fixation_weights(own, milliseconds)]
        )
        found.append([str(viewer), numbers.round().astype(int).ravel().tolist()])
    return sorted(found, key=lambda pair: by_number(pair[0]))


def _network(
    model: str,
    files: dict[tuple[str, str], h5py.File],
    maps: list[Key],
    image: str,
    scores: dict[tuple[str, ...], list[str]],
) -> dict[str, Any]:
    """The class that the network saw, and [picture, flag, a score per metric] per map."""
    seen, rows = "", []
    for folder, method, name in maps:
        group = files[folder, method][name]
        if image not in group:
            rows.append(None)
            continue
        if folder == model:
            seen = seen or str(group[image].attrs.get("target_name", ""))
        picture = map_picture(read_map(group, image))
        rows.append([picture, *scores.get((folder, method, name, image), [""])])
    return {"class": seen, "maps": rows}


def _scores(path: Path, metrics: list[str]) -> dict[tuple[str, ...], list[str]]:
    """{(network, method, map, image): [flag, a score per metric]}, as people read them."""
    import pandas as pd

    names = ["model", "method", "map", "image", "metric", "value", "flag"]
    kinds = dict.fromkeys(names, "str") | {"value": "float64"}
    table = pd.read_csv(
        path, usecols=names, dtype=kinds, keep_default_na=False, na_values={"value": [""]}
    )
    table = table[table["metric"].isin(metrics)]
    found: dict[tuple[str, ...], list[str]] = {}
    for *key, metric, value, flag in table[names].itertuples(index=False, name=None):
        row = found.setdefault(tuple(key), ["", *("not scored" for _ in metrics)])
        words = dict.fromkeys(chain(row[0].split(), flag.split()))
        row[0] = " ".join(words)
        if value == value:
            row[1 + metrics.index(metric)] = number(value)
    return found
