"""What the report was made from and how to make it again; nothing that two equal runs differ in."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import yaml

from bench import __version__
from bench.attention._registry import method_files
from bench.baselines import BASELINES
from bench.metrics import get_metric, metric_names
from bench.networks import network_entry
from bench.protocols import get_protocol, protocol_files
from bench.report.citation import citations
from bench.report.references import bibliography

if TYPE_CHECKING:
    from bench.report.findings import Board
    from bench.report.results import Results

# What --config needs to hold to say the same, where it is not what the configuration starts from.
STARTS_FROM = {
    "datasets": ["demo"],
    "models": ["efficientnet_lite0"],
    "methods": "all",
    "metrics": "protocol",
    "protocol": "default",
    "precision": "float32",
    "seed": 0,
    "weights": {},
    "plugins": [],
    "external": {},
    "rules": [],
}


def provenance_text(
    results: Results,
    summary: dict[str, Any],
    board: Board,
    configuration: dict[str, Any],
    *,
    seed: int,
) -> dict[str, Any]:
    """The provenance section's texts, by the names of template/provenance.html.j2."""
    stated = configuration or stated_by(results, summary, seed)
    return {
        "configuration": yaml.safe_dump(stated, sort_keys=False, width=88, allow_unicode=True),
        "reproduce": command(stated),
        "bibliography": bibliography(_cited(results, board, summary)),
        "citations": citations(),
    }


def record(configuration: dict[str, Any], results: Results, summary: dict, seed: int) -> dict:
    """The content of provenance.json: version, seed and configuration, for other programs."""
    return {
        "version": f"attention-bench {__version__}",
        "dataset": summary["dataset"],
        "seed": seed,
        "configuration": configuration or stated_by(results, summary, seed),
    }


def stated_by(results: Results, summary: dict[str, Any], seed: int) -> dict[str, Any]:
    """What the report itself knows of the configuration, where the workflow did not state it."""
    return {
        "datasets": [summary["dataset"]],
        "models": results.models,
        "methods": results.methods,
        "seed": seed,
    }


def command(configuration: dict[str, Any]) -> str:
    """The workflow's command line for a configuration; what lies elsewhere is named in capitals."""
    given = {key: _short(key, value, configuration) for key, value in configuration.items()}
    starts = STARTS_FROM | {"random_weights": given.get("datasets") == ["demo"]}
    settings = [(key, value) for key, value in given.items() if value != starts.get(key)]
    roots = {name: "FOLDER" for name in given.get("datasets", []) if name != "demo"}
    settings += [("roots", roots)] if roots else []
    words = ["uv", "run", "snakemake", "--cores", "all", *(["--config"] if settings else [])]
    return shlex.join([*words, *(f"{key}={_flow(value)}" for key, value in settings)])


def _short(key: str, value: Any, configuration: dict[str, Any]) -> Any:
    """The word of the configuration for what a resolved value lists, where there is one."""
    if key == "methods" and value == list(method_files()) and not configuration.get("plugins"):
        return "all"
    if key == "metrics" and configuration.get("protocol", "") in protocol_files():
        named = get_protocol(configuration["protocol"]).metrics
        words = {"default": metric_names(default_only=True), "all": metric_names()}
        if value == words.get(named if isinstance(named, str) else "", list(named)):
            return "protocol"
        return next((word for word, names in words.items() if value == names), value)
    return value


def _flow(value: Any) -> str:
    """A value as YAML in one line, as --config reads it."""
    if not isinstance(value, list | dict):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return yaml.safe_dump(value, default_flow_style=True, width=1e9, sort_keys=False).strip()


def _cited(results: Results, board: Board, summary: dict[str, Any]) -> list[tuple[str, str]]:
    """(label, reference) of the data and of every metric, method, baseline and network shown."""
    metrics = [get_metric(name) for name in board.names]
    found = [(f"data set {summary['label']}", summary.get("reference") or "")]
    found += [(one.label, one.reference) for one in metrics]
    texts = [results.texts[name] for name in [*results.methods, *results.external]]
    found += [(one.label, one.reference) for one in texts]
    found += [(one.label, one.reference) for one in BASELINES.values()]
    networks = [network_entry(name) for name in results.models]
    return found + [(one.label, one.reference) for one in networks]
