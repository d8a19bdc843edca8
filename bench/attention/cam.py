"""Class activation mapping: the last activation, weighted by the class's own linear weights.

    M[n] = sum_k w[c, k] f[n, k],    mean(M) + b[c] = logit of class c

f (N, C, h, w) is the last stage after its activation function (DenseNet's and EfficientNet-Lite0's
last rectifier is no module, so a hook on the last batch norm would be before it). No ReLU, no bias,
no scaling, hence the identity on the right. Where the last convolution has one channel per class
and is averaged after its ReLU (SqueezeNet), M is that channel.

Exact for these two heads. Where fully connected layers follow, w is fitted: the class scores of
many images are regressed on the pooled activation (`bench.attention.fit_cam`, `bench fit-cam`), and
the option `fit` takes the result or its file. R^2 says how linear the network is there. In the
workflow a fit is made once per network and data set; the options FIT_OPTIONS are the fit's.

Source: Zhou, Khosla, Lapedriza, Oliva & Torralba 2016, Learning Deep Features for Discriminative
Localization, section 2, equations 1 and 2 (their F_k is the sum, ours the mean over positions, as
in the networks).
"""

from pathlib import Path

import torch
from torch import Tensor

from bench.attention._ridge import RidgeFit, load_fit
from bench.attention.tape import Tape
from bench.errors import NotApplicable, UsageError, unknown_name

LABEL = "CAM"
REFERENCE = (
    "Zhou et al. 2016, Learning Deep Features for Discriminative Localization, "
    "doi:10.1109/CVPR.2016.319"
)
READING = (
    "High where features that speak for the class are active, below zero where they speak "
    "against it; as coarse as the last layer's grid."
)
# Options that the configuration gives to the fit (rule `fit_cam`), not to the maps.
FIT_OPTIONS = ("fit_images", "layer", "pool", "intercept", "alpha")


def maps(
    tape: Tape,
    *,
    fit: RidgeFit | str | Path | None = None,
    reduce: str | None = "sum",
    signed: bool = False,
) -> dict[str, Tensor]:
    """{"cam": (N, h, w)}, signed: CAM has no final ReLU, so `signed` changes nothing.

    `reduce=None` gives the summands w[c, k] f[k], (N, C, h, w); for a head of one channel per
    class that channel, (N, 1, h, w). `fit` is for other heads; an exact head does not need it and
    ignores it. Raises NotApplicable for another head without a fit, UsageError for the fit of
    another network.
    """
    if reduce not in (None, "sum"):
        raise unknown_name("reduce", str(reduce), ("sum",))
    head = tape.network.classifier
    kind = head.kind if head else "unknown"
    if kind == "gap_linear":
        weight = tape.network.module.get_submodule(head.layer).weight.detach()
        values = weight[tape.targets][:, :, None, None] * tape.activation()
    elif kind == "conv_gap":
        classes = tape.activated(head.layer)
        values = classes[range(len(classes)), tape.targets][:, None]
    elif fit is not None:
        fit = _fitted(fit, tape)
        weight = torch.from_numpy(fit.weights).to(tape.images)
        values = weight[tape.targets][:, :, None, None] * tape.activation(fit.layer)
    else:
        raise NotApplicable(
            f"cam needs global average pooling and one linear layer behind the last convolution; "
            f"the classifier of {tape.network.name} is {kind.replace('_', ' ')}. Fit its scores: "
            "bench fit-cam, then the option fit=FILE (Python: bench.attention.fit_cam)"
        )
    return {"cam": values if reduce is None else values.sum(1)}


def _fitted(fit: RidgeFit | str | Path, tape: Tape) -> RidgeFit:
    """The fit, read from its file, checked to be this network's."""
    network = tape.network
    if isinstance(fit, str | Path):
        fit = load_fit(fit)
    if not isinstance(fit, RidgeFit):
        raise UsageError(f"cam: fit is {fit!r}; expected a RidgeFit or the file of bench fit-cam")
    if (fit.network, fit.weights_id) != (network.name, network.weights_id):
        raise UsageError(
            f"cam: the fit is of {fit.network} with the weights {fit.weights_id}; this network is "
            f"{network.name} with {network.weights_id}: make its own with bench fit-cam"
        )
    return fit
