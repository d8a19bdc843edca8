"""Guided Grad-CAM: the guided gradient, weighted by Grad-CAM brought to the image's grid.

    M[n] = max over channels of |G[n] * up(ReLU(sum_k a[n, k] f[n, k]))|

G (N, 3, H, W) is the signed guided gradient (strict, ReLU6 and functional rectifiers included), a
the mean gradient per channel and f the activation of `layer`, by default the last stage after its
activation function. `up` is bilinear with align_corners false; captum's default here is nearest,
which is another map. Grad-CAM's own ReLU is part of the definition and stays with `signed=True`.

Source: Selvaraju et al. 2017, Grad-CAM, section 3.2 (their fusion by element-wise multiplication).
"""

from torch import Tensor

from bench.attention.tape import Guided, Tape, reduce_channels, upsample

LABEL = "Guided Grad-CAM"
REFERENCE = (
    "Selvaraju et al. 2017, Grad-CAM: Visual Explanations from Deep Networks, "
    "doi:10.1109/ICCV.2017.74"
)
READING = (
    "High at the fine detail of guided backprop inside the region of Grad-CAM, zero outside it."
)
READS = "image"


def maps(
    tape: Tape,
    *,
    layer: str | None = None,
    signed: bool = False,
    reduce: str | None = "max",
    clamp_gradient: bool = False,
) -> dict[str, Tensor]:
    """{"guided_gradcam": (N, H, W)} at the size of the network's input.

    `reduce="sum"` adds the magnitudes of the channels; `signed=True` takes no magnitudes;
    `reduce=None` gives the product itself, (N, 3, H, W).
    """
    guided = tape.image_gradient(rule=Guided(clamp_gradient))
    weights = tape.gradient(layer).mean((2, 3), keepdim=True)
    coarse = (weights * tape.activation(layer)).sum(1, keepdim=True).relu()
    product = guided * upsample(coarse, guided.shape[-2:])
    return {"guided_gradcam": reduce_channels(product, reduce, signed=signed)}
