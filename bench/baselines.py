"""What every table is read against, by name: maps that know nothing, low-level maps, people.

A new baseline is one entry of `BASELINES`; it then is a row of every table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from bench.errors import UsageError, ValidationError, unknown_name
from bench.fitted_scores import Look, Looks
from bench.low_level import sobel, spectral_residual
from bench.maps import map_names, open_maps, read_map, upsampled
from bench.metrics import (
    SaliencyMap,
    against_heatmap,
    score_flags,
    score_map,
    uniform_map,
    zero_map,
)
from bench.score_tables import MapScores
from bench.scores import Gaze, ImageGaze, kinds, map_scores

OTHER_IMAGES = 10


@dataclass(frozen=True)
class Baseline:
    """One baseline: what people read for it (what it is, how to read it), and how its map is made.

    map: (Gaze, image name) -> map (h, w), or with `photograph` (pixels) -> map (h, w); None for
    `human`, which has a map per viewer left out and not one per image.
    """

    label: str
    description: str
    map: Callable[..., np.ndarray] | None
    photograph: bool = False
    reading: str = ""
    reference: str = ""


def baseline_scores(
    gaze: Gaze,
    baseline: str,
    metrics: list[str],
    photographs: dict[str, Path] | None = None,
    images: Sequence[str] | None = None,
) -> Iterator[MapScores]:
    """The scores of one baseline by metrics of one map, image by image.

    photographs: {image name: file}, for the baselines that look at them. images: those to score,
    default all.

    Errors: UsageError for an unknown baseline or photographs that are needed and not given;
    DataError, ValidationError for one that cannot be read or has another size.
    """
    if baseline not in BASELINES:
        raise unknown_name("baseline", baseline, BASELINES)
    chosen = BASELINES[baseline]
    if chosen.photograph and photographs is None:
        raise UsageError(f"baseline {baseline!r} needs the photographs: give --dataset YAML.")
    single, _ = kinds(metrics)
    for image in gaze.images if images is None else images:
        if chosen.map is None:
            yield human_scores(gaze, image, single)
            continue
        values = upsampled(baseline_map(gaze, baseline, image, photographs), gaze.shapes[image])
        yield map_scores(ImageGaze(gaze, image), baseline, values, single)


@contextmanager
def looks_of(
    gaze: Gaze, maps: Path | None, method: str, photographs: dict[str, Path] | None = None
) -> Iterator[dict[str, Looks]]:
    """{map name: function of the image's name that gives maps and the fixations of each}.

    One map with all fixations, or for `human` one per viewer left out. maps: as in `maps_of`.
    """
    if maps is None and BASELINES[method].map is None:
        yield {method: partial(_viewers_looks, gaze)}
        return
    with maps_of(gaze, maps, method, photographs) as found:
        yield {name: partial(_one_look, gaze, read) for name, read in found.items()}


def _one_look(gaze: Gaze, read: Callable[[str], np.ndarray], image: str) -> Iterator[Look]:
    yield read(image), gaze.positions(image)


def _viewers_looks(gaze: Gaze, image: str) -> Iterator[Look]:
    for _, others, target in gaze.left_out_viewers(image):
        yield others, target.fixations


@contextmanager
def maps_of(
    gaze: Gaze, maps: Path | None, method: str, photographs: dict[str, Path] | None = None
) -> Iterator[dict[str, Callable[[str], np.ndarray]]]:
    """{map name: function of the image's name that gives its map, of any size}.

    maps: a method's file, or None for the baseline `method`. Empty for `human`, whose map is
    another one for each viewer left out.
    """
    if maps is not None:
        with open_maps(maps) as file:
            yield {name: partial(read_map, file[name]) for name in map_names(file)}
    elif BASELINES[method].map is None:
        yield {}
    else:
        yield {method: partial(baseline_map, gaze, method, photographs=photographs)}


def baseline_map(
    gaze: Gaze, baseline: str, image: str, photographs: dict[str, Path] | None = None
) -> np.ndarray:
    """One baseline's map (h, w) of one image; `human` has none, see `baseline_scores`."""
    chosen = BASELINES[baseline]
    if chosen.photograph:
        return chosen.map(_photograph(gaze, image, photographs or {}))
    return chosen.map(gaze, image)


def _noise(gaze: Gaze, image: str) -> np.ndarray:
    return gaze.generator(image, "noise").random(gaze.shapes[image])


def _other_image(gaze: Gaze, image: str) -> np.ndarray:
    """The mean of other images' heatmaps, each with the sum 1 and stretched to this image."""
    shape = gaze.shapes[image]
    others = [other for other in gaze.looked_at if other != image]
    chosen = gaze.generator(image, "other_image").permutation(len(others))[:OTHER_IMAGES]
    total = np.zeros(shape)
    for other in sorted(chosen.tolist()):
        heatmap = upsampled(gaze.heatmap(others[other]), shape)
        total += heatmap / (heatmap.sum() or 1.0)
    return total


def _photograph(gaze: Gaze, image: str, photographs: dict[str, Path]) -> np.ndarray:
    from bench.photographs import read_photograph

    if image not in photographs:
        raise ValidationError(f"image {image!r} of the heatmaps is not among the photographs.")
    pixels = read_photograph(photographs[image])
    if pixels.shape[:2] != gaze.shapes[image]:
        raise ValidationError(
            f"{photographs[image]}: {pixels.shape[0]} x {pixels.shape[1]} px (height x width), its "
            f"heatmap {gaze.shapes[image][0]} x {gaze.shapes[image][1]}; make the heatmaps again."
        )
    return pixels


def human_scores(gaze: Gaze, image: str, metrics: list[str]) -> MapScores:
    """The ceiling on one image: the heatmap of the others scored on each viewer left out.

    values: the mean over viewers; half_values: the heatmap of one half of the viewers scored on the
    other, mean over the splits of `Gaze.halves`. With fewer than two viewers all is NaN, flagged
    `one_viewer`.
    """
    viewers, flags, scored, count = [], {metric: {} for metric in metrics}, [], 0
    for left_out, others, target in gaze.left_out_viewers(image):
        saliency = SaliencyMap(others)
        viewers.append(left_out)
        scored.append(score_map(saliency, target, metrics))
        count += len(target.cells)
        for metric in metrics:
            flags[metric] |= dict.fromkeys(score_flags(saliency, target, metric))
    if not scored:
        few = "no_fixation" if gaze.rows(image).empty else "one_viewer"
        flags, count = {metric: {few: None} for metric in metrics}, len(gaze.rows(image))
    by_viewer = {metric: np.array([one[metric] for one in scored]) for metric in metrics}
    against = [metric for metric in metrics if against_heatmap(metric)]
    halves = [
        score_map(predictor, target, against)
        for predictor, target in (gaze.halves(image) if against else ())
    ]
    return MapScores(
        image=image,
        map="human",
        values={metric: _mean(scores) for metric, scores in by_viewer.items()},
        flags={metric: " ".join(words) for metric, words in flags.items()},
        n_fixations=count,
        half_values={metric: _mean([one[metric] for one in halves]) for metric in against},
        viewers=viewers,
        by_viewer={
            metric: (scores, np.ones(scores.size))
            for metric, scores in by_viewer.items()
            if metric not in against
        },
    )


def _mean(values: ArrayLike) -> float:
    return float(np.mean(values)) if len(values) else np.nan


BASELINES = {
    "zero": Baseline(
        "All-zero map",
        "Zeros: no information, and the winner of the paper's MAE.",
        lambda gaze, image: zero_map(gaze.shapes[image]),
        reading=(
            "A map near it says nothing; that it wins an error shows that the error measures "
            "no agreement."
        ),
    ),
    "uniform": Baseline(
        "Uniform map",
        "0.5 everywhere: no information.",
        lambda gaze, image: uniform_map(gaze.shapes[image]),
        reading=(
            "Chance where fixations are scored (AUC 0.5, NSS 0): the line that any map has "
            "to cross."
        ),
    ),
    "noise": Baseline(
        "Noise",
        "Uniform random numbers, pixel by pixel, from the seed and the image's name.",
        _noise,
        reading=(
            "Chance again, with values that vary: what a map without knowledge gets by accident."
        ),
    ),
    "centre": Baseline(
        "Centre bias",
        "A Gaussian fitted to the fixations on all other photographs.",
        lambda gaze, image: gaze.centre(image),
        reading=(
            "People look at the middle: a map below this row says less of gaze than a blob "
            "that never saw the photograph."
        ),
        reference="Tatler 2007, doi:10.1167/7.14.4",
    ),
    "spectral_residual": Baseline(
        "Spectral residual",
        "Low-level saliency of the photograph at a width of 64 px.",
        spectral_residual,
        photograph=True,
        reading=(
            "What unusual texture predicts without any training: a network should be above it."
        ),
        reference="Hou, Zhang 2007, doi:10.1109/CVPR.2007.383267",
    ),
    "sobel": Baseline(
        "Sobel edges",
        "The gradient magnitude of the photograph's luma.",
        sobel,
        photograph=True,
        reading="What edges alone predict: a network that only finds edges is no better.",
    ),
    "other_image": Baseline(
        "Viewers of other images",
        f"The mean human heatmap of {OTHER_IMAGES} other photographs, drawn anew for each.",
        _other_image,
        reading=(
            "What people do whatever the picture shows: their true centre bias, not a round one."
        ),
    ),
    "human": Baseline(
        "Other viewers",
        "The heatmap of all other viewers, scored on the viewer left out, averaged over viewers.",
        None,
        reading=(
            "The human ceiling: how well people predict a person. The distance of a map to "
            "it is what is left to explain."
        ),
    ),
}
