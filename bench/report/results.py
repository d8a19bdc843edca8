"""What the report is made from: the tables and map files of one data set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bench.maps import open_maps
from bench.metrics import get_metric
from bench.rankings import AGREEMENT_COLUMNS, SENSITIVITY_COLUMNS
from bench.report.findings import Board
from bench.report.labels import MethodText, map_label, method_texts, network_label

if TYPE_CHECKING:
    import h5py
    import pandas as pd

TABLES = {"agreement": AGREEMENT_COLUMNS, "sensitivity": SENSITIVITY_COLUMNS}


@dataclass(frozen=True)
class Results:
    """A folder of results, with the networks and methods that belong to the report."""

    folder: Path
    models: list[str]
    methods: list[str]
    external: list[str] = field(default_factory=list)
    controls: list[str] = field(default_factory=list)

    def map_files(self, *models: str) -> Iterator[tuple[str, str, h5py.File]]:
        """(network, method, its open file), of all networks or of `models`, no controls.

        Maps made elsewhere come last; their network is "external".
        """
        pairs = [(model, method) for model in models or self.models for method in self.methods]
        pairs += [("external", name) for name in self.external]
        for model, method in pairs:
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
        return found

    def table(self, name: str) -> pd.DataFrame:
        """sensitivity.csv or agreement.csv; without rows where it was not made."""
        import pandas as pd

        path = self.folder / f"{name}.csv"
        if not path.is_file():
            return pd.DataFrame(columns=TABLES[name])
        return pd.read_csv(path, dtype={"setting": str})

    def board(self) -> Board:
        """The leaderboard and the comparisons, with labels."""
        import pandas as pd

        leaderboard = pd.read_csv(self.folder / "leaderboard.csv", keep_default_na=True)
        leaderboard["label"] = [
            map_label(method, name, self.texts)
            for method, name in zip(leaderboard["method"], leaderboard["map"], strict=True)
        ]
        leaderboard["network"] = [network_label(model) for model in leaderboard["model"]]
        metrics = {name: get_metric(name) for name in leaderboard["metric"].unique()}
        return Board(
            leaderboard,
            pd.read_csv(self.folder / "comparisons.csv"),
            {name: metric.label for name, metric in metrics.items()},
            frozenset(name for name, metric in metrics.items() if metric.direction == "higher"),
            pd.read_csv(self.folder / "controls.csv") if self.controls else None,
        )
