"""The list of metrics: what is known about each, filled by the decorator `@metric(...)`."""

import importlib
import math
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from bench.errors import UsageError, unknown_name

NEEDS = ("fixations", "durations", "heatmap", "other_fixations", "centre", "other_maps")


@dataclass(frozen=True)
class Metric:
    """One metric: its id, what a table needs to show it, and the function that computes it.

    compute: (SaliencyMap, GazeTarget) -> float. It is called only for finite maps, with everything
    in `needs` present and not empty. A metric that needs `other_maps`, the same method's maps of
    other images, has no score for one map alone: its `compute` takes what
    `bench.metrics.fitted_information_gain` takes. constant_value: the score of a constant map where
    that does not depend on the image, else None. heatmap: which human heatmap it is defined on, ""
    for none.
    description: two lines, what it is and how to read it.
    """

    name: str
    label: str
    direction: str
    range: tuple[float, float]
    unit: str
    needs: tuple[str, ...]
    constant_value: float | None
    reference: str
    description: str
    heatmap: str
    compute: Callable[..., float]

    def __post_init__(self) -> None:
        problems = {
            "direction must be 'higher' or 'lower'": self.direction not in ("higher", "lower"),
            "range must be (lowest, highest)": not self.range[0] < self.range[1],
            f"needs must be some of {', '.join(NEEDS)}": not set(self.needs) <= set(NEEDS),
            "needs must name at least one thing": not self.needs,
            "description must be two lines": len(self.description.splitlines()) != 2,
            "reference must not be empty": not self.reference,
        }
        for problem, found in problems.items():
            if found:
                raise UsageError(f"metric {self.name!r}: {problem}")

    @property
    def of_one_map(self) -> bool:
        """Whether `evaluate` can compute it; otherwise it needs a whole data set."""
        return "other_maps" not in self.needs

    @property
    def sign(self) -> int:
        """+1 where a higher score is better, -1 where a lower one is."""
        return 1 if self.direction == "higher" else -1


_METRICS: dict[str, Metric] = {}


def metric(
    *,
    label: str,
    direction: str,
    needs: tuple[str, ...],
    reference: str,
    description: str,
    range: tuple[float, float] = (-math.inf, math.inf),
    unit: str = "",
    constant_value: float | None = None,
    heatmap: str = "",
) -> Callable[[Callable[..., float]], Callable[..., float]]:
    """A decorator that registers a function as the metric of its own name; see `Metric`."""

    def register(compute: Callable[..., float]) -> Callable[..., float]:
        name = compute.__name__
        known = _METRICS.get(name)
        if known is not None and known.compute.__module__ != compute.__module__:
            raise UsageError(
                f"two metrics are called {name!r}: one in {known.compute.__module__}, one in "
                f"{compute.__module__}; rename one"
            )
        _METRICS[name] = Metric(
            name=name,
            label=label,
            direction=direction,
            range=range,
            unit=unit,
            needs=needs,
            constant_value=constant_value,
            reference=reference,
            description=description,
            heatmap=heatmap,
            compute=compute,
        )
        return compute

    return register


def metric_names() -> list[str]:
    """The names of all metrics, family by family in the order of their files; no heavy imports."""
    _load_families()
    return list(_METRICS)


def get_metric(name: str) -> Metric:
    """The metric of that name; UsageError with the nearest names if there is none."""
    if name not in _METRICS:
        _load_families()
    if name not in _METRICS:
        raise unknown_name("metric", name, _METRICS)
    return _METRICS[name]


def _load_families() -> None:
    """Imports each file of this folder that does not begin with `_`; its decorators do the rest."""
    package = importlib.import_module(__package__)
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda found: found.name):
        if not module.name.startswith("_"):
            importlib.import_module(f"{__package__}.{module.name}")
