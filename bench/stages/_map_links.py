"""One map file over those of many shards: HDF5's external links, so that nothing is copied."""

from __future__ import annotations

import os
from pathlib import Path

import h5py

from bench.errors import ValidationError
from bench.files import written_whole
from bench.maps import NewMaps, map_names, open_maps
from bench.workflow import fingerprint

WITHOUT_MAPS = ("failed", "not_applicable")


def link_maps(path: Path, parts: dict[Path, list[str]]) -> None:
    """Writes a map file whose maps are those in `parts`, {file: its images}, and its attributes.

    Links are relative, so the folder of results may move as a whole; readers of HDF5 follow them by
    themselves. Where a method failed, or does not apply, in one part, the whole says so and holds
    no maps. ValidationError for a part without one of its images, or with other maps.
    """
    stated = {source: _attributes(source) for source in parts}
    first, said = next(iter(stated.items()))
    for word in reversed(WITHOUT_MAPS):
        said = next((own for own in stated.values() if word in own), said)
    total = fingerprint.combined(parts=[str(own.get("fingerprint")) for own in stated.values()])
    with written_whole(path) as part, NewMaps(part) as whole:
        whole.attrs.update(said | {"fingerprint": "failed" if "failed" in said else total})
        if any(word in said for word in WITHOUT_MAPS):
            return
        with open_maps(first) as file:
            names = map_names(file)
        for source, images in parts.items():
            _link(whole, path, source, names, images)


def _attributes(path: Path) -> dict[str, object]:
    with open_maps(path) as file:
        return dict(file.attrs)


def _link(whole: h5py.File, path: Path, source: Path, names: list[str], images: list[str]) -> None:
    target = Path(os.path.relpath(source, path.parent)).as_posix()
    with open_maps(source) as file:
        if map_names(file) != names:
            raise ValidationError(
                f"{source}: holds the maps {', '.join(map_names(file))}, other shards "
                f"{', '.join(names)}. Delete it; the workflow makes it again."
            )
        for name in names:
            group, own = whole.require_group(name), set(file[name])
            if missing := [image for image in images if image not in own]:
                raise ValidationError(f"{source}: no map {name!r} for image {missing[0]!r}.")
            for image in images:
                group[image] = h5py.ExternalLink(target, f"/{name}/{image}")
