"""Any classifier of timm, by `timm:NAME` or `timm:NAME.TAG`.

Its id, in paths and tables, is `timm_NAME` or `timm_NAME-TAG`; both forms are understood. timm is
an extra of this package (`models`). Stages and classifier are found by walking the graph
(`_walk.py`); input size and the channels' mean and deviation are those of timm's configuration of
the weights. Class names are known where there are 1000 classes, ImageNet's.
"""

from bench.errors import UsageError

from ._classes import imagenet_classes
from ._elsewhere import timm_name
from ._network import Blueprint
from ._preprocessing import TORCHVISION, Preprocessing


def blueprint(name: str) -> Blueprint:
    import timm

    model = timm_name(name)
    try:
        config = timm.get_pretrained_cfg(model)
    except RuntimeError as error:
        raise UsageError(f"timm:{model}: {error}") from None
    if config is None:
        preprocessing, classes = TORCHVISION, 1000
    else:
        preprocessing = Preprocessing(config.mean, config.std, size=tuple(config.input_size[1:]))
        classes = config.num_classes
    if not classes:
        raise UsageError(
            f"timm:{model} gives features, no class scores; expected a classifier (bench list timm)"
        )
    return Blueprint(
        make=lambda: timm.create_model(model, pretrained=False),
        fetch=lambda: timm.create_model(model, pretrained=True).state_dict(),
        preprocessing={"timm": preprocessing},
        classes=imagenet_classes() if classes == 1000 else (),
        on_meta=False,
    )
