"""Photographs -> maps, batch by batch: memory stays flat in the number of images."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.errors import BenchError, NotApplicable, UsageError
from bench.networks import Network
from bench.photographs import read_photograph

from ._attend import Methods, chosen, open_tape, read


@dataclass(frozen=True)
class ImageMaps:
    """What the methods gave for one photograph.

    `maps` is {method: {map name: float32 (h, w)}}, raw; `target` is the class index that was asked
    for or the top class, `target_name` its name, `score` its logit.
    """

    image_id: str
    maps: dict[str, dict[str, np.ndarray]]
    target: int
    target_name: str
    score: float


@dataclass
class AttendedImages:
    """Iterates over `ImageMaps`; `not_applicable` fills with {method: reason} on the way.

    A method that does not apply to the network is named there once, after the first batch, and
    left out of the maps; the others go on. So is a method that fails, in `failed` with its error,
    if there is such a dict; otherwise its error is raised.
    """

    asked: list
    network: Network
    paths: dict[str, Path]
    batch_size: int
    targets: Mapping[str, int] | None
    progress: Callable[[int], None] | None
    not_applicable: dict[str, str] = field(default_factory=dict)
    failed: dict[str, BenchError] | None = None

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[ImageMaps]:
        asked = list(self.asked)
        for ids in _batches(self.paths, self.batch_size):
            images = torch.stack(
                [self.network.preprocess(read_photograph(self.paths[name])) for name in ids]
            )
            targets = None
            if self.targets is not None:
                targets = torch.tensor([self.targets[name] for name in ids])
            with open_tape(asked, self.network, images, targets) as tape:
                found = read(asked, tape, self.failed)
                chosen_targets, scores = tape.targets.tolist(), tape.scores.tolist()
            arrays = {}
            for method, result in found.items():
                if isinstance(result, NotApplicable):
                    self.not_applicable[method] = str(result)
                else:
                    arrays[method] = {name: _array(values) for name, values in result.items()}
            left_out = {*self.not_applicable, *(self.failed or ())}
            asked = [pair for pair in asked if pair[0].name not in left_out]
            del found, tape
            for row, name in enumerate(ids):
                yield ImageMaps(
                    image_id=name,
                    maps={
                        method: {key: values[row] for key, values in maps.items()}
                        for method, maps in arrays.items()
                    },
                    target=chosen_targets[row],
                    target_name=_class_name(self.network, chosen_targets[row]),
                    score=scores[row],
                )
            if self.progress is not None:
                self.progress(len(ids))


def attend_images(
    methods: Methods,
    network: Network,
    paths: Mapping[str, str | Path] | Iterable[str | Path],
    *,
    batch_size: int = 8,
    targets: Mapping[str, int] | None = None,
    plugins: Iterable[str | Path] = (),
    options: Mapping[str, Any] | None = None,
    progress: Callable[[int], None] | None = None,
    failed: dict[str, BenchError] | None = None,
) -> AttendedImages:
    """Maps of photographs, to be iterated: one `ImageMaps` per photograph, in order.

    `paths` is {image id: file}, or files whose names are the ids. `targets` is {image id: class
    index}, default each image's top class. `progress(n)` is called after each batch. The work is
    done on the device where the network is. Where `failed` is given, a method that raises is named
    there with its error and the others go on.

    Raises UsageError at once for unknown methods and options, and while iterating DataError for a
    photograph that cannot be read, naming the file.
    """
    if batch_size < 1:
        raise UsageError(f"batch_size is {batch_size}; expected at least 1")
    if not isinstance(paths, Mapping):
        files = [Path(path) for path in paths]
        paths = {path.name: path for path in files}
        if len(paths) < len(files):
            raise UsageError("two photographs have the same file name; give {id: file} instead")
    if targets is not None and (lacking := sorted(set(paths) - set(targets))):
        raise UsageError(f"targets: none for the image {lacking[0]!r}")
    return AttendedImages(
        asked=chosen(methods, plugins, options or {}),
        network=network,
        paths={str(name): Path(path) for name, path in paths.items()},
        batch_size=batch_size,
        targets=targets,
        progress=progress,
        failed=failed,
    )


def _batches(names: Iterable[str], size: int) -> Iterator[list[str]]:
    waiting = iter(names)
    while batch := list(islice(waiting, size)):
        yield batch


def _array(values: torch.Tensor) -> np.ndarray:
    return values.to("cpu", torch.float32).numpy()


def _class_name(network: Network, target: int) -> str:
    return network.classes[target] if target < len(network.classes) else str(target)
