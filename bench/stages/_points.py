"""Photographs -> a CSV table of CNN Fixations, one row per point."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import UsageError
from bench.files import written_whole
from bench.photographs import read_photograph

if TYPE_CHECKING:
    from bench.networks import Network

COLUMNS = ("image_id", "x_px", "y_px", "x_input_px", "y_input_px")


def write_points(
    path: Path,
    methods: dict[str, dict[str, Any]],
    network: Network,
    photographs: Iterable[Path],
) -> dict[str, int]:
    """Writes the points of each photograph; gives {image id: number of points}.

    `x_px`, `y_px` are pixels of the photograph, with decimals, since it is warped to the network's
    input; `x_input_px`, `y_input_px` are whole pixels of that input.
    """
    import torch

    from bench.attention import fixation_points
    from bench.errors import NotApplicable

    if list(methods) != ["cnn_fixations"]:
        raise UsageError(
            f"--points: found the method {', '.join(methods)}; only cnn_fixations gives points: "
            "--method cnn_fixations."
        )
    counts = {}
    with written_whole(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for photograph in photographs:
            rgb = read_photograph(photograph)
            images = torch.stack([network.preprocess(rgb)])
            try:
                (points,) = fixation_points(network, images, **methods["cnn_fixations"])
            except NotApplicable as reason:
                raise UsageError(f"{network.name}: {reason}") from None
            height, width = images.shape[2:]
            for x, y in points:
                row = (
                    (x + 0.5) * rgb.shape[1] / width - 0.5,
                    (y + 0.5) * rgb.shape[0] / height - 0.5,
                )
                place = [f"{value:.3f}" for value in row]
                table.writerow([photograph.name, *place, int(x), int(y)])
            counts[photograph.name] = len(points)
    return counts
