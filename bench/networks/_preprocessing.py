"""Photograph -> network input: warp to the input size, then scale the channels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image


@dataclass(frozen=True)
class Preprocessing:
    """(value - mean) / std per channel, of values in 0..`maximum`, channels RGB or BGR.

    The photograph is warped to `size` (rows, columns) by PIL's bilinear filter, which averages
    over the whole footprint when it shrinks (antialiasing); the aspect ratio is not kept, so that
    every map covers the whole photograph.
    """

    mean: tuple[float, float, float]
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    maximum: float = 1.0
    bgr: bool = False
    size: tuple[int, int] = (224, 224)

    def __call__(self, rgb: np.ndarray) -> torch.Tensor:
        """The network's input (3, h, w), float32, of an RGB uint8 array (H, W, 3)."""
        rgb = np.asarray(rgb)
        if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
            raise ValueError(f"expected RGB uint8 (H, W, 3), found {rgb.dtype} {rgb.shape}")
        rows, columns = self.size
        warped = Image.fromarray(rgb).resize((columns, rows), Image.Resampling.BILINEAR)
        values = np.asarray(warped, dtype=np.float32) * np.float32(self.maximum / 255)
        if self.bgr:
            values = values[:, :, ::-1]
        values = (values - np.float32(self.mean)) / np.float32(self.std)
        return torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))


# The means and deviations of ImageNet that torchvision's weights were trained with.
TORCHVISION = Preprocessing(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
# (v - 0.5) / 0.5: the Inception family, and all that was trained with TensorFlow's habits.
HALVES = Preprocessing(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
# VGG's published Caffe weights: B, G, R in 0..255 minus the mean pixel (Simonyan & Zisserman 2014).
CAFFE = Preprocessing(mean=(103.939, 116.779, 123.68), maximum=255.0, bgr=True)
