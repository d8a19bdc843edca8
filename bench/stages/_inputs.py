"""Files of earlier stages, read back with a clear message for what does not fit.

Tables carry checksums, so that a byte that changed on the disk is an error and never a number.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import DataError, ValidationError

if TYPE_CHECKING:
    import pandas as pd

AGAIN = "Delete the file; the workflow makes it again."


def read_json(path: Path, *keys: str) -> dict[str, Any]:
    """The content of a JSON file that has all of `keys`."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not readable as JSON ({error}). {AGAIN}") from None
    _check(path, "key", keys, content)
    return content


def read_table(path: Path, *columns: str, only: bool = False, **chosen: str) -> pd.DataFrame:
    """A Parquet table that has all of `columns`; no others with `only`.

    chosen: column=value, for the rows to read.
    """
    import pandas as pd
    from pyarrow import parquet

    try:
        _check(path, "column", columns, parquet.read_schema(path).names)
        table = pd.read_parquet(
            path,
            columns=list(columns) if only else None,
            filters=[(name, "==", value) for name, value in chosen.items()] or None,
            page_checksum_verification=True,
        )
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    return table


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Writes the Parquet table that `read_table` reads."""
    table.to_parquet(path, index=False, write_page_checksum=True)


def read_attributes(path: Path) -> dict[str, Any]:
    """What a Parquet table says of itself, without its rows."""
    from pyarrow import parquet

    try:
        return parquet.read_schema(path).empty_table().to_pandas().attrs
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> DataError:
    reason = " ".join(str(error).split())
    return DataError(f"{path}: not readable as a Parquet table ({reason}). {AGAIN}")


def read_csv(path: Path, *columns: str) -> pd.DataFrame:
    """A CSV table that has all of `columns`; an empty field is an empty text, not NaN.

    All but the column `value` of these are text: 001 is another image than 1.
    """
    import pandas as pd

    try:
        text = dict.fromkeys(set(columns) - {"value"}, "str")
        table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values={"value": [""]})
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not readable as a CSV table ({error}). {AGAIN}") from None
    _check(path, "column", columns, table)
    return table


def read_fixations(path: Path) -> pd.DataFrame:
    """What heatmaps and scores use of the table of rule `fixations`."""
    from bench.protocols import USED_COLUMNS

    return read_table(path, *USED_COLUMNS, only=True)


def _check(path: Path, kind: str, wanted: tuple[str, ...], found: Any) -> None:
    missing = [name for name in wanted if name not in found]
    if missing:
        raise ValidationError(f"{path}: missing {kind} {', '.join(map(repr, missing))}. {AGAIN}")
