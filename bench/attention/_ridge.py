"""Ridge regression of all class scores on one set of features, by one singular value decomposition.

F (n, K) features and S (n, C) scores, both centred if there is an intercept, F = U diag(d) V^T. For
every strength alpha the weights, their predictions and the leave-one-out errors follow from it:

    W(alpha) = V diag(d / (d^2 + alpha)) U^T S
    leave-one-out error of image i = (S - F W)[i] / (1 - h[i]),
    h = diag(U diag(d^2 / (d^2 + alpha)) U^T) + 1 / n (the latter with an intercept)

Source: Hastie, Tibshirani & Friedman 2009, The Elements of Statistical Learning, sections 3.4.1 and
7.10; the intercept is not penalised.
"""

from __future__ import annotations

import json
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.errors import DataError, UsageError
from bench.files import written_whole

# Strengths that are tried, in units of the mean squared singular value.
GRID = np.logspace(-8, 2, 41)


@dataclass(frozen=True)
class RidgeFit:
    """Linear class scores: S = F weights^T + bias, F a layer's activation pooled over positions.

    `weights` (C, K) and `bias` (C,) float64; `r2` (C,) the share of each class's variance that they
    explain, `loo_r2` (C,) the same for left-out images (NaN for a class whose score never varies);
    `alpha` the strength, `n` the number of images; `pool` "mean" or "sum"; `layer` a stage or
    module; `network` and `weights_id` say what was fitted, `fingerprint` what the file depends on.
    """

    weights: np.ndarray
    bias: np.ndarray
    r2: np.ndarray
    loo_r2: np.ndarray
    alpha: float
    n: int
    pool: str = "mean"
    intercept: bool = True
    layer: str = ""
    network: str = ""
    weights_id: str = ""
    fingerprint: str = ""

    @property
    def facts(self) -> dict[str, float | int | str]:
        """What a map file and the report say about the fit."""
        return {
            "fit_n": self.n,
            "fit_alpha": self.alpha,
            "fit_r2": _mean(self.r2),
            "fit_loo_r2": _mean(self.loo_r2),
            "fit_layer": self.layer,
            "fit_pool": self.pool,
        }


ARRAYS = ("weights", "bias", "r2", "loo_r2")


def ridge(
    F: np.ndarray, S: np.ndarray, *, alpha: str | float = "grid", intercept: bool = True
) -> tuple[np.ndarray, np.ndarray, float, np.ndarray, np.ndarray]:
    """(weights (C, K), bias (C,), alpha, r2 (C,), loo_r2 (C,)) for F (n, K), S (n, C), float64.

    `alpha="grid"` takes the strength with the largest mean leave-one-out R^2 over the classes; a
    number is the strength itself, 0 the least squares solution (of smallest norm).
    """
    F, S = np.asarray(F, dtype=np.float64), np.asarray(S, dtype=np.float64)
    centre_F = F.mean(0) if intercept else np.zeros(F.shape[1])
    centre_S = S.mean(0) if intercept else np.zeros(S.shape[1])
    U, d, Vt = np.linalg.svd(F - centre_F, full_matrices=False)
    rank = d > np.finfo(np.float64).eps * max(F.shape) * d.max(initial=0)
    U, d, Vt = U[:, rank], d[rank], Vt[rank]
    centred = S - centre_S
    projected = U.T @ centred
    total = (centred**2).sum(0)
    if alpha == "grid":
        if not len(d):
            raise UsageError("the features do not vary from image to image: nothing can be fitted")
        strengths = GRID * (d**2).mean()
        scores = [
            _left_out(U, d, projected, centred, total, value, intercept) for value in strengths
        ]
        means = [_mean(score) for score in scores]
        best = int(np.argmax(means))
        alpha, loo_r2 = float(strengths[best]), scores[best]
    else:
        alpha = float(alpha)
        loo_r2 = _left_out(U, d, projected, centred, total, alpha, intercept)
    weights = (Vt.T @ ((d / (d**2 + alpha))[:, None] * projected)).T
    bias = centre_S - weights @ centre_F
    rest = centred - U @ ((d**2 / (d**2 + alpha))[:, None] * projected)
    return weights, bias, alpha, _r2((rest**2).sum(0), total), loo_r2


def _left_out(
    U: np.ndarray,
    d: np.ndarray,
    projected: np.ndarray,
    centred: np.ndarray,
    total: np.ndarray,
    alpha: float,
    intercept: bool,
) -> np.ndarray:
    """R^2 (C,) of images predicted from all others; -inf where leaving one out has no answer."""
    shrink = d**2 / (d**2 + alpha)
    rest = centred - U @ (shrink[:, None] * projected)
    leverage = (U**2) @ shrink + (1 / len(U) if intercept else 0)
    free = 1 - leverage
    if (free < 1e-10).any():  # the fit goes through a point whatever its score
        return np.where(total > 0, -np.inf, np.nan)
    return _r2(((rest / free[:, None]) ** 2).sum(0), total)


def _r2(errors: np.ndarray, total: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, 1 - errors / total, np.nan)


def _mean(scores: np.ndarray) -> float:
    known = scores[~np.isnan(scores)]
    return float(known.mean()) if len(known) else 0.0


def warn_if_underdetermined(n: int, features: int) -> None:
    """A warning where fewer images than unknowns leave the fit to the ridge alone."""
    if n < features + 1:
        warnings.warn(
            f"{n} images for {features} features and an intercept: without the ridge the fit is "
            f"underdetermined; give at least {features + 1} images (cam: {{fit_images: FOLDER}})",
            UserWarning,
            stacklevel=3,
        )


def save_fit(fit: RidgeFit, path: str | Path) -> None:
    """Writes the fit as .npz; the same fit gives the same bytes."""
    said = {key: value for key, value in vars(fit).items() if key not in ARRAYS}
    with written_whole(path) as part, part.open("wb") as file:
        arrays = {key: getattr(fit, key) for key in ARRAYS}
        np.savez(file, facts=np.array(json.dumps(said, sort_keys=True)), **arrays)


def load_fit(path: str | Path) -> RidgeFit:
    """The fit in a file of `bench fit-cam`. Raises DataError for any other file."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return RidgeFit(**{key: file[key] for key in ARRAYS}, **json.loads(str(file["facts"])))
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path}: not readable as a fit of cam ({error}); expected the .npz that `bench "
            "fit-cam` writes. Delete it; the workflow makes it again."
        ) from None
