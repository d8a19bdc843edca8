"""Densely Connected Attention Model (DCAM): a map per stage and their sums from the last one down.

f_i (C, h, w) is the activation of stage i with N = h w positions, n the number of stages, and
G_i = d GT / d f_i with GT the mean of f_n over channels and positions. Then, per image,

    A_i  = (softmax over channels of (sum over positions of G_i)
            + softmax over positions of (sum over channels of G_i)) * f_i * f_i
    M_i  = mean over channels of A_i                                  -> dense_conv{i}
    S_i  = sum of up(M_j), j = n, n - 1, ..., i, on one grid          -> dense_conv54, 543, ...

No class takes part, and all maps share one backward pass.

Source: Ebrahimpour, Falandays, Spevack & Noelle 2019, equations 5 to 14. What the text leaves open,
and what we do (each an option):

* GT is defined through the last attended map, which needs GT. The plain last activation is used
  (as in the authors' earlier work). G_n is then the same everywhere: M_n = (1/C + 1/N) mean(f^2).
* Equation 12 multiplies two terms that contain f by f again: `apply_f="twice"` (literal), or
  `"once"` (their figure 7).
* The softmaxes weigh 1/C and 1/N, a fixed proportion: `balance="literal"`, or `"mean_one"` (times C
  and N, so that both have mean one).
* The logits are tiny and the softmaxes close to uniform: `scale="literal"`, `"zscore"` (logits to
  mean 0 and deviation 1 per image), or a number they are multiplied by.
* Equation 13 concatenates channels, 14 adds the layers' means; 14 is done. `reduce=None` gives 13.
* The sums stand on the grid of their shallowest layer, `grid="layer"` (literal), or `"image"`.
* Nothing is normalised before the sum: `layer_norm="none"` (literal), or each layer's map divided
  by its `"max"` or `"sum"` (an all-zero map stays zero).

Signs are kept; with rectified stages, the default of all our networks, nothing is negative.
"""

import torch
from torch import Tensor

from bench.attention.tape import Tape, upsample
from bench.errors import NotApplicable, UsageError, unknown_name

LABEL = "Dense (DCAM)"
REFERENCE = (
    "Ebrahimpour, Falandays, Spevack & Noelle 2019, Do Humans Look Where Deep Convolutional "
    "Neural Networks 'Attend'?, doi:10.1007/978-3-030-33723-0_5"
)
READING = (
    "High where a layer is strongly active, most in the channels and places that drive the "
    "network's last activation; no class takes part. conv1 is the first stage (edges), conv5 "
    "the last (objects); conv54 adds conv4 to conv5, conv543 conv3, and so on."
)


def maps(
    tape: Tape,
    *,
    apply_f: str = "twice",
    balance: str = "literal",
    scale: str | float = "literal",
    grid: str = "layer",
    layer_norm: str = "none",
    reduce: str | None = "mean",
    signed: bool = False,
) -> dict[str, Tensor]:
    """{"dense_conv1": (N, h_1, w_1), ..., "dense_conv54": (N, h_4, w_4), ...}.

    `reduce=None` gives channels: A_i for a single layer, the concatenation from n down to i (eq.
    13, on one grid) for a sum. There is no final ReLU, so `signed` changes nothing. Raises
    NotApplicable for a network without stages.
    """
    _check("apply_f", apply_f, ("twice", "once"))
    _check("balance", balance, ("literal", "mean_one"))
    _check("grid", grid, ("layer", "image"))
    _check("layer_norm", layer_norm, ("none", "max", "sum"))
    _check("reduce", reduce, ("mean", None))
    stages = list(tape.network.stages)
    if not stages:
        raise NotApplicable(f"dense needs stages; {tape.network.name} names none")
    attended = {}
    # The shallowest stage first: its backward pass meets all others.
    for number, stage in enumerate(stages, start=1):
        f, G = tape.activation(stage), tape.gradient(stage, of=stages[-1])
        A = (_channels(G, balance, scale) + _positions(G, balance, scale)) * f
        A = A * f if apply_f == "twice" else A
        A = A if reduce is None else A.mean(1, keepdim=True)
        attended[number] = _normalised(A, layer_norm)
    found = {f"dense_conv{number}": A for number, A in attended.items()}
    found |= _sums(attended, tape.images.shape[-2:] if grid == "image" else None, reduce)
    return {name: A if reduce is None else A[:, 0] for name, A in found.items()}


def _sums(
    attended: dict[int, Tensor], image: tuple[int, int] | None, reduce: str | None
) -> dict[str, Tensor]:
    """The combinations from the last stage down: conv54, conv543, ... for five stages."""
    found, label, deep = {}, "", []
    for number in reversed(attended):
        label += str(number)
        deep.append(attended[number])
        if len(deep) > 1:
            size = image or attended[number].shape[-2:]
            parts = [upsample(A, size) for A in deep]
            found[f"dense_conv{label}"] = torch.cat(parts, 1) if reduce is None else sum(parts)
    return found


def _channels(G: Tensor, balance: str, scale: str | float) -> Tensor:
    """The channel attention, (N, C, 1, 1); its sum over channels is one (or C)."""
    weights = _scaled(G.sum((2, 3)), scale).softmax(1)[:, :, None, None]
    return weights * G.shape[1] if balance == "mean_one" else weights


def _positions(G: Tensor, balance: str, scale: str | float) -> Tensor:
    """The spatial attention, (N, 1, h, w); its sum over positions is one (or h w)."""
    total = G.sum(1)
    weights = _scaled(total.flatten(1), scale).softmax(1).view_as(total)[:, None]
    return weights * total[0].numel() if balance == "mean_one" else weights


def _scaled(logits: Tensor, scale: str | float) -> Tensor:
    """Logits (N, M) as the softmax takes them."""
    if scale == "literal":
        return logits
    if scale == "zscore":
        centred = logits - logits.mean(1, keepdim=True)
        deviation = centred.square().mean(1, keepdim=True).sqrt()
        # The last stage's logits are all equal: round-off must not be blown up to deviation one.
        flat = deviation <= 1e-6 * logits.abs().amax(1, keepdim=True)
        return torch.where(flat, torch.zeros_like(centred), centred / deviation)
    if isinstance(scale, int | float) and not isinstance(scale, bool):
        return logits * scale
    raise UsageError(f"dense: scale is {scale!r}; expected 'literal', 'zscore' or a number")


def _normalised(A: Tensor, layer_norm: str) -> Tensor:
    """A layer's map (N, C, h, w), divided by the maximum or sum of its channel mean."""
    if layer_norm == "none":
        return A
    flat = A.mean(1).flatten(1)
    size = (flat.amax(1) if layer_norm == "max" else flat.sum(1))[:, None, None, None]
    return torch.where(size == 0, torch.zeros_like(A), A / torch.where(size == 0, 1.0, size))


def _check(option: str, value: object, known: tuple) -> None:
    if value not in known:
        raise unknown_name(option, str(value), [str(each) for each in known])
