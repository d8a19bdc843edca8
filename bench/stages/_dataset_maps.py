"""Photographs -> maps/{method}.h5, all methods from one forward pass per batch."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import __version__
from bench.attention._batches import attend_images
from bench.attention._registry import load_method
from bench.attention._ridge import load_fit
from bench.errors import BenchError
from bench.files import written_whole
from bench.maps import NewMaps, write_map
from bench.messages import progress

if TYPE_CHECKING:
    from bench.attention._throughput import Throughput
    from bench.networks import Network

log = logging.getLogger("bench")


def write_dataset_maps(
    folder: Path,
    methods: dict[str, dict[str, Any]],
    network: Network,
    stimuli: list[Path],
    *,
    batch_size: int | str,
    precision: str,
    workers: int | str,
    fingerprints: dict[str, str],
    record: str,
    plugins: list[Path] = (),
    targets: dict[str, int] | None = None,
    renamed: Callable[[str], str] = str,
) -> Throughput:
    """Writes a file per method; each appears when all of them are whole. Tells how fast it went.

    `methods` is {name: options}; `fingerprints` and `record` are what the workflow's planner reads
    back (bench/workflow/map_jobs.py). Maps go to disk batch by batch. `targets` are the classes to
    explain, {image id: index}; `renamed` gives the names of files and maps for those of methods.

    A method that fails costs its own maps only: its file says why in the attribute `failed`, holds
    no maps and is out of date at once. Where all fail, the first error is raised.
    """
    import torch

    failed: dict[str, BenchError] = {}
    loaded = {}
    for method in methods:
        try:
            loaded[method] = load_method(method, plugins)
        except BenchError as error:
            failed[method] = error
    _stop_if_all_failed(failed, methods)
    fit = load_fit(methods["cam"]["fit"]) if "fit" in methods.get("cam", {}) else None
    if fit and fit.network != network.name:
        fit = None  # an exact head ignores it, and another one refuses it
    with ExitStack() as stack:
        files = {}
        for method, options in methods.items():
            path = stack.enter_context(written_whole(folder / f"{renamed(method)}.h5"))
            files[method] = stack.enter_context(NewMaps(path))
            files[method].attrs.update(
                method=renamed(method),
                model=network.name,
                options=json.dumps(options, sort_keys=True),
                precision=precision,
                record=record,
                weights=network.weights_id,
                version=f"attention-bench {__version__}, torch {torch.__version__}",
                fingerprint=fingerprints[method],
                **(fit.facts if fit and method == "cam" else {}),
            )
            if method in loaded:
                texts = ("label", "summary", "reference", "reading")
                files[method].attrs.update({key: getattr(loaded[method], key) for key in texts})
        attended = attend_images(
            {method: methods[method] for method in loaded},
            network,
            stimuli,
            batch_size=batch_size,
            precision=precision,
            workers=workers,
            targets=targets,
            plugins=plugins,
            failed=failed,
        )
        what = f"{network.name}, {len(methods)} methods"
        for item in progress(attended, what, unit="image", total=len(stimuli)):
            _stop_if_all_failed(failed, methods)
            for method, maps in item.maps.items():
                names = {name: renamed(name) for name in maps}
                files[method].attrs["maps"] = json.dumps(list(names.values()))
                for name, values in maps.items():
                    write_map(
                        files[method].require_group(names[name]),
                        item.image_id,
                        values,
                        target=item.target,
                        target_name=item.target_name,
                        score=item.score,
                        **({"fit_r2": fit.r2[item.target]} if fit and method == "cam" else {}),
                    )
        for method, reason in attended.not_applicable.items():
            for name in list(files[method]):  # what an earlier batch gave
                del files[method][name]
            files[method].attrs.pop("maps", None)
            files[method].attrs["not_applicable"] = reason
            log.warning("%s does not apply to %s: %s", method, network.label, reason)
        for method, error in failed.items():
            files[method].clear()
            files[method].attrs.update(maps="[]", failed=str(error), fingerprint="failed")
            log.error("%s", error)
    return attended.throughput


def _stop_if_all_failed(failed: dict[str, BenchError], methods: dict[str, Any]) -> None:
    if failed and len(failed) == len(methods):
        raise next(iter(failed.values()))
