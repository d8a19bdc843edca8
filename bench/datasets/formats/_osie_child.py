"""Reads OSIE's fixations.mat in a process of its own; run as a script: FILE RESULT.json.

scipy's parser of MATLAB files dies (signal 11) on some damaged ones; here that costs this process
only. Stands alone: nothing of this package is imported. The result holds the fixations, or why
there are none: `unreadable` (no MATLAB file) or `layout` (one of something else).
"""

import json
import sys
from pathlib import Path

FIELDS = ("fix_x", "fix_y", "fix_duration")
LAYOUT = "a cell `fixations` of structs (img, subjects), subjects of (fix_x, fix_y, fix_duration)"


class Unreadable(Exception):  # noqa: N818 - a state, reported as such
    """What scipy cannot read."""


class OtherLayout(Exception):  # noqa: N818 - the same
    """A MATLAB file of something else."""


def main() -> None:
    """Writes the result; whatever goes wrong stands in it."""
    try:
        result = rows_of(sys.argv[1])
    except Unreadable as error:
        result = {"unreadable": str(error)}
    except OtherLayout as error:
        result = {"layout": f"{error}; expected {LAYOUT}."}
    Path(sys.argv[2]).write_text(json.dumps(result), encoding="utf-8")


def rows_of(path: str) -> dict[str, list]:
    """One item a fixation in each of image, viewer, fix_x, fix_y and fix_duration."""
    rows = {name: [] for name in ("image", "viewer", *FIELDS)}
    for number, image in enumerate(cells(variable(path), "fixations"), start=1):
        name = image_name(image, number)
        viewers = cells(field(image, "subjects", name), f"subjects of {name}")
        for viewer, own in enumerate(viewers, start=1):
            place = f"{name}, viewer {viewer}"
            values = {key: numbers(own, key, place) for key in FIELDS}
            if len(set(map(len, values.values()))) > 1:
                found = ", ".join(f"{len(items)} of {key}" for key, items in values.items())
                raise OtherLayout(f"{place}: {found}")
            count = len(values["fix_x"])
            rows["image"] += [name] * count
            rows["viewer"] += [str(viewer)] * count
            for key, items in values.items():
                rows[key] += items
    return rows


def variable(path: str):
    """The variable `fixations`."""
    import h5py
    from scipy.io import loadmat

    if h5py.is_hdf5(path):
        raise Unreadable("version 7.3, which is HDF5: save it with save(..., '-v7')")
    try:
        found = loadmat(path, variable_names=["fixations"])
    except Exception as error:  # on a damaged file scipy's parser raises whatever comes
        raise Unreadable(" ".join(str(error).split()) or "damaged") from None
    if "fixations" not in found:
        raise OtherLayout("no variable fixations")
    return found["fixations"]


def cells(value, what: str) -> list:
    """The items of a MATLAB cell array."""
    if getattr(getattr(value, "dtype", None), "kind", "") != "O" or not value.size:
        raise OtherLayout(f"{what} is no cell array with content")
    return list(value.ravel())


def field(cell, name: str, place: str):
    """The field of a 1 x 1 struct."""
    names = getattr(getattr(cell, "dtype", None), "names", None) or ()
    if name not in names or cell.size != 1:
        raise OtherLayout(f"{place}: no field {name}")
    return cell.ravel()[0][name]


def numbers(cell, name: str, place: str) -> list[float]:
    """The values of a field; the file stores small whole numbers in one byte."""
    values = field(cell, name, place)
    if getattr(getattr(values, "dtype", None), "kind", "") not in tuple("iuf"):
        raise OtherLayout(f"{place}: {name} holds no numbers")
    return values.ravel().astype(float).tolist()


def image_name(cell, number: int) -> str:
    """The image's file name, which OSIE wraps in one more cell."""
    value = field(cell, "img", f"image {number}")
    while not isinstance(value, str) and getattr(value, "size", 0) == 1:
        value = value.item()
    if not isinstance(value, str) or not value:
        raise OtherLayout(f"image {number}: img is no name")
    return str(value)


if __name__ == "__main__":
    main()
