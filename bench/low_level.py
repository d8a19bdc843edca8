"""Low-level saliency of a photograph: what stands out without any network, in numpy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.errors import ValidationError

LUMA = (0.299, 0.587, 0.114)
SPECTRAL_WIDTH = 64
SPECTRAL_SIGMA = 2.5


def grey(photograph: ArrayLike) -> NDArray[np.float64]:
    """The luma (H, W) of an RGB photograph (H, W, 3): 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).

    Errors: ValidationError for another shape.
    """
    pixels = np.asarray(photograph, dtype=np.float64)
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValidationError(f"a photograph must have the shape (H, W, 3), found {pixels.shape}")
    return pixels @ np.array(LUMA)


def spectral_residual(photograph: ArrayLike) -> NDArray[np.float64]:
    """The spectral-residual saliency (h, 64) of an RGB photograph (H, W, 3), sum 1.

    The photograph's luma is resized to a width of 64 px (bicubic with antialiasing, aspect ratio
    kept, h >= 1), because the method has that one scale. With F its Fourier transform, L = log |F|
    and P its phase, the residual is R = L - (3 x 3 mean of L), and the map |F^-1 exp(R + iP)|^2,
    smoothed by a Gaussian of 2.5 px; borders are repeated in both filters. A photograph of one
    colour has no spectrum to be surprised by: zeros.

    Source: Hou, Zhang 2007, "Saliency Detection: A Spectral Residual Approach", CVPR, equations 2
    to 5. Width, borders and the 2.5 px are those of the program that the authors published (its
    Gaussian is cut at a square of 10 px, ours at 4 sigma); the paper's text says sigma 8.
    """
    small = _resized(grey(photograph), SPECTRAL_WIDTH)
    if np.ptp(small) <= 1e-9 * np.abs(small).max():
        return np.zeros(small.shape)
    spectrum = np.fft.fft2(small)
    amplitude = np.abs(spectrum)
    # A frequency that is absent has no logarithm; so far below the others it stays absent.
    log_amplitude = np.log(np.maximum(amplitude, 1e-12 * amplitude.max()))
    residual = log_amplitude - _smoothed(log_amplitude, np.full(3, 1 / 3))
    saliency = np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2
    offset = np.arange(-int(4 * SPECTRAL_SIGMA + 0.5), int(4 * SPECTRAL_SIGMA + 0.5) + 1)
    profile = np.exp(-(offset**2) / (2 * SPECTRAL_SIGMA**2))
    saliency = _smoothed(saliency, profile / profile.sum())
    return saliency / saliency.sum()


def sobel(photograph: ArrayLike) -> NDArray[np.float64]:
    """The gradient magnitude (H, W) of an RGB photograph's luma (H, W, 3): hypot(Gx, Gy).

    Gx and Gy are the 3 x 3 Sobel operators, [1, 2, 1] across and [-1, 0, 1] along; borders are
    repeated.

    >>> sobel(np.tile(np.array([0, 0, 1, 1])[None, :, None], (3, 1, 3)))[1].round(6).tolist()
    [0.0, 4.0, 4.0, 0.0]
    """
    padded = np.pad(grey(photograph), 1, mode="edge")
    down = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    across = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    return np.hypot(down[:, 2:] - down[:, :-2], across[2:] - across[:-2])


def _resized(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Bicubic with antialiasing, in floating point."""
    from PIL import Image

    height = max(round(values.shape[0] * width / values.shape[1]), 1)
    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float64)


def _smoothed(values: NDArray[np.float64], profile: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convolved with an odd, symmetric profile along both axes; borders are repeated."""
    reach = len(profile) // 2
    for axis in (0, 1):
        margin = [(reach, reach) if side == axis else (0, 0) for side in (0, 1)]
        padded = np.pad(values, margin, mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, len(profile), axis=axis)
        values = windows @ profile
    return values
