"""Contrastive excitation backpropagation (c-MWP): what excites the class and nothing against it.

One step below the classifier, with its weights W, stands the probability P+ of excitation
backpropagation, and P- is the same with -W; each sums to one. Their difference goes down like a
probability, and M[n] = ReLU(sum over channels of it at `layer`), (N, h, w). Excitation
backpropagation is linear in what it starts from, so one pass of the difference is the difference of
two passes, wherever it is taken. Before the ReLU the map sums to zero (where nothing was lost) and
changes sign with the class weights.

Below global average pooling and a linear layer with weights w of the class, with f the last
activation at N positions, it is ReLU(sum_k (w+_k / Z+ - w-_k / Z-) f_k) / N with
Z+- = sum_k w+-_k mean(f_k): CAM, its two signs made equally strong.

Options and choices as in excitation backpropagation. On VGG16 the difference is a small part of
either probability (1e-4), so float32 costs several digits. The authors call the method
patent-pending.

Source: Zhang, Bargal, Lin, Brandt, Shen & Sclaroff 2016/2018, Top-Down Neural Attention by
Excitation Backprop, section 3.3.
"""

from torch import Tensor

from bench.attention._excitation import default_layer
from bench.attention.tape import Excitation, Tape
from bench.errors import unknown_name

LABEL = "Contrastive excitation backprop"
REFERENCE = (
    "Zhang et al. 2018, Top-Down Neural Attention by Excitation Backprop, "
    "doi:10.1007/s11263-017-1059-x"
)
READING = (
    "High where something speaks for this class more than against it; what excites all "
    "classes alike cancels out. Zero: no more for the class than against it."
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
    """{"contrastive_excitation_backprop": (N, h, w)}, non-negative; any sign with `signed=True`.

    `reduce=None` gives the difference with channels, (N, C, h, w). Raises NotApplicable for
    operations without a rule above `layer`, naming them.
    """
    if reduce not in (None, "sum"):
        raise unknown_name("reduce", str(reduce), ("sum",))
    rule = Excitation(negative=negative, fold_batch_norm=fold_batch_norm, contrastive=True)
    difference = tape.excitation(layer or default_layer(tape.network), rule=rule)
    if reduce is None:
        return {"contrastive_excitation_backprop": difference}
    total = difference.sum(1)
    return {"contrastive_excitation_backprop": total if signed else total.relu()}
