"""`fit_cam`: pooled activations and class scores of many images -> `RidgeFit`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from bench.errors import UsageError, unknown_name
from bench.networks import Network

from ._ridge import RidgeFit, ridge, warn_if_underdetermined
from .tape import Tape


def fit_cam(
    network: Network,
    images: Tensor | Iterable[Tensor],
    *,
    layer: str | None = None,
    pool: str = "mean",
    intercept: bool = True,
    alpha: str | float = "grid",
    batch_size: int = 8,
    fingerprint: str = "",
) -> RidgeFit:
    """See `bench.attention.fit_cam`."""
    check_options(layer=layer, pool=pool, intercept=intercept, alpha=alpha)
    batches = images.split(batch_size) if isinstance(images, Tensor) else images
    features, scores = [], []
    for batch in batches:
        watch = () if layer is None else (layer,)
        with Tape(network, batch, watch=watch) as tape, torch.no_grad():
            pooled = tape.activation(layer).double()
            pooled = pooled.mean((2, 3)) if pool == "mean" else pooled.sum((2, 3))
            features.append(pooled.cpu().numpy())
            scores.append(tape.logits.double().cpu().numpy())
    n = sum(map(len, features))
    if n < 2:
        raise UsageError(f"fit of cam: found {n} images; expected at least 2")
    F, S = np.concatenate(features), np.concatenate(scores)
    if not (np.isfinite(F).all() and np.isfinite(S).all()):
        raise UsageError(f"fit of cam: {network.name} gives values that are not finite")
    warn_if_underdetermined(n, F.shape[1])
    weights, bias, strength, r2, loo_r2 = ridge(F, S, alpha=alpha, intercept=intercept)
    return RidgeFit(
        weights=weights,
        bias=bias,
        r2=r2,
        loo_r2=loo_r2,
        alpha=strength,
        n=n,
        pool=pool,
        intercept=intercept,
        layer=layer or list(network.stages)[-1],
        network=network.name,
        weights_id=network.weights_id,
        fingerprint=fingerprint,
    )


def check_options(*, layer: object, pool: object, intercept: object, alpha: object) -> None:
    """Raises UsageError for a value that cannot be."""
    if pool not in ("mean", "sum"):
        raise unknown_name("pool", str(pool), ("mean", "sum"))
    if not isinstance(intercept, bool):
        raise UsageError(f"fit of cam: intercept is {intercept!r}; expected true or false")
    if layer is not None and not isinstance(layer, str):
        raise UsageError(f"fit of cam: layer is {layer!r}; expected a stage or a module's name")
    number = isinstance(alpha, int | float) and not isinstance(alpha, bool)
    if alpha != "grid" and not (number and 0 <= alpha < np.inf):
        raise UsageError(f"fit of cam: alpha is {alpha!r}; expected 'grid' or a number from 0")
