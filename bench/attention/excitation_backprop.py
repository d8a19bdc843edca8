"""Excitation backpropagation (MWP): where a winner-take-all search for the class would end.

A probability of one at the class score goes down layer by layer. A unit hands what it has to its
inputs in proportion to how much each of them excites it,

    p(i) = x_i * sum_j w+_ij p(j) / (sum_k w+_kj x_k),    w+ = max(w, 0)

and M[n] = sum over channels of p at `layer`, (N, h, w), non-negative. Biases take no part. A unit
that nothing excites loses its share, so M sums to at most one; how much is left at each layer says
`bench.attention.excitation_mass`.

Choices that decide numbers: a normaliser of exactly zero gives zero; activation functions
(saturated ReLU6 units too), batch norm, local response norm and dropout pass p on as it is; a max
pool gives all to the winner, the first one on ties; an average gives in proportion to the values of
its window; a residual sum is split in proportion to its addends; concatenations are sliced.

Options: `negative` says what becomes of negative inputs, which the paper assumes away: `"clamp"`
(they excite nothing), `"raw"` (as they are; then p is no probability and may be of any size) or
`"signed"` (a negative input excites through a negative weight). `fold_batch_norm` gives weights the
sign of the scale of the batch norm behind them, as in the authors' networks. `layer` is any layer;
the default is the authors' where they name one: VGG pool4, ResNet layer3, GoogLeNet pool3, and the
stage before the last elsewhere. The authors call the method patent-pending.

Source: Zhang, Bargal, Lin, Brandt, Shen & Sclaroff 2016/2018, Top-Down Neural Attention by
Excitation Backprop, section 3.2, equations 7 to 10.
"""

from torch import Tensor

from bench.attention._excitation import default_layer
from bench.attention.tape import Excitation, Tape
from bench.errors import unknown_name

LABEL = "Excitation backprop"
REFERENCE = (
    "Zhang et al. 2018, Top-Down Neural Attention by Excitation Backprop, "
    "doi:10.1007/s11263-017-1059-x"
)
READING = (
    "Each value is a share of probability, together at most 1: high where most of what "
    "excites the class comes from, also where it excites other classes just as well."
)


def maps(
    tape: Tape,
    *,
    layer: str | None = None,
    negative: str = "clamp",
    fold_batch_norm: bool = False,
    signed: bool = False,
    reduce: str | None = "sum",
) -> dict[str, Tensor]:
    """{"excitation_backprop": (N, h, w)}; non-negative unless `negative="raw"`.

    There is no final ReLU, so `signed` changes nothing. `reduce=None` gives channels, (N, C, h, w).
    Raises NotApplicable for operations without a rule above `layer`, naming them.
    """
    if reduce not in (None, "sum"):
        raise unknown_name("reduce", str(reduce), ("sum",))
    rule = Excitation(negative=negative, fold_batch_norm=fold_batch_norm)
    p = tape.excitation(layer or default_layer(tape.network), rule=rule)
    return {"excitation_backprop": p if reduce is None else p.sum(1)}
