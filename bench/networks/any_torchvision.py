"""Any other classifier of torchvision, by torchvision's name: mobilenet_v3_large, convnext_tiny.

Nothing is listed here. The names are those that the installed torchvision registers; stages and
classifier are found by walking the graph (`_walk.py`); classes, input size and the channels' mean
and deviation are those of torchvision's default weights. As everywhere photographs are warped to
the input size, where torchvision's own preset would crop.
"""

import dataclasses

from ._classes import imagenet_classes
from ._elsewhere import torchvision_weights
from ._network import Blueprint
from ._preprocessing import HALVES, TORCHVISION
from ._torchvision import fetcher, maker, modern_keys

# It scales its input inside, from the ImageNet normalisation to (v - 0.5) / 0.5, and has heads
# that serve training only; here the preprocessing scales, and the module has one head.
INCEPTION = {"aux_logits": False, "init_weights": True, "transform_input": False}


def blueprint(name: str) -> Blueprint:
    source = torchvision_weights(name)
    preset, classes = _published(source)
    options = {}
    if name == "inception_v3":
        options, preset = INCEPTION, dataclasses.replace(HALVES, size=preset.size)
    elif name.startswith("vit_"):
        options = {"image_size": preset.size[0]}  # their position embedding is made for one size
    return Blueprint(
        make=maker(name, **options),
        fetch=fetcher(source) if source else None,
        rename=modern_keys,
        preprocessing={"torchvision": preset},
        classes=classes,
        on_meta=False,
    )


def _published(source: str) -> tuple:
    """The preprocessing and the classes of published weights."""
    if not source:
        return TORCHVISION, imagenet_classes()
    from torchvision import models

    weights = models.get_weight(source.partition(":")[2])
    preset = weights.transforms()
    size = (preset.crop_size[0], preset.crop_size[-1])
    preprocessing = dataclasses.replace(
        TORCHVISION, mean=tuple(preset.mean), std=tuple(preset.std), size=size
    )
    return preprocessing, tuple(weights.meta["categories"])
