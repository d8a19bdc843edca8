"""VGG: blocks of 3 x 3 convolutions and three fully connected layers; `vgg16_voc` without these.

`vgg16_voc` replaces the fully connected layers by the global average of conv5_3 after its ReLU
(without the last pooling) and one linear layer for the 20 VOC classes, the form of CAM's paper
(Zhou et al. 2016). It needs two local files, trunk and head, and Caffe's preprocessing.
"""

from torch import Tensor, nn

from ._classes import VOC, imagenet_classes
from ._network import Blueprint, Classifier
from ._preprocessing import CAFFE, TORCHVISION
from ._torchvision import fetcher, maker

NETWORKS = {
    "vgg16": {
        "label": "VGG16",
        "weights": "torchvision:VGG16_Weights.IMAGENET1K_V1",
        "head": "fully_connected",
    },
    "vgg19": {
        "label": "VGG19",
        "weights": "torchvision:VGG19_Weights.IMAGENET1K_V1",
        "head": "fully_connected",
    },
    "vgg16_voc": {"label": "VGG16 + VOC linear head", "weights": ""},
}
REFERENCE = (
    "Simonyan & Zisserman 2014, Very Deep Convolutional Networks for Large-Scale Image "
    "Recognition, doi:10.48550/arXiv.1409.1556"
)
READING = (
    "Five blocks of 3 x 3 convolutions, the network of the study's dense model; its last "
    "stage has 14 x 14 cells. The original ends in three fully connected layers, so CAM is "
    "fitted there; with the VOC head in one linear layer over the average, so CAM is exact."
)

# The last ReLU of each block.
VGG16_STAGES = {f"conv{i}": f"features.{n}" for i, n in enumerate((3, 8, 15, 22, 29), start=1)}
VGG19_STAGES = {f"conv{i}": f"features.{n}" for i, n in enumerate((3, 8, 17, 26, 35), start=1)}


def blueprint(name: str) -> Blueprint:
    if name == "vgg16_voc":
        return Blueprint(
            make=_make_voc,
            stages=VGG16_STAGES,
            classifier=Classifier("classifier", "gap_linear"),
            preprocessing={"caffe": CAFFE, "torchvision": TORCHVISION},
            classes=VOC,
            missing=_advice_voc,
        )
    return Blueprint(
        make=maker(name),
        fetch=fetcher(NETWORKS[name]["weights"]),
        stages=VGG16_STAGES if name == "vgg16" else VGG19_STAGES,
        classifier=Classifier("classifier.6", "fully_connected"),
        preprocessing={"torchvision": TORCHVISION, "caffe": CAFFE},
        classes=imagenet_classes(),
        missing=_advice,
    )


class PooledVGG(nn.Module):
    """VGG's convolutions, the global average of the last ReLU, one linear layer."""

    def __init__(self, features: nn.Sequential, n_classes: int):
        super().__init__()
        self.features = features
        self.classifier = nn.Linear(512, n_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean((2, 3)))


def _make_voc() -> nn.Module:
    # The constructor of all of VGG16 would fill 120 million fully connected weights for nothing.
    from torchvision.models.vgg import cfgs, make_layers

    return PooledVGG(make_layers(cfgs["D"])[:-1], len(VOC))


def _advice_voc(missing: list[str]) -> str:
    if any(key.startswith("classifier.") for key in missing):
        return "The head is missing: weights={vgg16_voc: [TRUNK.safetensors, HEAD.safetensors]}"
    if any(key.startswith("features.") for key in missing):
        return "The trunk is missing: weights={vgg16_voc: [TRUNK.safetensors, HEAD.safetensors]}"
    return ""


def _advice(missing: list[str]) -> str:
    if missing and all(key.startswith("classifier.") for key in missing):
        return (
            "The file is a trunk without the fully connected classifier: use the network vgg16_voc "
            "with a head (weights={vgg16_voc: [TRUNK, HEAD]}), or name a file that has all of it "
            "(weights={vgg16: PATH})"
        )
    return ""
