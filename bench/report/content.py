"""Everything on the page but the pictures."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from bench import __version__
from bench.baselines import BASELINES
from bench.maps import open_maps
from bench.metrics import get_metric, metric_names
from bench.networks import network_entry
from bench.report import robustness, tables
from bench.report.answer import answer, studied
from bench.report.claims import claim_metrics, claims
from bench.report.dependence import controls_rows
from bench.report.findings import HEADLINE, findings, zero_comes_first
from bench.report.labels import network_label
from bench.report.numbers import by_number
from bench.report.outcomes import MARKS
from bench.report.provenance import provenance_text
from bench.report.recordings import recording_details
from bench.report.score_table import grouped, outcome_rows
from bench.sensitivity import CELLS
from bench.statistics import DRAWS

if TYPE_CHECKING:
    import pandas as pd

    from bench.report.findings import Board
    from bench.report.results import Results

FEW_IMAGES = 20  # below, a percentile interval is clearly narrower than it says
MAE_METRICS = ("mae_paper", "mse_paper", "mae_paper_renorm", "mae_density", "mae_hist", "mae_skill")
TABLE_METRICS = ("nss", "sauc", "ig", "auc", "cc", "sim", "kl", "mae_density")


def page_text(
    results: Results,
    summary: dict[str, Any],
    board: Board,
    *,
    seed: int,
    configuration: dict[str, Any],
) -> dict[str, Any]:
    """Everything on the page but the pictures, by the names of template/page.html.j2.

    `summary` is the content of recordings.json, `seed` that of the bootstrap,
    `configuration` the workflow's where it states one, else empty.
    """
    import pandas as pd

    scored = set(board.leaderboard["metric"])
    recordings = sorted(summary["recordings"], key=lambda item: by_number(item["subject_id"]))
    shown = [name for name in TABLE_METRICS if name in scored]
    more = [name for name in metric_names() if name in scored - {*TABLE_METRICS, *MAE_METRICS}]
    shown, more = (shown, more) if shown else (more or sorted(scored), [])
    ranked = [name for name in robustness.RANKED if name in scored]
    sensitivity = results.table("sensitivity")
    settings = [name for name in robustness.SHOWN if name in set(sensitivity["metric"])]
    # "nan" is a flag, not a missing one
    columns = ["image", "model", "map", "flag"]
    flags = pd.read_csv(results.tables / "scores.csv", usecols=columns, keep_default_na=False)
    with open_maps(results.folder / "heatmaps.h5") as file:
        heatmap = dict(file.attrs)
    return {
        "summary": summary,
        "findings": findings(board),
        "answer": answer(board),
        "studied": studied(summary, board),
        "claims": claims(board, results.outcomes),
        "claim_metrics": [get_metric(name) for name in claim_metrics(board)],
        "draws": DRAWS,
        "scored_images": _range(board.leaderboard["n_images"]),
        "headline": {"nss", "sauc"} <= scored,
        "zero_first": zero_comes_first(board),
        "conditions": tables.beside_the_paper(summary, heatmap),
        "metrics": [get_metric(name) for name in shown],
        "terms": [get_metric(name) for name in [*shown, *sorted(scored - set(shown))]],
        "groups": grouped(
            tables.leaderboard_rows(board, shown, shown[0]), results.outcomes, results.texts
        ),
        "method_names": [
            (name, results.texts[name].label) for name in [*results.methods, *results.external]
        ],
        "more_metrics": [get_metric(name) for name in more],
        "more_rows": tables.leaderboard_rows(board, more, shown[0]) if more else [],
        "above": tables.ABOVE,
        "fits": _fits(results),
        "outcomes": outcome_rows(results.outcomes, results.texts),
        "outcome_marks": MARKS,
        "partial": results.partial,
        "rank_metrics": [get_metric(name) for name in ranked],
        "ranks": robustness.rank_rows(board, ranked) if "mae_paper" in scored else [],
        "agreements": robustness.agreement_rows(results.table("agreement"), ranked),
        "setting_metrics": [get_metric(name) for name in settings],
        "settings": robustness.setting_rows(sensitivity, settings, robustness.read_names(board)),
        "cells": CELLS,
        "difference_metrics": [get_metric(name) for name in shown[:3]],
        "differences": tables.differences_to(board, "centre", shown[:3]),
        "sigma_px": f"{heatmap['sigma_px']:g}",
        "size_px": heatmap["size_px"],
        "few": board.leaderboard["n_images"].max() < FEW_IMAGES,
        "fixation_count": sum(part["count"] for part in summary["fixations_by_status"].values()),
        "fates": tables.fates(summary["fixations_by_status"]),
        "recordings": [tables.recording_row(item) for item in recordings],
        "recording_details": [recording_details(item) for item in recordings],
        "left_out": summary.get("left_out", []),
        "flags": tables.flagged(flags, robustness.read_names(board)),
        "baselines": BASELINES,
        "methods": {name: results.texts[name] for name in [*results.methods, *results.external]},
        "networks": {name: network_entry(name) for name in results.models},
        "controls": controls_rows(board),
        "control_metrics": [board.names[name] for name in HEADLINE if name in scored],
        "provenance": _provenance(results, summary, heatmap, seed),
        **provenance_text(results, summary, board, configuration, seed=seed),
    }


def _range(counts: pd.Series) -> str:
    """ "60", or "57 to 60" where some scores have fewer images."""
    scored = counts[counts > 0]
    if scored.empty:
        return "0"
    low, high = int(scored.min()), int(scored.max())
    return str(high) if low == high else f"{low} to {high}"


def _fits(results: Results) -> list[tuple[str, str]]:
    """(network, the regression behind CAM's class weights) where the network has none."""
    return [
        (
            network_label(model),
            f"scores regressed on the {file.attrs['fit_pool']} of {file.attrs['fit_layer']}, "
            f"n = {file.attrs['fit_n']}, alpha = {file.attrs['fit_alpha']:.3g}, R² = "
            f"{file.attrs['fit_r2']:.3f}, on images left out {file.attrs['fit_loo_r2']:.3f}",
        )
        for model, _, file in results.map_files()
        if "fit_n" in file.attrs
    ]


def _provenance(
    results: Results, summary: dict[str, Any], heatmap: dict[str, Any], seed: int
) -> list[tuple[str, str]]:
    """What the numbers were made from; nothing here differs between two equal runs."""
    weights, made, options = [], set(), []
    for model, method, file in results.map_files():
        weights.append(f"{model}: {file.attrs['weights']}")
        made.add(str(file.attrs["version"]))
        if file.attrs["options"] != "{}":
            options.append(f"{model}, {method}: {file.attrs['options']}")
    fits = [f"{model}: {fit}" for model, fit in _fits(results)]
    choices = ("kernel", "sigma_px", "size_px", "normalise", "weight", "first_fixation")
    heatmap_choices = ", ".join(
        [f"protocol {heatmap['protocol']}", *(f"{name} {heatmap[name]}" for name in choices)]
    )
    packages = ("numpy", "scipy", "pandas", "snakemake")
    files: dict[str, list[str]] = {}
    for item in summary["recordings"]:
        files.setdefault(item["sha256"][:16], []).append(item["subject_id"])
    checksums = [
        digest if len(files) == 1 else f"{' '.join(viewers)}: {digest}"
        for digest, viewers in files.items()
    ]
    return [
        ("attention-bench", __version__),
        ("Maps made with", "; ".join(sorted(made))),
        ("Packages", ", ".join(f"{name} {version(name)}" for name in packages)),
        ("Human heatmap", heatmap_choices),
        ("Bootstrap", f"{DRAWS} draws, seed {seed}"),
        ("Random weights", f"constructors' own initialisation, seed {seed}")
        if results.controls
        else ("Random weights", "no controls"),
        ("Methods with options", "; ".join(dict.fromkeys(options)) or "none"),
        ("Fits behind CAM", "; ".join(fits) or "none: the class weights are the network's own"),
        ("Weights", "; ".join(dict.fromkeys(weights))),
        ("Recordings, SHA-256 (first 16 digits)", ", ".join(checksums)),
        ("Photographs together, SHA-256 (first 16 digits)", summary["photographs_sha256"]),
    ]
