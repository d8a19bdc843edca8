"""The report's tables as plain rows, ready for the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.controls import controlled, is_control
from bench.report.findings import Board
from bench.report.numbers import counted, interval, number

if TYPE_CHECKING:
    import pandas as pd

ABOVE = {"yes": "▲", "no": "▼", "unclear": "○"}


@dataclass(frozen=True)
class Cell:
    """One score: its text, the number to sort by, and whether it is best or tied with best."""

    text: str
    interval: str
    value: float
    best: bool
    mark: str


@dataclass(frozen=True)
class Row:
    """One map of one network, or one baseline."""

    network: str
    label: str
    baseline: bool  # or a control
    cells: list[Cell | None]
    model: str = ""
    method: str = ""

    @property
    def of_method(self) -> str:
        """The method, or the one that a control belongs to."""
        return controlled(self.method)


def leaderboard_rows(
    board: Board, metrics: list[str], first: str, *, controls: bool = True
) -> list[Row]:
    """Baselines, maps and controls together, ordered by the metric `first`, best on top."""
    best = {metric: {_key(row) for row in board.ties(metric)} for metric in metrics}
    table = board.leaderboard
    found = {(*_key(row), row["metric"]): row for _, row in table.iterrows()}
    ranked = table[table["metric"] == first].sort_values("rank", kind="stable", na_position="last")
    rows = []
    for _, row in ranked.iterrows():
        control = is_control(row["method"])
        if control and not controls:
            continue
        cells = [
            _cell(found.get((*_key(row), metric)), _key(row) in best[metric]) for metric in metrics
        ]
        baseline = row["model"] == "baseline" or control
        ids = row["model"], row["method"]
        rows.append(Row(row["network"], row["label"], baseline, cells, *ids))
    return rows


def _key(row: pd.Series) -> tuple[str, str]:
    return row["model"], row["map"]


def _cell(row: pd.Series | None, best: bool) -> Cell | None:
    if row is None or row["mean"] != row["mean"]:
        return None
    above = row["above_centre"] if row["model"] != "baseline" else ""
    spread = interval(row["ci_low"], row["ci_high"])
    return Cell(number(row["mean"]), spread, row["mean"], best, ABOVE.get(above, ""))


def of_the_eye_used(by_status: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """The statuses but `other_eye`: what the other eye of a binocular recording saw is no loss."""
    return {name: part for name, part in by_status.items() if name != "other_eye"}


def kept_share(by_status: dict[str, dict[str, float]]) -> float:
    """Share of the ms of the eye used that count; 0 where it has none."""
    total = sum(part["ms"] for part in of_the_eye_used(by_status).values())
    return by_status.get("kept", {"ms": 0.0})["ms"] / total if total else 0.0


def fates(
    by_status: dict[str, dict[str, float]],
) -> list[tuple[str, int, float | None, float, float | None]]:
    """What became of the fixations, most first: (status, count, its share, ms, its share).

    Shares are of the eye used; those of `other_eye` are None.
    """
    used = of_the_eye_used(by_status)
    count = sum(part["count"] for part in used.values()) or 1
    total = sum(part["ms"] for part in used.values()) or 1.0
    rows = [
        (name, part["count"], part["count"] / count, part["ms"], part["ms"] / total)
        if name in used
        else (name, part["count"], None, part["ms"], None)
        for name, part in by_status.items()
    ]
    return sorted(rows, key=lambda row: -row[1])


def flagged(
    scores: pd.DataFrame, names: dict[tuple[str, str], str]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Which maps have a flag: (flag, [(map, "60 photographs")]), in the order of flags and names.

    scores: image, model, map and flag (several words, or none) of each score; names: what people
    read for (model, map).
    """
    with_words = scores[scores["flag"] != ""].assign(flag=lambda rows: rows["flag"].str.split())
    counts = with_words.explode("flag").groupby(["flag", "model", "map"])["image"].nunique()
    found: dict[str, list[tuple[str, str]]] = {}
    for (flag, model, name), images in counts.items():
        label = names.get((model, name), name)
        found.setdefault(flag, []).append((label, counted(images, "photograph")))
    return [(flag, sorted(maps)) for flag, maps in sorted(found.items())]


def beside_the_paper(
    summary: dict[str, Any], heatmap: dict[str, Any]
) -> list[tuple[str, str, str]]:
    """(property, this data set, the paper) for what decides whether the two can be compared.

    summary: the content of recordings.json; heatmap: what heatmaps.h5 says of itself.
    """
    sigma_px = float(heatmap["sigma_px"])
    per_degree = summary.get("pixels_per_degree")
    sigma = f"{sigma_px:g} px" + (f", {sigma_px / per_degree:.1f}°" if per_degree else "")
    viewers = f"{summary['viewers']}{', simulated' if summary['simulated'] else ''}"
    return [
        ("Task", summary["task"], "naming the objects aloud"),
        ("Viewing time", f"{summary['viewing_ms'] / 1000:g} s an image", "5 s an image"),
        ("Viewers", viewers, "15"),
        ("Photographs", str(len(summary["images"])), "200 of PASCAL VOC"),
        (
            "Image pixels per degree",
            f"{per_degree:.3g}" if per_degree else "not stated",
            "about 14",
        ),
        ("Protocol of heatmaps and scores", str(heatmap["protocol"]), "paper"),
        ("Sigma of the human heatmap", sigma, "20 px, about 1.4°"),
    ]


@dataclass(frozen=True)
class Against:
    """One map's paired differences to a baseline, a text per metric."""

    network: str
    label: str
    texts: list[str]


def differences_to(board: Board, method: str, metrics: list[str]) -> list[Against]:
    """Every map's paired difference to a baseline with its interval, by the first metric."""
    baselines = {metric: board.baseline(metric, method) for metric in metrics}
    return [
        Against(
            row["network"],
            row["label"],
            [
                "not scored" if baseline is None else str(board.difference(metric, row, baseline))
                for metric, baseline in baselines.items()
            ],
        )
        for _, row in board.rows(metrics[0]).iterrows()
    ]


@dataclass(frozen=True)
class Recording:
    """One recording's line in the report; `dropped` is of the eye used, as on its own page."""

    viewer: str
    format: str
    trials: str
    kept: int
    dropped: int
    dropped_ms: float
    median: str


def recording_row(summary: dict[str, Any]) -> Recording:
    """A recording's line from its summary (bench.gaze.quality.recording_summary)."""
    by_status = of_the_eye_used(summary["fixations"])
    kept = by_status.get("kept", {"count": 0})
    count = sum(part["count"] for part in by_status.values())
    median = summary["median_fixation_ms"]
    return Recording(
        viewer=summary["subject_id"],
        format=summary["format"],
        trials=str(summary["trials"]["found"]),
        kept=kept["count"],
        dropped=count - kept["count"],
        dropped_ms=1 - kept_share(by_status),
        median="none" if median is None or median != median else f"{median:.0f}",
    )
