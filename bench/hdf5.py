"""HDF5 files from elsewhere: only arrays that lie in the file itself and fit into memory.

An HDF5 file may hold links to other files, arrays that are put together from other files, and
arrays that are a part of any file, so that reading a map would read whatever its author named; and
an array of a few bytes may state a size of exabytes.
"""

from __future__ import annotations

import h5py

from bench.errors import ValidationError

# As many numbers as the largest photograph that is read has pixels (PIL's MAX_IMAGE_PIXELS).
MOST_NUMBERS = 89_478_485


def own_items(group: h5py.Group, path: object) -> dict[str, h5py.Group | h5py.Dataset]:
    """{name: array or group} of the group; `path` is what messages call the file.

    Raises ValidationError for a link of any kind, and for an array whose numbers lie elsewhere.
    """
    return {name: own_item(group, name, path) for name in group}


def own_item(group: h5py.Group, name: str, path: object) -> h5py.Group | h5py.Dataset | None:
    """The array or group of that name, None where there is none; raises like `own_items`."""
    link = group.get(name, getlink=True)
    if link is None:
        return None
    if not isinstance(link, h5py.HardLink):
        target = f"{link.filename}, " if isinstance(link, h5py.ExternalLink) else ""
        raise _elsewhere(path, name, f"a link to {target}{link.path}")
    item = group[name]
    if isinstance(item, h5py.Dataset) and item.external:
        raise _elsewhere(path, name, f"an array whose numbers lie in {item.external[0][0]}")
    if isinstance(item, h5py.Dataset) and item.is_virtual:
        raise _elsewhere(path, name, "a virtual array, whose numbers lie elsewhere")
    return item


def check_size(item: h5py.Dataset, name: str, path: object) -> None:
    """ValidationError for an array that states more numbers than MOST_NUMBERS, or no shape."""
    if item.shape is None or item.size > MOST_NUMBERS:
        found = "no shape" if item.shape is None else f"a shape of {item.shape}"
        raise ValidationError(
            f"{path}: {name!r} states {found}; expected an array of at most {MOST_NUMBERS} numbers."
        )


def _elsewhere(path: object, name: str, found: str) -> ValidationError:
    return ValidationError(
        f"{path}: {name!r} is {found}; expected the array in the file itself. Write the file "
        "again with copies of what it points to."
    )
