"""The workflow's configuration, checked: every name known, every folder there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.attention import method_files, option_names
from bench.datasets import Dataset, dataset_files, load_dataset
from bench.errors import UsageError, unknown_name
from bench.metrics import metric_names
from bench.networks import network_entry, weights_fingerprint
from bench.protocols import get_protocol
from bench.schemas import checked


@dataclass(frozen=True)
class Settings:
    """A configuration whose names all exist (config/README.md explains the keys)."""

    datasets: dict[str, Dataset]
    dataset_files: dict[str, Path]
    models: list[str]
    weights: dict[str, list[str]]
    methods: dict[str, dict[str, Any]]
    metrics: list[str]
    protocol: str
    device: str
    batch_size: int | str
    precision: str
    workers: int | str
    seed: int


def read_settings(config: dict[str, Any], project: Path, source: str = "configuration") -> Settings:
    """The settings in `config`; data sets are sought in ./data and in the project's data/.

    Raises UsageError for an unknown key, a wrong value or an unknown name (with the nearest
    ones), DataError for a data set's folder that is not there.
    """
    config = checked(config, "config", source, UsageError)
    files = dataset_files(Path("data"), project / "data")
    roots = {name: Path(root).expanduser() for name, root in config["roots"].items()}
    for name in [*config["datasets"], *roots]:
        _known("dataset", name, files)
    models = list(dict.fromkeys(network_entry(name, "model").name for name in config["models"]))
    weights = {
        network_entry(name, "model").name: _as_list(paths)
        for name, paths in config["weights"].items()
    }
    for name in models:
        weights_fingerprint(name, weights.get(name, "default"))  # raises where they are missing
    return Settings(
        datasets={name: load_dataset(files[name], roots.get(name)) for name in config["datasets"]},
        dataset_files={name: files[name] for name in config["datasets"]},
        models=models,
        weights=weights,
        methods=_methods(config["methods"]),
        metrics=_metrics(config["metrics"]),
        protocol=get_protocol(config["protocol"]).name,
        device=config["device"],
        batch_size=config["batch_size"],
        precision=config["precision"],
        workers=config["workers"],
        seed=config["seed"],
    )


def _methods(chosen: str | list[str] | dict[str, dict[str, Any] | None]) -> dict[str, dict]:
    known = list(method_files())
    if chosen == "all":
        chosen = known
    for name in chosen:
        _known("method", name, known)
    if isinstance(chosen, dict):
        for name, options in chosen.items():
            for option in options or {}:
                _known(f"option of {name}", option, option_names(name))
        return {
            name: {key: _typed(value) for key, value in (options or {}).items()}
            for name, options in chosen.items()
        }
    return {name: {} for name in chosen}


def _typed(value: Any) -> Any:
    """A number, truth value or null that `--config` handed over as text."""
    return yaml.safe_load(value) if isinstance(value, str) else value


def _metrics(chosen: str | list[str]) -> list[str]:
    known = list(metric_names())
    if chosen == "all":
        return known
    for name in chosen:
        _known("metric", name, known)
    return list(chosen)


def _known(kind: str, name: str, known: Any) -> None:
    if name not in known:
        raise unknown_name(kind, name, known)


def _as_list(paths: str | list[str]) -> list[str]:
    """Paths as Snakemake wants them: a list, and `~` written out."""
    given = [paths] if isinstance(paths, str) else paths
    return [str(Path(path).expanduser()) for path in given]
