"""The control's maps: the same methods on the network before any training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.attention._batches import attend_images
from bench.controls import control_of
from bench.networks._untrained import untrained
from bench.stages._dataset_maps import write_dataset_maps

if TYPE_CHECKING:
    from bench.attention._throughput import Throughput
    from bench.networks import Network


def write_random_maps(
    folder: Path,
    methods: dict[str, dict[str, Any]],
    network: Network,
    stimuli: list[Path],
    *,
    seed: int,
    batch_size: int | str,
    workers: int | str,
    **choices: Any,
) -> Throughput:
    """Writes {method}_random.h5 with maps {map}_random; `choices` as in `write_dataset_maps`.

    The class that is explained is the top class of the trained `network`, so that a map and its
    control answer the same question.
    """
    seen = attend_images([], network, stimuli, batch_size=batch_size, workers=workers)
    return write_dataset_maps(
        folder,
        methods,
        untrained(network, seed),
        stimuli,
        batch_size=batch_size,
        workers=workers,
        targets={item.image_id: item.target for item in seen},
        renamed=control_of,
        **choices,
    )
