"""Two map files side by side: how alike their maps are, on the photographs that both have.

Of two methods, two networks, two runs, human heatmaps: anything in HDF5 with one array per
photograph, at the file's root or in a group per map, as pysaliency and this bench write it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np

from bench.controls import controlled
from bench.dependence import rank_correlation
from bench.errors import UsageError, ValidationError, unknown_name
from bench.grids import grid_shape, on_grid
from bench.maps import map_names, read_map
from bench.metrics import evaluate

LONGEST = 256  # cells of the common grid along the longer side
MEASURES = {
    "spearman": "rank correlation",
    "cc": "CC",
    "sim": "SIM",
    "max_difference": "largest difference",
}
COLUMNS = (
    *("a_map", "b_map", "image", "a_height", "a_width", "b_height", "b_width"),
    *MEASURES,
    "identical",
)


def maps_in(file: h5py.File) -> dict[str, dict[str, str]]:
    """{map: {photograph: its path in the file}}, in the file's order.

    A group at the root is a map; arrays at the root are one map with the file's name. Raises
    ValidationError for a file that holds no array, with the reason where it gives one.
    """
    for reason in ("failed", "not_applicable"):
        if reason in file.attrs:
            raise ValidationError(f"{file.filename} holds no maps: {file.attrs[reason]}")
    if any(isinstance(item, h5py.Dataset) for item in file.values()):
        found = {_stem(file): _arrays(file)}
    else:
        found = {name: _arrays(file[name]) for name in map_names(file) if name in file}
    found = {name: arrays for name, arrays in found.items() if arrays}
    if not found:
        raise ValidationError(
            f"{file.filename}: holds no array; expected one per photograph, at the root or in a "
            "group per map"
        )
    return found


def map_pairs(
    a: Sequence[str], b: Sequence[str], chosen: tuple[str, str] | None = None
) -> list[tuple[str, str]]:
    """Which map of one file is compared with which of the other.

    `chosen`, where it is given; else the only map of each; else those of the same name, a map on
    random weights counting by its method's. Raises UsageError where that leaves none.

    >>> map_pairs(["dense_conv4", "dense_conv5"], ["dense_conv5_random", "gradcam"])
    [('dense_conv5', 'dense_conv5_random')]
    """
    if chosen:
        for name, known in zip(chosen, (a, b), strict=True):
            if name not in known:
                raise unknown_name("map", name, known)
        return [chosen]
    if len(a) == len(b) == 1:
        return [(a[0], b[0])]
    same = [(name, name) for name in a if name in b]
    pairs = same or [(one, two) for one in a for two in b if controlled(one) == controlled(two)]
    if not pairs:
        raise UsageError(
            f"no map of one file has the name of one in the other: {', '.join(a)}; {', '.join(b)}. "
            "Say which two to compare: --map A_NAME B_NAME."
        )
    return pairs


def shared_photographs(a: h5py.File, b: h5py.File, pair: tuple[str, str]) -> list[str]:
    """The photographs of which both maps of a pair exist; ValidationError where there is none."""
    ours, theirs = maps_in(a)[pair[0]], maps_in(b)[pair[1]]
    shared = sorted(set(ours) & set(theirs))
    if not shared:
        raise ValidationError(
            f"{pair[0]} of {a.filename} and {pair[1]} of {b.filename} share no photograph: the "
            f"first has {_some(ours)}, the second {_some(theirs)}. Expected maps of the same "
            "photographs, under the same names."
        )
    return shared


def compared(a: h5py.File, b: h5py.File, pair: tuple[str, str]) -> Iterator[dict[str, object]]:
    """One row of COLUMNS per photograph that both maps have, in the order of their names.

    Rank correlation, CC and SIM are taken on a common grid: the larger of both heights and widths,
    at most `LONGEST` cells along the longer side, to which each map is brought bilinearly and then
    by area (`bench.grids.on_grid`). NaN where a map holds NaN or infinity; the two correlations
    also where one is constant, for then it has no order. SIM is of maps without their negative
    part. max_difference is the largest absolute difference of two maps of one shape, in their own
    units, NaN for two of different shapes. identical: same shape, same numbers,
    NaN equal to NaN.
    """
    ours, theirs = maps_in(a)[pair[0]], maps_in(b)[pair[1]]
    for image in shared_photographs(a, b, pair):
        one, two = read_map(a, ours[image]), read_map(b, theirs[image])
        sizes = (*one.shape, *two.shape)
        yield dict(zip(COLUMNS, (*pair, image, *sizes, *likeness(one, two)), strict=True))


def likeness(a: np.ndarray, b: np.ndarray) -> tuple[float, float, float, float, bool]:
    """Rank correlation, CC, SIM, largest difference and identity of two maps; see `compared`.

    >>> likeness(np.eye(2), np.eye(2))
    (1.0, 1.0, 1.0, 0.0, True)
    """
    identical = np.array_equal(a, b, equal_nan=True)
    if not a.size or not b.size:
        return *[np.nan] * 4, identical
    difference = np.nan
    if a.shape == b.shape:
        difference = 0.0 if identical else float(np.abs(a - b).max())
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return np.nan, np.nan, np.nan, difference, identical
    shape = max(a.shape[0], b.shape[0]), max(a.shape[1], b.shape[1])
    grid = grid_shape(shape, LONGEST)
    first, second = on_grid(a, grid, shape), on_grid(b, grid, shape)
    ranks = rank_correlation(first, second)
    found = evaluate(first, heatmap=second, metrics=["cc", "sim"])
    linear = found["cc"] if np.isfinite(ranks) else np.nan
    return ranks, linear, found["sim"], difference, identical


def _arrays(group: h5py.Group) -> dict[str, str]:
    """{photograph: path in the file} of a group; a name with a slash lies in groups within."""
    found = _linked(group, "")

    def note(name: str, item: h5py.HLObject) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = str(item.name)
        elif isinstance(item, h5py.Group):
            found.update(_linked(item, f"{name}/"))

    group.visititems(note)
    return found


def _linked(group: h5py.Group, within: str) -> dict[str, str]:
    """The same of arrays in other files, as a data set cut into shards has them; HDF5 itself does
    not visit those.
    """
    links = (name for name in group if isinstance(group.get(name, getlink=True), h5py.ExternalLink))
    return {
        f"{within}{name}": f"{group.name.rstrip('/')}/{name}"
        for name in links
        if isinstance(group[name], h5py.Dataset)
    }


def _stem(file: h5py.File) -> str:
    return Path(file.filename).stem


def _some(names: dict[str, str]) -> str:
    shown = ", ".join(sorted(names)[:3])
    return f"{shown}, ... ({len(names)})" if len(names) > 3 else shown
