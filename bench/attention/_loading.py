"""Photographs -> network inputs, in this process or in worker processes: the same bytes."""

from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from bench.errors import BenchError, UsageError
from bench.photographs import read_photograph

MOST_WORKERS = 8


def default_workers(device: torch.device) -> int:
    """How many processes decode: with a GPU one per thread of this job, at most 8, else none.

    On the CPU the network itself keeps every core busy; decoding is 3 % of the work of all methods
    on EfficientNet-Lite0, and less on larger networks.
    """
    return min(torch.get_num_threads(), MOST_WORKERS) if device.type == "cuda" else 0


def preprocessed(
    paths: Sequence[Path], preprocess: Callable[[np.ndarray], torch.Tensor], workers: int
) -> Iterator[torch.Tensor]:
    """The input (3, h, w) of each photograph, in order; memory stays flat.

    Raises DataError for a photograph that cannot be read, naming it, when its turn comes.
    """
    inputs = _Inputs(paths, preprocess)
    if workers and paths:
        yield from map(_raised, _loader(inputs, min(workers, len(paths))))
    else:
        yield from (_raised(inputs[place]) for place in range(len(paths)))


class _Inputs(Dataset):
    """A photograph's input by its place. An error is given back as a value: a worker's exception
    would arrive with that process's traceback in its message."""

    def __init__(
        self, paths: Sequence[Path], preprocess: Callable[[np.ndarray], torch.Tensor]
    ) -> None:
        self.paths = list(paths)
        self.preprocess = preprocess

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, place: int) -> torch.Tensor | BenchError:
        try:
            return self.preprocess(read_photograph(self.paths[place]))
        except BenchError as error:
            return error


def _loader(inputs: _Inputs, workers: int) -> DataLoader:
    try:
        pickle.dumps(inputs)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise UsageError(
            f"workers is {workers}, but this network's preprocess cannot be handed to another "
            f"process ({error}); expected a function of a module, or workers=0"
        ) from None
    # A fork of this process would copy its threads' locks as they happen to be.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return DataLoader(
        inputs,
        batch_size=None,
        num_workers=workers,
        prefetch_factor=4,
        multiprocessing_context=context,
    )


def _raised(value: torch.Tensor | BenchError) -> torch.Tensor:
    if isinstance(value, BenchError):
        raise value
    return value
