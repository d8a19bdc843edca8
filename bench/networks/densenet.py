"""DenseNet: each layer reads all before it; batch norm and ReLU stand before the convolutions.

The last ReLU is functional: the stage `conv5` is `features.norm5` after it.
"""

from ._classes import imagenet_classes
from ._network import Blueprint, Classifier
from ._preprocessing import TORCHVISION
from ._torchvision import fetcher, maker, modern_keys

NETWORKS = {
    "densenet121": {
        "label": "DenseNet-121",
        "weights": "torchvision:DenseNet121_Weights.IMAGENET1K_V1",
    },
}
REFERENCE = (
    "Huang, Liu, van der Maaten & Weinberger 2017, Densely Connected Convolutional Networks, "
    "doi:10.1109/CVPR.2017.243"
)
READING = (
    "121 layers, each of which reads all earlier ones of its block, global averaging and one "
    "linear layer: CAM is exact."
)

STAGES = {
    "conv1": "features.relu0",
    "conv2": "features.transition1.relu",
    "conv3": "features.transition2.relu",
    "conv4": "features.transition3.relu",
    "conv5": "features.norm5",
}


def blueprint(name: str) -> Blueprint:
    return Blueprint(
        make=maker(name),
        fetch=fetcher(NETWORKS[name]["weights"]),
        rename=modern_keys,
        stages=STAGES,
        classifier=Classifier("classifier", "gap_linear"),
        preprocessing={"torchvision": TORCHVISION},
        classes=imagenet_classes(),
    )
