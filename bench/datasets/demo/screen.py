"""The demo's laboratory: screen, viewing distance, timing; the geometry of the paper.

Photographs stand at twice their size in the middle of a black screen of 1920 x 1080 px for
5000 ms. The paper does not say how large the screen was; a 27-inch one at 500 mm gives 28 screen
pixels (14 pixels of the photograph) per degree, so that its kernel's 20 px are 1.4 degrees.
"""

import math

SCREEN_PX = (1920, 1080)
SCREEN_MM = (598, 336)
DISTANCE_MM = 500
SCALE = 2  # screen pixels per pixel of the photograph
DISPLAY_MS = 5000
SAMPLE_MS = 4  # 250 Hz
SAMPLES_PER_S = 1000 // SAMPLE_MS

# Screen pixels per degree of visual angle in the middle of the screen: 28.02.
PX_PER_DEG = SCREEN_PX[0] / SCREEN_MM[0] * 2 * DISTANCE_MM * math.tan(math.radians(0.5))


def offset_px(width: int, height: int) -> tuple[float, float]:
    """Screen position of the left and upper edge of a photograph of `width` x `height` px."""
    return (SCREEN_PX[0] - SCALE * width) / 2, (SCREEN_PX[1] - SCALE * height) / 2
