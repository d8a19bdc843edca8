"""Pictures of maps: human heatmaps over photographs, and every method beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = "magma"  # perceptually uniform, ordered in grey too


def photograph(path: Path, width_px: int = 320) -> np.ndarray:
    """The photograph at display size, (h, w, 3) uint8."""
    from PIL import Image

    from bench.photographs import read_photograph

    image = Image.fromarray(read_photograph(path))
    return np.asarray(image.resize((width_px, round(image.height * width_px / image.width))))


def human_heatmaps(photographs: dict[str, np.ndarray], heatmaps: dict[str, np.ndarray]) -> Figure:
    """The paper's Fig. 1: each photograph, and beside it the human heatmap over it."""
    import matplotlib.pyplot as plt

    columns = 2
    rows = -(-len(photographs) // columns)
    figure, axes = plt.subplots(
        rows, 2 * columns, figsize=(9, 1.75 * rows), squeeze=False, layout="constrained"
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for number, (name, picture) in enumerate(photographs.items()):
        row, column = divmod(number, columns)
        left, right = axes[row, 2 * column : 2 * column + 2]
        left.imshow(picture)
        left.set_title(name, fontsize="small")
        _over(right, picture, heatmaps[name])
    return figure


def gallery(
    photographs: dict[str, np.ndarray],
    rows: list[tuple[str, dict[str, np.ndarray]]],
    titles: dict[str, str],
) -> Figure:
    """Photographs side by side; below each, one map per row (label, {image: map}).

    Every map is scaled to its own range, for maps of different methods have no common unit:
    its colours run from its minimum (dark) to its 99.5th percentile (light).
    """
    import matplotlib.pyplot as plt

    names = list(photographs)
    shape = next(iter(photographs.values())).shape
    width = min(9.0, 3.0 * len(names) + 1.5)
    tall = width / (len(names) + 1.3) * shape[0] / shape[1]
    figure, axes = plt.subplots(
        len(rows) + 1,
        len(names),
        figsize=(width, tall * (len(rows) + 1) + 0.4),
        squeeze=False,
        layout="constrained",
    )
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, hspace=0, wspace=0)
    for column, name in enumerate(names):
        axes[0, column].imshow(photographs[name])
        axes[0, column].set_title(titles[name], fontsize="x-small")
        for row, (_, maps) in enumerate(rows, start=1):
            if name in maps:
                _over(axes[row, column], photographs[name], maps[name])
    for row, label in enumerate(["Photograph", *(label for label, _ in rows)]):
        axes[row, 0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize="small")
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    return figure


def _over(axis: Axes, picture: np.ndarray, values: np.ndarray) -> None:
    """The map over a grey, dimmed photograph, both at display size."""
    from skimage.transform import resize

    grey = picture.mean(axis=2)
    smaller = values.shape[1] > grey.shape[1]
    if not np.isfinite(values).all():
        values = np.zeros(values.shape)  # such a map has no score either, and a flag that says why
    shown = _unit(resize(values, grey.shape, order=1, mode="edge", anti_aliasing=smaller))
    axis.imshow(grey, cmap="gray", vmin=-120, vmax=420)
    axis.imshow(shown, cmap=COLOURS, alpha=np.clip(0.35 + shown, 0, 0.85), vmin=0, vmax=1)
    axis.set(xticks=[], yticks=[])


def _unit(values: np.ndarray) -> np.ndarray:
    """Minimum to 0, the 99.5th percentile and all above to 1; a constant map becomes 0.

    The percentile keeps one bright pixel of a gradient from leaving all others black.
    """
    low, high = float(values.min()), float(np.percentile(values, 99.5))
    high = high if high > low else float(values.max())
    return np.clip((values - low) / (high - low), 0, 1) if high > low else np.zeros_like(values)


def save(figure: Figure, stem: Path, note: str = "") -> list[Path]:
    """Writes STEM.svg and STEM.png, the same bytes for the same figure, and closes the figure.

    `note` stands below the figure, wherever it travels.
    """
    import matplotlib.pyplot as plt

    from bench.files import written_whole

    if note:
        figure.supxlabel(note, fontsize="small", style="italic")
    written = []
    with plt.rc_context({"svg.hashsalt": stem.name, "svg.fonttype": "path"}):
        for suffix, metadata in ((".svg", {"Date": None}), (".png", {"Software": None})):
            target = stem.with_suffix(suffix)
            with written_whole(target) as path:
                figure.savefig(path, dpi=150, metadata=metadata)
            written.append(target)
    plt.close(figure)
    return written
