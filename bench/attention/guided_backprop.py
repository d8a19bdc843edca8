"""Guided backpropagation: the gradient, with negative signals stopped at every rectifier.

At each ReLU, y = max(x, 0), the gradient g goes on where g > 0 and x > 0, strictly; at a ReLU6
where g > 0 and 0 < x < 6. M = max over channels of the magnitude at the image. Covers rectifiers
in any spelling (functional, reused, in place), unlike implementations that replace `nn.ReLU`
modules: those give the plain gradient on GoogLeNet and EfficientNet-Lite0.

For other activation functions (SiLU, GELU, ...) no rule is published and the method is refused;
`clamp_gradient=True` passes max(g act'(x), 0) there, an extension of ours.

Source: Springenberg, Dosovitskiy, Brox & Riedmiller 2015, Striving for Simplicity: The All
Convolutional Net, section 3.4.
"""

from torch import Tensor

from bench.attention.tape import Guided, Tape, reduce_channels

LABEL = "Guided backprop"
REFERENCE = (
    "Springenberg et al. 2015, Striving for Simplicity: The All Convolutional Net, "
    "doi:10.48550/arXiv.1412.6806"
)
READING = (
    "High at edges and textures that excite the units behind the class. Sharp, but much of "
    "it can stay when the network is untrained: compare with its row on random weights."
)
READS = "image"


def maps(
    tape: Tape,
    *,
    signed: bool = False,
    reduce: str | None = "max",
    clamp_gradient: bool = False,
) -> dict[str, Tensor]:
    """{"guided_backprop": (N, H, W)} at the size of the network's input.

    `reduce="sum"` adds the magnitudes of the channels; `signed=True` takes no magnitudes;
    `reduce=None` gives the guided gradient itself, (N, 3, H, W).
    """
    guided = tape.image_gradient(rule=Guided(clamp_gradient))
    return {"guided_backprop": reduce_channels(guided, reduce, signed=signed)}
