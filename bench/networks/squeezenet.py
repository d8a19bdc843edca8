"""SqueezeNet 1.1: fire modules; the last convolution has one channel per class, then ReLU and GAP.

The stages end with the last fire module; the class maps of `classifier.1` are the classifier's.
The authors' Caffe weights (shipped by several packages) want `preprocessing="caffe"`.
"""

import dataclasses

from ._classes import imagenet_classes
from ._network import Blueprint, Classifier
from ._preprocessing import CAFFE, TORCHVISION
from ._torchvision import fetcher, maker

NETWORKS = {
    "squeezenet1_1": {
        "label": "SqueezeNet 1.1",
        "weights": "torchvision:SqueezeNet1_1_Weights.IMAGENET1K_V1",
    },
}
REFERENCE = (
    "Iandola et al. 2016, SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and "
    "<0.5MB model size, doi:10.48550/arXiv.1602.07360"
)
READING = (
    "A small network of narrow and wide convolutions; the last one has a channel per class, "
    "averaged at the end: CAM is that channel."
)

STAGES = {f"conv{i}": f"features.{n}" for i, n in enumerate((1, 4, 7, 12), start=1)}
MEAN_PIXEL = dataclasses.replace(CAFFE, mean=(104.0, 117.0, 123.0), size=(227, 227))


def blueprint(name: str) -> Blueprint:
    return Blueprint(
        make=maker(name),
        fetch=fetcher(NETWORKS[name]["weights"]),
        stages=STAGES,
        classifier=Classifier("classifier.1", "conv_gap"),
        preprocessing={"torchvision": TORCHVISION, "caffe": MEAN_PIXEL},
        classes=imagenet_classes(),
    )
