"""Low-level salience of a photograph: what stands out from its surround in light or colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CENTRES_DEG = (0.3, 0.6, 1.2)  # standard deviations of the centre; the surround is 4 times wider
SURROUND = 4.0
SMOOTH_DEG = 0.5


def low_level_salience(image: NDArray[np.uint8], px_per_deg: float) -> NDArray[np.float64]:
    """Salience (H, W) in [0, 1] of an RGB image (H, W, 3) with `px_per_deg` pixels per degree.

    Absolute centre-surround differences of Gaussians at three scales, in intensity, red-green and
    blue-yellow; each channel is divided by its own mean and they are averaged; smoothed, then
    scaled from 0 to 1. After Itti, Koch and Niebur (1998, IEEE PAMI 20: 1254), without its
    orientation channel and its iterated competition. A uniform image gives zeros.
    """
    red, green, blue = np.moveaxis(image.astype(np.float64) / 255, -1, 0)
    channels = ((red + green + blue) / 3, red - green, blue - (red + green) / 2)
    salience = np.zeros(image.shape[:2])
    for channel in channels:
        if np.ptp(channel) < 1e-6:
            continue  # a grey photograph has no colour: rounding errors must not be blown up
        contrast = np.zeros_like(salience)
        for centre_deg in CENTRES_DEG:
            centre = _blurred(channel, centre_deg * px_per_deg)
            surround = _blurred(channel, SURROUND * centre_deg * px_per_deg)
            contrast += np.abs(centre - surround)
        salience += contrast / contrast.mean()
    salience = _blurred(salience, SMOOTH_DEG * px_per_deg)
    salience -= salience.min()
    return salience / salience.max() if salience.max() > 0 else salience


def _blurred(channel: NDArray[np.float64], sigma_px: float) -> NDArray[np.float64]:
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(channel, sigma_px, mode="reflect", truncate=3)
