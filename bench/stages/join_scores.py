"""Join the scores of all shards, and add those that take the whole data set."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import ValidationError
from bench.files import written_whole
from bench.stages._inputs import AGAIN, read_table
from bench.stages._options import add_output
from bench.stages.score import add_row, described, scored_row

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger("bench")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The list of shards, what is scored on which gaze, and the three tables to write."""
    parser.add_argument("--shards", type=Path, required=True, metavar="CSV", help="shards.csv")
    add_row(parser)
    add_output(parser, "output", "scores/{method}.parquet, beside the folder shards/")
    add_output(parser, "viewers", "viewers/{method}.parquet")
    add_output(parser, "sensitivity", "sensitivity/{method}.parquet")


def run(arguments: argparse.Namespace) -> None:
    """Writes the tables that one job over all images would have written, shard by shard.

    Without rows where the method does not apply in one shard: it then has no maps as a whole.
    """
    from bench.messages import progress
    from bench.score_tables import score_tables
    from bench.shards import read_shards, shard_path
    from bench.stages._scoring import fitted_scores

    shards = read_shards(arguments.shards)
    row = scored_row(arguments)
    facts = described(arguments, row.gaze())
    applies = row.maps is None or _has_maps(row.maps)

    def parts(target: Path) -> Iterator[pd.DataFrame]:
        for shard, images in shards.items():
            path = shard_path(target, shard)
            table = read_table(path)
            _check_images(path, table, images, every=target == arguments.output)
            yield table if applies else table[:0]

    def scores() -> Iterator[pd.DataFrame]:
        yield from parts(arguments.output)
        found = fitted_scores(row, row.gaze().images, arguments.jobs)
        what = f"fit {arguments.model}/{arguments.method}"
        yield score_tables(progress(found, what, unit="map"))[0]

    _write(arguments.output, scores, facts)
    _write(arguments.viewers, lambda: parts(arguments.viewers), facts)
    _write(arguments.sensitivity, lambda: parts(arguments.sensitivity))
    log.info("%s/%s: scores of %d shards", arguments.model, arguments.method, len(shards))


def _has_maps(path: Path) -> bool:
    from bench.maps import open_maps
    from bench.scores import checked_map_names

    with open_maps(path) as file:
        return bool(checked_map_names(file, path))


def _check_images(path: Path, table: pd.DataFrame, images: list[str], *, every: bool) -> None:
    """ValidationError for a table of other images than the shard has; `every`: or of fewer."""
    found = set(table["image"])
    wrong = found.difference(images) or (every and found and set(images) - found)
    if wrong:
        what = "holds" if wrong <= found else "lacks"
        raise ValidationError(
            f"{path}: {what} scores of image {min(wrong)!r}, unlike the list of shards: it was "
            f"made when the photographs were others. {AGAIN}"
        )


def _write(
    target: Path,
    parts: Callable[[], Iterator[pd.DataFrame]],
    attributes: dict[str, object] | None = None,
) -> None:
    """The parts below each other, a row group each, so that only one is in memory.

    attributes: of the table; default, those of the first part.
    """
    import pyarrow as pa
    from pyarrow import parquet

    with written_whole(target) as path:
        writer = None
        try:
            for part in parts():
                part.attrs = part.attrs if attributes is None else attributes
                table = pa.Table.from_pandas(part, preserve_index=False)
                if writer is None:
                    writer = parquet.ParquetWriter(path, table.schema, write_page_checksum=True)
                if len(part):
                    writer.write_table(table.cast(writer.schema))
        finally:
            if writer is not None:
                writer.close()
