"""Grad-CAM: an activation, its channels weighted by the mean gradient of the class score.

    a[n, k] = mean over positions of d logit / d f[n, k],    M[n] = ReLU(sum_k a[n, k] f[n, k])

f (N, C, h, w) is the layer's activation, by default the last stage after its activation function
(VGG16: conv5_3 after its ReLU, 14 x 14 at 224 px, not the pooled map). The ReLU comes after the sum
over channels and before any upsampling. The score is the logit.

Source: Selvaraju et al. 2017, Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization, section 3, equations 1 and 2.
"""

from torch import Tensor

from bench.attention.tape import Tape
from bench.errors import unknown_name

LABEL = "Grad-CAM"
REFERENCE = (
    "Selvaraju et al. 2017, Grad-CAM: Visual Explanations from Deep Networks, "
    "doi:10.1109/ICCV.2017.74"
)
READING = (
    "High where features that raise the class score are active, zero elsewhere; as coarse as "
    "the layer's grid. On a network that CAM fits exactly it is CAM without the negative "
    "part."
)


def maps(
    tape: Tape, *, layer: str | None = None, signed: bool = False, reduce: str | None = "sum"
) -> dict[str, Tensor]:
    """{"gradcam": (N, h, w)}, non-negative; any sign with `signed=True`.

    `reduce=None` gives the summands a[k] f[k], (N, C, h, w).
    """
    if reduce not in (None, "sum"):
        raise unknown_name("reduce", str(reduce), ("sum",))
    weights = tape.gradient(layer).mean((2, 3), keepdim=True)
    values = weights * tape.activation(layer)
    if reduce is None:
        return {"gradcam": values}
    total = values.sum(1)
    return {"gradcam": total if signed else total.relu()}
