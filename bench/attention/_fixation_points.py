"""The points behind the maps of `cnn_fixations`.

Apart from `_attend.py`, so that an edit of this one method makes no other method's maps again.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bench.errors import unknown_name
from bench.networks import Network

from .cnn_fixations import fixations
from .tape import Tape


def fixation_points(
    network: Network, images: Tensor, targets: Tensor | None = None, **options: Any
) -> list[np.ndarray]:
    """See `bench.attention.fixation_points`."""
    known = list(inspect.signature(fixations).parameters)[1:]
    for option in options:
        if option not in known:
            raise unknown_name("option of fixation_points", option, known)
    with Tape(network, images, targets) as tape, torch.no_grad():
        return fixations(tape, **options)
