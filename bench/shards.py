"""Large data sets are cut into shards: runs of photographs, by name, that are a job each.

Cuts are where names tell, not at every n-th photograph: a photograph more or less changes the shard
that it is in, and leaves all others, their names and their files as they are.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path

from bench.errors import DataError, UsageError
from bench.files import written_whole

COLUMNS = ["shard", "image"]


def cut(images: Sequence[str], size: int) -> dict[str, list[str]]:
    """{shard: its images}, in the order of the names; one shard has at most `size` images.

    Up to `size` images are one shard. More are cut in two before that name of the middle third
    whose SHA-256 is the smallest, and so on with both parts, so a shard of a large data set has
    size / 3 images at least. A shard is called by the start of the SHA-256 of its first image's
    name, which stays when other shards come and go.

    >>> [len(names) for names in cut([f"{number:02}.jpg" for number in range(20)], 8).values()]
    [8, 6, 6]
    """
    names = sorted(images)
    if len(names) <= size:
        return {_digest(names[0])[:8]: names} if names else {}
    third = len(names) // 3
    middle = range(max(third, 1), max(len(names) - third, 2))
    place = min(middle, key=lambda place: _digest(names[place]))
    parts = {**cut(names[:place], size), **cut(names[place:], size)}
    if sum(map(len, parts.values())) < len(names):
        raise UsageError(f"two shards of the same name among {len(names)} images; rename one.")
    return parts


def write_shards(shards: dict[str, list[str]], path: Path) -> None:
    """Writes the manifest, a CSV of shard and image."""
    with written_whole(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows((shard, image) for shard, images in shards.items() for image in images)


def read_shards(path: Path) -> dict[str, list[str]]:
    """{shard: its images} from a manifest. DataError for one that cannot be read."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{path}: not readable as a list of shards ({error}).") from None
    if header != COLUMNS or any(len(row) != len(COLUMNS) for row in rows):
        raise DataError(f"{path}: expected the columns {', '.join(COLUMNS)}. Delete the file.")
    shards: dict[str, list[str]] = {}
    for shard, image in rows:
        shards.setdefault(shard, []).append(image)
    return shards


def shard_images(path: Path, shard: str) -> list[str]:
    """The images of one shard. UsageError for one that the manifest does not have."""
    shards = read_shards(path)
    if shard not in shards:
        raise UsageError(f"{path}: no shard {shard!r}; found {', '.join(shards) or 'none'}.")
    return shards[shard]


def shard_path(path: Path, shard: str) -> Path:
    """Where a shard's part of a file of results lies.

    >>> shard_path(Path("results/osie/vgg19/maps/cam.h5"), "1f").as_posix()
    'results/osie/vgg19/shards/1f/maps/cam.h5'
    """
    return path.parents[1] / "shards" / shard / path.parent.name / path.name


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
