"""The workflow's configuration, checked: every name known, every folder there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.attention import method_file, method_files, option_names
from bench.attention._registry import check_id
from bench.baselines import BASELINES
from bench.datasets import Dataset, dataset_files, load_dataset
from bench.errors import DataError, UsageError, shown, unknown_name
from bench.files import user_path
from bench.metrics import metric_names
from bench.networks import network_entry, weights_fingerprint
from bench.protocols import get_protocol
from bench.schemas import checked, parse_yaml
from bench.schemas.plain import check_plain


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
    shard_size: int
    seed: int
    plugins: list[str]
    external: dict[str, dict[str, str]]  # data set -> name -> where its maps lie
    controls: list[str]  # data sets whose methods run on random weights too
    rules: list[Path]


def read_settings(config: dict[str, Any], project: Path, source: str = "configuration") -> Settings:
    """The settings in `config`; data sets are sought in ./data and in the project's data/.

    Raises UsageError for an unknown key, a wrong value or an unknown name (with the nearest
    ones), DataError for a data set's folder that is not there.
    """
    config = checked(_typed_switch(config), "config", source, UsageError)
    files = dataset_files(Path("data"), project / "data")
    roots = {name: user_path(root, f"roots: {name}") for name, root in config["roots"].items()}
    for name in [*config["datasets"], *roots]:
        _known("dataset", name, files)
    plugins = _as_list(config["plugins"], "plugins")
    models = list(dict.fromkeys(network_entry(name, "model").name for name in config["models"]))
    weights = {
        network_entry(name, "model").name: _as_list(paths, f"weights: {name}")
        for name, paths in config["weights"].items()
    }
    for name in models:
        weights_fingerprint(name, weights.get(name, "default"))  # raises where they are missing
    known = list(method_files(plugins))
    external = _external(config["external"], config["datasets"], files, known)
    rules = _rules(config["rules"])
    _check_external(external, rules)
    return Settings(
        datasets={name: _dataset(files[name], roots.get(name)) for name in config["datasets"]},
        dataset_files={name: files[name] for name in config["datasets"]},
        models=models,
        weights=weights,
        methods=_methods(config["methods"], plugins),
        metrics=_metrics(config["metrics"], get_protocol(config["protocol"]).metrics),
        protocol=config["protocol"],
        device=config["device"],
        batch_size=config["batch_size"],
        precision=config["precision"],
        workers=config["workers"],
        shard_size=config["shard_size"],
        seed=config["seed"],
        plugins=plugins,
        external=external,
        controls=_controls(config["random_weights"], config["datasets"], files),
        rules=rules,
    )


def _dataset(description: Path, root: Path | None) -> Dataset:
    """The data set; UsageError for a `root` where a rule of the workflow makes the files."""
    dataset = load_dataset(description, root)
    if dataset.made_by_rule and root not in (None, Path(dataset.spec["root"])):
        raise UsageError(
            f"data set {dataset.id!r}: its files are made in {dataset.spec['root']} by a rule, not "
            f"read from {root}; take it out of roots."
        )
    return dataset


def stated(settings: Settings, dataset: str) -> dict[str, Any]:
    """The configuration of one data set's results, every name resolved, as plain values.

    Without what belongs to the machine (device, batch_size, workers, roots) and changes no result:
    two machines state the same. Of files the names are told, not where they lie.
    """
    methods = {
        name: {key: _file_name(value) for key, value in options.items()}
        for name, options in settings.methods.items()
    }
    return {
        "datasets": [dataset],
        "models": settings.models,
        "methods": methods if any(methods.values()) else list(methods),
        "metrics": settings.metrics,
        "protocol": _file_name(settings.protocol),
        "precision": settings.precision,
        "seed": settings.seed,
        "random_weights": dataset in settings.controls,
        "weights": {
            name: [_file_name(path) for path in paths]
            for name, paths in settings.weights.items()
            if name in settings.models
        },
        "plugins": [_file_name(path) for path in settings.plugins],
        "external": {name: _file_name(place) for name, place in settings.external[dataset].items()},
        "rules": [path.name for path in settings.rules],
    }


def _file_name(value: Any) -> Any:
    """The last part of a path; anything else as it is."""
    return Path(value).name if isinstance(value, str) else value


def _typed_switch(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration with `random_weights=true`, a text on the command line, as true."""
    given = config.get("random_weights")
    if isinstance(given, str) and given.lower() in ("true", "false"):
        return config | {"random_weights": given.lower() == "true"}
    return config


def _methods(
    chosen: str | list[str] | dict[str, dict[str, Any] | None], plugins: list[str]
) -> dict[str, dict]:
    known = list(method_files(plugins))
    if chosen == "all":
        chosen = known
    for name in chosen:
        _known("method", name, known)
    for name in known:
        option_names(name, plugins)  # raises for a file that cannot be a method
        _no_baseline(name, str(method_file(name, plugins)))
    if isinstance(chosen, dict):
        for name, options in chosen.items():
            for option in options or {}:
                _known(f"option of {name}", option, option_names(name, plugins))
        return {
            name: {
                key: _typed(value, f"methods: {name}: {key}")
                for key, value in (options or {}).items()
            }
            for name, options in chosen.items()
        }
    return {name: {} for name in chosen}


def _no_baseline(name: str, key: str) -> None:
    if name in BASELINES:
        raise UsageError(f"{key}: {name!r} is the name of a baseline; rename it.")


def _external(
    given: dict[str, str | dict[str, str]],
    datasets: list[str],
    known: dict[str, Path],
    methods: list[str],
) -> dict[str, dict[str, str]]:
    """{data set: {name: where its maps lie}}."""
    found: dict[str, dict[str, str]] = {dataset: {} for dataset in datasets}
    for name, places in given.items():
        where = f"external: {name}"
        check_id(name, "external")
        _no_baseline(name, "external")
        if name in methods:
            raise UsageError(f"{where}: there is a method of that name; choose another.")
        if isinstance(places, str):
            if len(datasets) > 1 and "{dataset}" not in places:
                raise UsageError(
                    f"{where}: found one folder for {len(datasets)} data sets; write {{dataset}} "
                    f"in it, or a folder for each: {{{name}: {{{datasets[0]}: FOLDER, ...}}}}."
                )
            places = dict.fromkeys(datasets, places)
        for dataset, place in places.items():
            _known("dataset", dataset, known)
            place = place.replace("{dataset}", dataset)
            if set("{}<>*?") & set(place):
                raise UsageError(
                    f"{where}: found {place!r}; expected a folder or a file, in which {{dataset}} "
                    "stands for the data set and other braces and wildcards for nothing."
                )
            if dataset in found:
                found[dataset][name] = str(user_path(place, where))
    return found


def _check_external(external: dict[str, dict[str, str]], rules: list[Path]) -> None:
    """DataError for maps that are not there and that no rule could make."""
    for dataset, places in external.items():
        for name, place in places.items():
            made = made_by_a_rule(Path(place))
            if not Path(place).exists() and not (made and rules):
                hint = " Is the rule that makes it missing in `rules`?" if made else ""
                raise DataError(
                    f"external: {name}: no folder or file {place} for the data set {dataset!r}; "
                    f"expected one map per photograph there (docs/add-external-maps.md).{hint}"
                )


def made_by_a_rule(path: Path) -> bool:
    """Whether a file or folder lies below results/, where nothing is put by hand."""
    return path.resolve().is_relative_to(Path("results").resolve())


def _controls(given: bool | list[str], datasets: list[str], known: dict[str, Path]) -> list[str]:
    if isinstance(given, bool):
        return list(datasets) if given else []
    for name in given:
        _known("dataset", name, known)
    return [name for name in datasets if name in given]


def _rules(paths: list[str]) -> list[Path]:
    found = [user_path(path, "rules").absolute() for path in paths]
    for path in found:
        if not path.is_file():
            raise DataError(
                f"rules: no file {path}; expected Snakemake rules (docs/add-a-tool.md)."
            )
    return found


def _typed(value: Any, key: str) -> Any:
    """A number, truth value or null that `--config` handed over as text."""
    if not isinstance(value, str):
        return value
    try:
        meant = parse_yaml(value)
    except ValueError as error:
        raise UsageError(f"{key}: found {shown(value)}; expected YAML ({error}).") from None
    check_plain({"value": meant}, key, UsageError)
    return meant


def _metrics(chosen: str | list[str], of_protocol: str | tuple[str, ...]) -> list[str]:
    """The metrics' names; "protocol" leaves them to the protocol."""
    known = metric_names()
    if chosen == "protocol":
        chosen = of_protocol
    if chosen in ("default", "all"):
        return metric_names(default_only=chosen == "default")
    for name in chosen:
        _known("metric", name, known)
    return list(chosen)


def _known(kind: str, name: str, known: Any) -> None:
    if name not in known:
        raise unknown_name(kind, name, known)


def _as_list(paths: str | list[str], key: str) -> list[str]:
    """Paths as Snakemake wants them: a list, and `~` written out."""
    given = [paths] if isinstance(paths, str) else paths
    return [str(user_path(path, key)) for path in given]
