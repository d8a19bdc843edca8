"""GoogLeNet (Inception v1 with batch norm, as in torchvision): functional ReLUs, concatenations.

torchvision scales the input inside the model from the ImageNet normalisation to (v - 0.5) / 0.5.
Here the module scales nothing (`transform_input=False`); the preprocessing gives the latter at
once. The auxiliary classifiers, used in training only, are left out, in weight files too.
"""

from ._classes import imagenet_classes
from ._network import Blueprint, Classifier
from ._preprocessing import HALVES
from ._torchvision import fetcher, maker, modern_keys

NETWORKS = {
    "googlenet": {
        "label": "GoogLeNet",
        "weights": "torchvision:GoogLeNet_Weights.IMAGENET1K_V1",
    },
}
REFERENCE = "Szegedy et al. 2015, Going Deeper with Convolutions, doi:10.1109/CVPR.2015.7298594"
READING = (
    "Nine blocks of parallel 1 x 1, 3 x 3 and 5 x 5 convolutions, global averaging and one "
    "linear layer: CAM is exact."
)

STAGES = {
    "conv1": "conv1",
    "conv2": "conv3",
    "conv3": "inception3b",
    "conv4": "inception4e",
    "conv5": "inception5b",
}


def blueprint(name: str) -> Blueprint:
    return Blueprint(
        make=maker("googlenet", aux_logits=False, init_weights=True, transform_input=False),
        fetch=fetcher(NETWORKS[name]["weights"]),
        rename=modern_keys,
        stages=STAGES,
        classifier=Classifier("fc", "gap_linear"),
        preprocessing={"torchvision": HALVES},
        classes=imagenet_classes(),
    )
