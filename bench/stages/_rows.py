"""The tables of many methods below each other, small enough for thousands of photographs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bench.stages._inputs import read_table

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = ("value", "half_value", "weight")


def read_rows(paths: list[Path], dataset: str, columns: list[str], **chosen: str) -> pd.DataFrame:
    """The tables below each other, with the data set, network and method each belongs to.

    Texts are categories, sorted by name: a number per row in place of a text. chosen: as in
    `read_table`.
    """
    import pandas as pd
    from pandas.api.types import union_categoricals

    parts = []
    for path in paths:
        part = read_table(path, *columns, only=True, **chosen)
        part["dataset"], part["model"] = dataset, path.parents[1].name
        part["method"] = path.stem
        texts = [name for name in part if name not in NUMBERS]
        parts.append(part.astype(dict.fromkeys(texts, "category")))
    parts = [part for part in parts if len(part)] or parts[:1]  # no row, no type of text
    joined = {}
    for name in list(parts[0]):
        own = [part.pop(name) for part in parts]
        text = name not in NUMBERS
        joined[name] = (
            union_categoricals(own, sort_categories=True) if text else pd.concat(own).to_numpy()
        )
    return pd.DataFrame(joined)
