"""ResNet: residual blocks, global average pooling, one linear layer.

Stages are the ReLU before the first pooling and the outputs of the four residual stages, each
after the ReLU that follows the last addition.
"""

from ._classes import imagenet_classes
from ._network import Blueprint, Classifier
from ._preprocessing import TORCHVISION
from ._torchvision import fetcher, maker

NETWORKS = {
    "resnet18": {"label": "ResNet-18", "weights": "torchvision:ResNet18_Weights.IMAGENET1K_V1"},
    "resnet50": {"label": "ResNet-50", "weights": "torchvision:ResNet50_Weights.IMAGENET1K_V2"},
    "resnet101": {"label": "ResNet-101", "weights": "torchvision:ResNet101_Weights.IMAGENET1K_V2"},
}
REFERENCE = (
    "He, Zhang, Ren & Sun 2016, Deep Residual Learning for Image Recognition, "
    "doi:10.1109/CVPR.2016.90"
)
READING = (
    "Residual blocks, each of which adds to what came before, global averaging and one "
    "linear layer: CAM is exact. Its last grid is 7 x 7."
)

STAGES = {"conv1": "relu"} | {f"conv{i + 1}": f"layer{i}" for i in (1, 2, 3, 4)}


def blueprint(name: str) -> Blueprint:
    return Blueprint(
        make=maker(name),
        fetch=fetcher(NETWORKS[name]["weights"]),
        stages=STAGES,
        classifier=Classifier("fc", "gap_linear"),
        preprocessing={"torchvision": TORCHVISION},
        classes=imagenet_classes(),
    )
