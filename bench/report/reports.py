"""A finished report, to be compared with others: its scores, and what they were made from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import UsageError
from bench.leaderboard import BASELINE
from bench.metrics import get_metric
from bench.report.labels import MethodText, method_texts

if TYPE_CHECKING:
    import pandas as pd

# The choices behind a human heatmap, and what people read for them.
CHOICES = {
    "sigma_px": "sigma in px",
    "size_px": "kernel size in px",
    "kernel": "kernel",
    "weight": "weight of a fixation",
    "first_fixation": "first fixation",
    "normalise": "division by the maximum",
}
OPTIONS = ("weights", "options", "precision", "version")
UNKNOWN = "not known"


@dataclass(frozen=True, eq=False)
class Report:
    """One side of a comparison.

    label: what people read for it. scores: tidy, of one data set, only metrics that are known here;
    `unknown_metrics` are the others. protocol: its name. heatmap: the choices behind the human
    heatmaps, empty where nobody says. summary: recordings.json, empty for a table alone. maps:
    {(network, method): what its map file says of itself}. provenance: provenance.json, empty where
    there is none.
    """

    label: str
    scores: pd.DataFrame
    protocol: str
    unknown_metrics: tuple[str, ...] = ()
    heatmap: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    maps: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def dataset(self) -> str:
        """The data set's id."""
        return str(self.scores["dataset"].iloc[0])

    @property
    def networks(self) -> list[str]:
        """The networks of the table, sorted, no baselines."""
        return sorted(set(self.scores["model"]) - {BASELINE})

    @property
    def texts(self) -> dict[str, MethodText]:
        """What people read for its methods; for those from outside what their files say."""
        said = {
            method: MethodText(*(str(facts.get(key, "")) for key in ("label", "summary")), "")
            for (_, method), facts in self.maps.items()
            if facts.get("label")
        }
        return said | method_texts()


def of_network(report: Report, network: str) -> Report:
    """The report with the rows of one network, and the baselines; UsageError for an unknown one."""
    if network not in report.networks:
        raise UsageError(
            f"--networks: {report.label} has no network {network!r}; it has "
            f"{', '.join(report.networks) or 'none'}."
        )
    kept = report.scores["model"].isin([network, BASELINE])
    maps = {key: facts for key, facts in report.maps.items() if key[0] == network}
    return replace(report, scores=report.scores[kept].reset_index(drop=True), maps=maps)


def labels_of(paths: list[Path]) -> list[str]:
    """The parts of the paths that tell them apart: ["run1", "run2"] for run1/osie and run2/osie."""
    parts = [path.resolve().parts for path in paths]
    shared = set.intersection(*(set(part) for part in parts))
    found = ["/".join(name for name in part if name not in shared) for part in parts]
    if len(set(found)) < len(found):
        found = [f"{path.resolve().name}, {letter(i)}" for i, path in enumerate(paths)]
    return [text or paths[i].resolve().name for i, text in enumerate(found)]


def letter(index: int) -> str:
    """A, B, C, ... for the reports in the order given."""
    return chr(ord("A") + index)


def shared_images(a: Report, b: Report, mark: str = "B") -> tuple[list[str], str]:
    """The names of the images that are the same in both, and a sentence on how that is known.

    The same name in the same data set, unless sizes or the checksum over all photographs say
    otherwise; the same checksum makes two data sets one. mark: the letter of the second report.
    """
    first, second = (sorted(set(report.scores["image"])) for report in (a, b))
    names = sorted({*first} & {*second})
    sums = [report.summary.get("photographs_sha256") for report in (a, b)]
    equal = None not in sums and sums[0] == sums[1]
    if a.dataset != b.dataset and not equal:
        return [], (
            f"No image is shared: {a.dataset} and {b.dataset} are different data sets. Means stand "
            "side by side, and no paired difference can be made."
        )
    sizes = [report.summary.get("images", {}) for report in (a, b)]
    other = [name for name in names if _sizes_differ(name, *sizes)]
    everything = sizes[0] and set(sizes[0]) == set(sizes[1])
    if None not in sums and not equal and everything:
        return [], (
            "No image is shared: the photographs have the same names, and their checksum says that "
            "they are not the same. Means stand side by side, and no paired difference is made."
        )
    shared = [name for name in names if name not in other]
    if not shared:
        return [], "No image is shared: no name of an image stands in both."
    text = "1 image is shared" if len(shared) == 1 else f"{len(shared)} images are shared"
    text += f" (A has {len(first)}, {mark} {len(second)})" if first != second else ", all of both"
    if other:
        text += f"; {len(other)} of the same name have another size and are left out of it"
    return shared, f"{text}. {_how_known(equal, None in sums)}"


def target_differs(metric: str, a: Report, b: Report) -> str:
    """Why a metric measures something else in the two reports; "" where nothing says so.

    A metric on fixations alone depends on which fixations are used; one on the human heatmap on its
    kernel and weights too, and on its scale where it is not made for any scale.
    """
    described = get_metric(metric)
    reasons = _gaze_differs(a, b)
    if not a.heatmap or not b.heatmap:
        if a.protocol != b.protocol:
            reasons.append(f"protocols {_or(a.protocol)} and {_or(b.protocol)}, choices not known")
        return "; ".join(reasons)
    needed = {"first_fixation"}
    if "durations" in described.needs:
        needed |= {"weight"}
    if "heatmap" in described.needs:
        needed |= {"sigma_px", "size_px", "kernel", "weight"}
        if not described.heatmap.startswith("any scale"):
            needed |= {"normalise"}
    for name in CHOICES:
        values = [str(report.heatmap.get(name, UNKNOWN)) for report in (a, b)]
        if name in needed and values[0] != values[1]:
            reasons.append(f"{CHOICES[name]} ({values[0]}, {values[1]})")
    return "; ".join(reasons)


def _gaze_differs(a: Report, b: Report) -> list[str]:
    if not a.summary or not b.summary:
        return []
    sums = [
        sorted((item["recording_id"], item["sha256"]) for item in report.summary["recordings"])
        for report in (a, b)
    ]
    kept = [report.summary["fixations_by_status"].get("kept") for report in (a, b)]
    if sums[0] != sums[1]:
        return ["other recordings"]
    return ["other fixations of the same recordings"] if kept[0] != kept[1] else []


def facts(reports: list[Report]) -> list[tuple[str, list[str], bool]]:
    """(property, its text in each report, whether they differ), configuration and all."""
    rows = [("Data set", [report.summary.get("label", report.dataset) for report in reports])]
    rows.append(("Photographs", [str(report.scores["image"].nunique()) for report in reports]))
    named = {
        "Photographs, SHA-256": lambda said: said["photographs_sha256"],
        "Viewers": lambda said: str(said["viewers"]),
        "Fixations used": lambda said: str(said["fixations_by_status"].get("kept", _NONE)["count"]),
    }
    for name, read in named.items():
        texts = [read(report.summary) if report.summary else UNKNOWN for report in reports]
        rows.append((name, texts))
    rows.append(("Protocol", [_or(report.protocol) for report in reports]))
    for name, words in CHOICES.items():
        texts = [str(report.heatmap.get(name, UNKNOWN)) for report in reports]
        rows.append((f"Human heatmap, {words}", texts))
    rows.append(("Networks", [", ".join(report.networks) or "none" for report in reports]))
    for name in OPTIONS:
        rows.append((f"Maps, {name}", [_map_facts(report, name) for report in reports]))
    rows.append(
        ("Report made with", [report.provenance.get("version", UNKNOWN) for report in reports])
    )
    rows.append(("Seed", [str(report.provenance.get("seed", UNKNOWN)) for report in reports]))
    configurations = [report.provenance.get("configuration", {}) for report in reports]
    for key in sorted({key for one in configurations for key in one} - {"seed", "protocol"}):
        rows.append((f"Configuration, {key}", [str(one.get(key, "")) for one in configurations]))
    return [(name, texts, any(x != y for x, y in pairwise(texts))) for name, texts in rows]


_NONE = {"count": 0}


def _map_facts(report: Report, name: str) -> str:
    """What map files say under one name: once where all agree, else by network, else by file."""
    found: dict[str, dict[str, None]] = {}
    for (model, method), said in sorted(report.maps.items()):
        text = str(said.get(name, ""))
        if text not in ("", "{}"):
            found.setdefault(text, {})[f"{model}/{method}" if name == "options" else model] = None
    if not found:
        return "none" if name == "options" and report.maps else UNKNOWN
    if len(found) == 1 and name != "options":
        return next(iter(found))
    return "; ".join(f"{', '.join(places)}: {text}" for text, places in found.items())


def _how_known(equal: bool, not_said: bool) -> str:
    if equal:
        return "The checksum over all photographs is the same."
    if not_said:
        return "They are taken for the same by name; a table alone does not tell the contents."
    return "They are taken for the same by name; each report has photographs that the other lacks."


def _sizes_differ(name: str, first: dict[str, list[int]], second: dict[str, list[int]]) -> bool:
    return name in first and name in second and list(first[name]) != list(second[name])


def _or(text: str) -> str:
    return text or UNKNOWN
