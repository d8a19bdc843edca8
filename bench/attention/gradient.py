"""Gradient saliency: how much the class score changes with each pixel.

    M[n] = max over channels of |d logit / d x[n]|

x is the preprocessed image, so the unit is logits per unit of the network's input.

Source: Simonyan, Vedaldi & Zisserman 2013, Deep Inside Convolutional Networks, section 3.1.
"""

from torch import Tensor

from bench.attention.tape import Tape, reduce_channels

LABEL = "Gradient"
REFERENCE = "Simonyan et al. 2013, Deep Inside Convolutional Networks, doi:10.48550/arXiv.1312.6034"
READING = (
    "High where a small change of a pixel would change the class score most, up or down: "
    "sensitivity, not evidence. Fine and grainy."
)
READS = "image"


def maps(tape: Tape, *, signed: bool = False, reduce: str | None = "max") -> dict[str, Tensor]:
    """{"gradient": (N, H, W)} at the size of the network's input.

    `reduce="sum"` adds the magnitudes of the channels; `signed=True` takes no magnitudes;
    `reduce=None` gives the gradient itself, (N, 3, H, W).
    """
    return {"gradient": reduce_channels(tape.image_gradient(), reduce, signed=signed)}
