"""Photographs -> maps/{method}.h5, all methods from one forward pass per batch."""

from __future__ import annotations

import json
import logging
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
from tqdm import tqdm

from bench import __version__
from bench.attention._batches import attend_images
from bench.attention._ridge import load_fit
from bench.files import written_whole
from bench.maps import write_map

if TYPE_CHECKING:
    from bench.networks import Network

log = logging.getLogger("bench")


def write_dataset_maps(
    folder: Path,
    methods: dict[str, dict[str, Any]],
    network: Network,
    stimuli: list[Path],
    *,
    batch_size: int,
    fingerprints: dict[str, str],
    record: str,
    quiet: bool,
) -> None:
    """Writes a file per method; each appears when all of them are whole.

    `methods` is {name: options}; `fingerprints` and `record` are what the workflow's planner
    reads back (bench/workflow/plan.py). Maps go to disk batch by batch.
    """
    import torch

    fit = load_fit(methods["cam"]["fit"]) if "fit" in methods.get("cam", {}) else None
    if fit and fit.network != network.name:
        fit = None  # an exact head ignores it, and another one refuses it
    with ExitStack() as stack:
        files = {}
        for method, options in methods.items():
            path = stack.enter_context(written_whole(folder / f"{method}.h5"))
            files[method] = stack.enter_context(h5py.File(path, "w"))
            files[method].attrs.update(
                method=method,
                model=network.name,
                options=json.dumps(options, sort_keys=True),
                record=record,
                weights=network.weights_id,
                version=f"attention-bench {__version__}, torch {torch.__version__}",
                fingerprint=fingerprints[method],
                **(fit.facts if fit and method == "cam" else {}),
            )
        attended = attend_images(methods, network, stimuli, batch_size=batch_size)
        bar = tqdm(attended, total=len(stimuli), unit="image", disable=quiet)
        bar.set_description(f"{network.name}, {len(methods)} methods")
        for item in bar:
            for method, maps in item.maps.items():
                files[method].attrs["maps"] = json.dumps(list(maps))
                for name, values in maps.items():
                    write_map(
                        files[method].require_group(name),
                        item.image_id,
                        values,
                        target=item.target,
                        target_name=item.target_name,
                        score=item.score,
                        **({"fit_r2": fit.r2[item.target]} if fit and method == "cam" else {}),
                    )
        for method, reason in attended.not_applicable.items():
            files[method].attrs["not_applicable"] = reason
            log.warning("%s does not apply to %s: %s", method, network.label, reason)
