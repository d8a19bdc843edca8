"""Class activation mapping: the last activation, weighted by the class's own linear weights.

    M[n] = sum_k w[c, k] f[n, k],    mean(M) + b[c] = logit of class c

f (N, C, h, w) is the last stage after its activation function (DenseNet's and EfficientNet-Lite0's
last rectifier is no module, so a hook on the last batch norm would be before it). No ReLU, no bias,
no scaling, hence the identity on the right. Where the last convolution has one channel per class
and is averaged after its ReLU (SqueezeNet), M is that channel.

Exact for these two heads; other networks are not applicable.

Source: Zhou, Khosla, Lapedriza, Oliva & Torralba 2016, Learning Deep Features for Discriminative
Localization, section 2, equations 1 and 2 (their F_k is the sum, ours the mean over positions, as
in the networks).
"""

from torch import Tensor

from bench.attention.tape import Tape
from bench.errors import NotApplicable, unknown_name

LABEL = "CAM"
REFERENCE = "Zhou et al. 2016, Learning Deep Features for Discriminative Localization"


def maps(tape: Tape, *, reduce: str | None = "sum", signed: bool = False) -> dict[str, Tensor]:
    """{"cam": (N, h, w)}, signed: CAM has no final ReLU, so `signed` changes nothing.

    `reduce=None` gives the summands w[c, k] f[k], (N, C, h, w); for a head of one channel per
    class that channel, (N, 1, h, w). Raises NotApplicable for any other head.
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
    else:
        raise NotApplicable(
            f"cam needs global average pooling and one linear layer behind the last convolution; "
            f"the classifier of {tape.network.name} is {kind.replace('_', ' ')}"
        )
    return {"cam": values if reduce is None else values.sum(1)}
