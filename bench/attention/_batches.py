"""Photographs -> maps, batch by batch: memory stays flat in the number of images.

The network runs in a thread of its own, one batch ahead of whoever takes the maps (and writes them
to disk); photographs are decoded there too, or in worker processes. CPU and GPU take the same way.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from bench.errors import BenchError, NotApplicable, UsageError, unknown_name
from bench.networks import Network

from ._ahead import ahead
from ._attend import Methods, chosen, open_tape, read
from ._batch_size import BatchSize, is_out_of_memory
from ._loading import default_workers, preprocessed
from ._throughput import Throughput

PRECISIONS = ("float32", "bfloat16")


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
    """Iterates over `ImageMaps`; what else there is to know fills in on the way.

    `not_applicable` is {method: reason}: a method that does not apply to the network is named there
    once, after the first batch, and left out of the maps; the others go on. So is a method that
    fails, in `failed` with its error, if there is such a dict; otherwise its error is raised.
    `throughput` tells how fast it went.
    """

    asked: list
    network: Network
    paths: dict[str, Path]
    batch_size: int | Literal["auto"]
    targets: Mapping[str, int] | None
    precision: str
    workers: int
    progress: Callable[[int], None] | None
    not_applicable: dict[str, str] = field(default_factory=dict)
    failed: dict[str, BenchError] | None = None
    throughput: Throughput | None = None

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[ImageMaps]:
        self.throughput = Throughput(self._device)
        for items in ahead(self._batches()):
            yield from items
            if self.progress is not None:
                self.progress(len(items))
        self.throughput.finish()

    @property
    def _device(self) -> torch.device:
        return _device(self.network)

    def _batches(self) -> Generator[list[ImageMaps]]:
        """The maps of one batch after the other. Where memory runs out a batch goes in halves."""
        size = BatchSize.of(self.batch_size, self._device)
        inputs = preprocessed(list(self.paths.values()), self.network.preprocess, self.workers)
        names = iter(self.paths)
        while ids := list(islice(names, size.now)):
            images = self._collated(list(islice(inputs, len(ids))))
            done = 0
            while done < len(ids):
                part = slice(done, done + size.now)
                items = self._attended(ids[part], images[part])
                if items is None:
                    size.ran_out(len(ids[part]))
                    continue
                done += len(items)
                size.fitted(len(items))
                yield items

    def _collated(self, images: list[Tensor]) -> Tensor:
        """(N, 3, h, w) on the host; in memory that a GPU reads by itself, if there is one."""
        pinned = self._device.type == "cuda"
        shape = (len(images), *images[0].shape)
        return torch.stack(images, out=torch.empty(shape, pin_memory=pinned))

    def _attended(self, ids: list[str], images: Tensor) -> list[ImageMaps] | None:
        """The maps of one batch; None where they need more memory than there is."""
        try:
            return self._maps(ids, images)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
        # The exception is gone, and with it the frames that held on to tensors.
        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        return None

    def _maps(self, ids: list[str], images: Tensor) -> list[ImageMaps]:
        targets = None
        if self.targets is not None:
            targets = torch.tensor([self.targets[name] for name in ids])
        left_out = {*self.not_applicable, *(self.failed or ())}
        asked = [pair for pair in self.asked if pair[0].name not in left_out]
        half = self.precision == "bfloat16"
        with self.throughput.batch() as events:
            images = images.to(self._device, non_blocking=True)
            if self._device.type == "cuda":
                images = images.contiguous(memory_format=torch.channels_last)
            with (
                torch.autocast(self._device.type, torch.bfloat16, enabled=half),
                open_tape(asked, self.network, images, targets) as tape,
            ):
                found = read(asked, tape, self.failed)
                classes, scores = tape.targets, tape.scores
        classes, scores = classes.tolist(), scores.tolist()
        arrays = {}
        for method, result in found.items():
            if isinstance(result, NotApplicable):
                self.not_applicable[method] = str(result)
            else:
                arrays[method] = {name: _array(values) for name, values in result.items()}
        self.throughput.done(len(ids), events)
        return [
            ImageMaps(
                image_id=name,
                maps={
                    method: {key: values[row] for key, values in maps.items()}
                    for method, maps in arrays.items()
                },
                target=classes[row],
                target_name=_class_name(self.network, classes[row]),
                score=scores[row],
            )
            for row, name in enumerate(ids)
        ]


def attend_images(
    methods: Methods,
    network: Network,
    paths: Mapping[str, str | Path] | Iterable[str | Path],
    *,
    batch_size: int | Literal["auto"] = 8,
    targets: Mapping[str, int] | None = None,
    precision: str = "float32",
    workers: int | Literal["auto"] = "auto",
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

    `batch_size` photographs go through at once: a number, or "auto", 8 on the CPU and on a GPU
    doubled from there while they fit; either is halved where memory runs out, with a line in the
    log. `precision` is "float32", or "bfloat16" for convolutions and linear layers in half
    precision (docs/devices.md says what that does to the maps). `workers` processes decode and
    resize, none for 0; "auto" takes some for a GPU only. Neither changes a map by a bit.

    Raises UsageError at once for unknown methods, options and values, and while iterating DataError
    for a photograph that cannot be read, naming the file.
    """
    device = _device(network)
    BatchSize.of(batch_size, device)
    if precision not in PRECISIONS:
        raise unknown_name("precision", str(precision), PRECISIONS)
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
        precision=precision,
        workers=default_workers(device) if workers == "auto" else workers,
        progress=progress,
        failed=failed,
    )


def _device(network: Network) -> torch.device:
    parameter = next(network.module.parameters(), None)
    return torch.device("cpu") if parameter is None else parameter.device


def _array(values: Tensor) -> np.ndarray:
    return values.to("cpu", torch.float32).numpy()


def _class_name(network: Network, target: int) -> str:
    return network.classes[target] if target < len(network.classes) else str(target)
