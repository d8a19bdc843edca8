"""AlexNet (torchvision's single-tower variant): three poolings, three fully connected layers."""

from ._classes import imagenet_classes
from ._network import Blueprint, Classifier
from ._preprocessing import TORCHVISION
from ._torchvision import fetcher, maker

NETWORKS = {
    "alexnet": {
        "label": "AlexNet",
        "weights": "torchvision:AlexNet_Weights.IMAGENET1K_V1",
        "head": "fully_connected",
    },
}
REFERENCE = (
    "Krizhevsky 2014, One weird trick for parallelizing convolutional neural networks, "
    "doi:10.48550/arXiv.1404.5997"
)
READING = (
    "Five convolutions with three poolings, then three fully connected layers, so CAM is fitted. "
    "An old and shallow network: its first stage sees edges, its last one parts of things."
)

STAGES = {"conv1": "features.1", "conv2": "features.4", "conv3": "features.11"}


def blueprint(name: str) -> Blueprint:
    return Blueprint(
        make=maker(name),
        fetch=fetcher(NETWORKS[name]["weights"]),
        stages=STAGES,
        classifier=Classifier("classifier.6", "fully_connected"),
        preprocessing={"torchvision": TORCHVISION},
        classes=imagenet_classes(),
    )
