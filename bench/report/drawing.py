"""The report's figures: which there are, drawn from the results, and the words beside them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench.maps import map_names, open_maps, read_map
from bench.report import captions, charts, figure_names, method_figures, robustness
from bench.report.examples import ImageScores, examples, image_scores, spread
from bench.report.labels import in_reading_order, map_label, network_label
from bench.report.method_figures import MapSet, Pictures

if TYPE_CHECKING:
    import h5py
    import numpy as np

    from bench.report.findings import Board
    from bench.report.results import Results
    from bench.report.sheets import Sheet

SHOWN_IN_GALLERY = 6
SHOWN_HUMAN = 12


@dataclass(frozen=True)
class Drawing:
    """One figure: its name below figures/, its words, and the file that the page embeds.

    heading: the network that it stands under on the page, "" for a figure of all networks. empty:
    there is nothing to see, and the caption says why.
    """

    name: str
    alt: str
    caption: str
    heading: str = ""
    empty: bool = False
    path: Path = Path()


def draw_figures(
    results: Results, board: Board, photographs: list[Path], note: str
) -> list[Drawing]:
    """Writes every figure as SVG and PNG into figures/ and gives them in the order of the page.

    `note` stands in each, wherever it travels.
    """
    folder = results.tables / "figures"
    drawings = [_chart(results, board, note), _sensitivity(results, board, note)]
    scores = image_scores(results.tables, list(board.names))
    with open_maps(results.folder / "heatmaps.h5") as file:
        files = {path.name: path for path in photographs}
        pictures = Pictures(files, lru_cache(64)(partial(_map_or_none, file)))
        for drawing, sheet in _sheets(results, pictures, scores):
            path = sheet.save(folder / drawing.name, note)[1]
            drawings.append(replace(drawing, path=path))
    return drawings


def _chart(results: Results, board: Board, note: str) -> Drawing:
    models = results.models + (["external"] if results.external else [])
    metrics = charts.shown_metrics(list(board.names))
    name = figure_names.LAYERS
    figure = charts.score_chart(board.leaderboard, metrics, models)
    path = charts.save(figure, results.tables / "figures" / name, note)[0]
    return Drawing(name, *captions.of_chart(board, metrics), path=path)


def _sensitivity(results: Results, board: Board, note: str) -> Drawing:
    """The figure of what the answer depends on; it says so where nothing was measured."""
    name = figure_names.SENSITIVITY
    stem = results.tables / "figures" / name
    table = results.table("sensitivity")
    metrics = [metric for metric in robustness.SHOWN if metric in set(table["metric"])]
    if not metrics:
        text = "Nothing was measured: no gaze on any photograph."
        return Drawing(name, text, "", path=method_figures.sentence(text).save(stem, note)[1])
    figure = robustness.sensitivity_figure(table, metrics, robustness.read_names(board))
    return Drawing(name, *captions.of_sensitivity(metrics), path=charts.save(figure, stem, note)[0])


def _sheets(
    results: Results, pictures: Pictures, scores: ImageScores | None
) -> Iterator[tuple[Drawing, Sheet]]:
    """Every figure of maps with its words."""
    images = list(pictures.files)
    many, few = spread(images, SHOWN_HUMAN), spread(images, SHOWN_IN_GALLERY)
    words = captions.of_human(many, len(images))
    yield Drawing(figure_names.HUMAN, *words), method_figures.human_heatmaps(pictures, many)
    for model in results.models:
        with ExitStack() as files:
            sets = _map_sets(results, files, model)
            of_network = [shown for shown in sets if shown.model == model]
            for shown in of_network:
                yield _method(shown, pictures, scores)
            rows = [(shown, _best_map(shown, scores)) for shown in sets if shown.maps]
            name = figure_names.gallery_figure(model)
            words = captions.of_gallery(rows, few, len(images), network_label(model), scores)
            sheet = method_figures.gallery(rows, pictures, few, scores)
            yield Drawing(name, *words, heading=network_label(model)), sheet
    with ExitStack() as files:
        for shown in _map_sets(results, files, results.models[0]):
            if shown.model == "external":
                yield _method(shown, pictures, scores)


def _map_sets(results: Results, files: ExitStack, network: str) -> list[MapSet]:
    """The maps of every method of a network, then those made elsewhere, open until `files` ends."""
    sets = []
    for model, method, listed in results.map_files(network):
        file = files.enter_context(open_maps(Path(listed.filename)))
        reason = str(file.attrs.get("not_applicable", ""))
        names = [] if reason else [name for _, name in _ordered(method, file)]
        sets.append(
            MapSet(
                label=map_label(method, method, results.texts),
                network=network_label(model),
                model=model,
                method=method,
                maps={name: partial(_map_or_none, file[name]) for name in names},
                labels={name: map_label(method, name, results.texts) for name in names},
                classes=partial(_class, file),
                reason=reason,
            )
        )
    return sets


def _ordered(method: str, file: h5py.File) -> list[tuple[str, str]]:
    return in_reading_order([(method, name) for name in map_names(file)])


def _method(shown: MapSet, pictures: Pictures, scores: ImageScores | None) -> tuple[Drawing, Sheet]:
    """A method's figure over its best, median and worst photograph."""
    name = figure_names.method_figure(shown.method, shown.model)
    if not shown.maps:
        alt, caption = captions.of_nothing(shown)
        drawing = Drawing(name, alt, caption, heading=shown.network, empty=True)
        return drawing, method_figures.sentence(caption)
    values, higher = {}, True
    if scores is not None:
        values = scores.over_maps(shown.model, shown.method, list(shown.maps))
        values = {image: value for image, value in values.items() if image in pictures.files}
        higher = scores.metric.direction == "higher"
    chosen = examples(values, list(pictures.files), higher_is_better=higher)
    drawing = Drawing(
        name, *captions.of_method(shown, chosen, values, scores), heading=shown.network
    )
    return drawing, method_figures.method_figure(shown, pictures, chosen, scores)


def _best_map(shown: MapSet, scores: ImageScores | None) -> str:
    """The map with the best mean score; without scores, or on equal ones, the first."""
    names = list(shown.maps)
    if scores is None:
        return names[0]
    return max(
        names, key=lambda name: scores.metric.sign * scores.mean(shown.model, shown.method, name)
    )


def _map_or_none(group: h5py.Group, image: str) -> np.ndarray | None:
    return read_map(group, image) if image in group else None


def _class(file: h5py.File, image: str) -> str:
    """The class that the network saw on an image, which class-driven maps explain."""
    for name in map_names(file):
        if image in file[name]:
            return str(file[name][image].attrs.get("target_name", ""))
    return ""
