"""Read a data set's recordings into one tidy fixation table and a quality summary."""

from __future__ import annotations

import argparse
import json
import logging
from dataclasses import replace
from typing import Any

from bench import __version__
from bench.files import written_whole
from bench.stages._inputs import write_table
from bench.stages._options import add_dataset, add_jobs, add_output, chosen_dataset
from bench.workflow import fingerprint

log = logging.getLogger("bench")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The data set, the two outputs, and how the recordings are read."""
    add_dataset(parser)
    add_output(parser, "output", "fixations.parquet: one row per tracker fixation")
    add_output(parser, "recordings", "recordings.json: quality per recording")
    parser.add_argument(
        "--allow-incomplete",
        action="store_true",
        help="leave out trials that cannot be used instead of ending with 4",
    )
    add_jobs(parser, "recordings read")
    parser.add_argument(
        "--salvage",
        action="store_true",
        help="use the complete trials of truncated recordings and mark those as incomplete",
    )


def run(arguments: argparse.Namespace) -> None:
    """Writes both files; ends with 3 or 4 at the first recording that cannot be trusted."""
    from bench.datasets import image_sizes, read_gaze

    dataset = chosen_dataset(arguments)
    if arguments.allow_incomplete:
        dataset = replace(dataset, spec={**dataset.spec, "allow_incomplete": True})
    sizes = image_sizes(dataset)
    table, recordings = read_gaze(dataset, sizes, jobs=arguments.jobs, salvage=arguments.salvage)
    summary = _summary(dataset, table, recordings, sizes)
    table.attrs = {
        "attention-bench": __version__,
        "dataset": dataset.id,
        "recordings": {item["subject_id"]: item["sha256"] for item in recordings},
    }
    with written_whole(arguments.output) as path:
        write_table(table, path)
    with written_whole(arguments.recordings) as path:
        path.write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for item in recordings:
        for sentence in (*item["errors"], *item["warnings"]):
            log.warning("viewer %s: %s", item["subject_id"], sentence)
    kept = summary["fixations_by_status"].get("kept", {"count": 0})["count"]
    log.info("%d recordings, %d fixations, %d kept", len(recordings), len(table), kept)
    for item in recordings:
        if salvaged := item.get("salvaged"):
            count = salvaged["complete_trials"]
            log.warning(
                "%s: incomplete; its %d complete trials are used", item["recording_id"], count
            )
    for item in summary["left_out"]:
        log.warning("recording %s is left out: %s", item["recording_id"], item["reason"])
    for name in summary["images_without_fixations"]:
        log.warning("%s: no fixation on it; flagged, and left out of the means", name)


def _summary(
    dataset: Any, table: Any, recordings: list[dict[str, Any]], sizes: dict[str, Any]
) -> dict[str, Any]:
    """What recordings.json holds: the data set's task beside what became of every fixation."""
    kept = table[table["status"] == "kept"]
    return {
        "dataset": dataset.id,
        "label": dataset.spec["label"],
        "simulated": dataset.spec["simulated"],
        "task": dataset.spec["task"],
        "viewing_ms": dataset.spec["viewing_ms"],
        "pixels_per_degree": dataset.pixels_per_degree,
        "reference": dataset.spec.get("reference"),
        "photographs_sha256": fingerprint.files(dataset.stimuli()),
        "images": {name: list(sizes[name]) for name in sorted(sizes)},
        "viewers": int(kept["subject_id"].nunique()),
        "fixations_by_status": {
            str(status): {"count": len(rows), "ms": float(rows["duration_ms"].sum())}
            for status, rows in table.groupby("status", observed=True)
        },
        "images_without_fixations": sorted(set(sizes) - set(kept["image_id"])),
        "recordings": recordings,
        "left_out": table.attrs.get("left_out", []),
    }
