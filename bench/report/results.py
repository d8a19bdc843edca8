"""What the report is made from: the tables and map files of one data set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bench.baselines import BASELINES
from bench.controls import control_of
from bench.maps import open_maps
from bench.metrics import get_metric
from bench.rankings import AGREEMENT_COLUMNS, SENSITIVITY_COLUMNS
from bench.report.findings import Board
from bench.report.labels import MethodText, map_label, method_texts, network_label
from bench.report.outcomes import FAILED, NOT_RUN, Outcome, outcome

if TYPE_CHECKING:
    import h5py
    import pandas as pd

TABLES = {"agreement": AGREEMENT_COLUMNS, "sensitivity": SENSITIVITY_COLUMNS}


@dataclass(frozen=True)
class Results:
    """A folder of results, with the networks and methods that belong to the report.

    `beside` is the folder of the page, its tables and figures, default that of the results. With
    `partial` map files may be absent or broken: they are passed over, and `outcomes` says why.
    """

    folder: Path
    models: list[str]
    methods: list[str]
    external: list[str] = field(default_factory=list)
    controls: list[str] = field(default_factory=list)
    beside: Path | None = None
    partial: bool = False

    @property
    def tables(self) -> Path:
        """The folder of the tables, and of figures/."""
        return self.beside or self.folder

    @cached_property
    def outcomes(self) -> dict[tuple[str, str], Outcome]:
        """What became of every (network, method) of the report, controls and baselines too."""
        names = [*self.methods, *map(control_of, self.controls)]
        rows = [(model, name) for model in self.models for name in names]
        rows += [("external", name) for name in self.external]
        rows += [("baseline", name) for name in BASELINES]
        return {row: outcome(self.folder, *row) for row in rows}

    def map_files(self, *models: str) -> Iterator[tuple[str, str, h5py.File]]:
        """(network, method, its open file), of all networks or of `models`, no controls.

        Maps made elsewhere come last; their network is "external".
        """
        pairs = [(model, method) for model in models or self.models for method in self.methods]
        pairs += [("external", name) for name in self.external]
        for model, method in pairs:
            if self.partial and self.outcomes[model, method].state in (FAILED, NOT_RUN):
                continue
            with open_maps(self.folder / model / "maps" / f"{method}.h5") as file:
                yield model, method, file

    @cached_property
    def texts(self) -> dict[str, MethodText]:
        """What people read for each method; of those from outside, what their files say."""
        found = dict(method_texts())
        for _, method, file in self.map_files():
            if method not in found and "label" in file.attrs:
                said = [str(file.attrs[key]) for key in ("label", "summary", "reference")]
                said.append(str(file.attrs.get("reading", "")))
                found[method] = MethodText(*said)
        for method in [*self.methods, *self.external]:  # from outside, with no file to say it
            found.setdefault(method, MethodText(method, "", ""))
        return found

    def table(self, name: str) -> pd.DataFrame:
        """sensitivity.csv or agreement.csv; without rows where it was not made."""
        import pandas as pd

        path = self.tables / f"{name}.csv"
        if not path.is_file():
            return pd.DataFrame(columns=TABLES[name])
        return pd.read_csv(path, dtype={"setting": str})

    def board(self) -> Board:
        """The leaderboard and the comparisons, with labels."""
        import pandas as pd

        leaderboard = pd.read_csv(self.tables / "leaderboard.csv", keep_default_na=True)
        leaderboard["label"] = [
            map_label(method, name, self.texts)
            for method, name in zip(leaderboard["method"], leaderboard["map"], strict=True)
        ]
        leaderboard["network"] = [network_label(model) for model in leaderboard["model"]]
        metrics = {name: get_metric(name) for name in leaderboard["metric"].unique()}
        return Board(
            leaderboard,
            pd.read_csv(self.tables / "comparisons.csv"),
            {name: metric.label for name, metric in metrics.items()},
            frozenset(name for name, metric in metrics.items() if metric.direction == "higher"),
            self._controls_table(),
        )

    def _controls_table(self) -> pd.DataFrame | None:
        import pandas as pd

        path = self.tables / "controls.csv"
        if not self.controls or (self.partial and not path.is_file()):
            return None
        return pd.read_csv(path)
