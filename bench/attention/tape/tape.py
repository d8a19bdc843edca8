"""`Tape`: one forward pass of a batch, from which all methods read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

import torch
from torch import Tensor

from bench.errors import NotApplicable, UsageError
from bench.networks import Network

from .excitation import Excitations
from .graph import unsteered
from .layers import Layer, find_layer, layer_tensor
from .nodes import Steering
from .operations import Operations
from .recorder import Recorder
from .rules import Excitation, Gradient, Rule

GRADIENT = Gradient()
EXCITATION = Excitation()
IMAGE = Layer("", activated=False)


class Tape:
    """One recorded forward pass; activations, and gradients by any rule, on demand.

    `images` is (N, 3, H, W), preprocessed; `targets` (N,) class indices, default the top class of
    each image. `watch` names layers that some method will ask for: a backward pass that comes by
    keeps their gradients, and so do the network's stages, because that costs no time.

    Attributes: `network`, `images`, `targets`, `logits` (N, K), `scores` (N,), all detached.

    A backward pass is run once per rule, per thing that is differentiated and per depth; the
    gradients that it meets are kept for the next method. Every image's gradient is that of its own
    score, so results do not depend on the other images of the batch.

    Use it in a `with` block: the graph and all tensors are freed at its end. The network's
    parameters, flags, mode and hooks and the caller's tensors are never written to.
    """

    def __init__(
        self,
        network: Network,
        images: Tensor,
        targets: Tensor | None = None,
        *,
        watch: tuple[str, ...] = (),
    ) -> None:
        if network.module.training:
            raise UsageError(f"{network.name} is in training mode; call its module.eval() first")
        names = dict.fromkeys([*network.stages, *watch])
        self._watched = [find_layer(network, name) for name in names]
        self.network = network
        self._steering = Steering()
        self._gradients: dict[tuple, dict[Layer, Tensor | None]] = {}
        self._excitations: Excitations | None = None
        self._operations: Operations | None = None
        self._unsteered: list[str] | None = None
        with _recording():
            self._input = _own(images, network).requires_grad_(True)
            self._record = Recorder(network.module, self._steering)
            self._result = self._record.run(self._input)
            self._check_result()
            self.images = self._input.detach()
            self.logits = self._result.detach()
            self.targets = _checked_targets(targets, self.logits)
            self.scores = self.logits.gather(1, self.targets[:, None])[:, 0]

    def __enter__(self) -> Tape:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Frees the graph and every tensor that the tape holds."""
        self._gradients.clear()
        self._excitations = self._operations = None
        self._record = self._result = self._input = None

    def activation(self, layer: str | None = None) -> Tensor:
        """What `layer` gave, (N, C, h, w); default the last stage. Names: see `find_layer`."""
        return self._tensor(find_layer(self.network, layer)).detach()

    def activated(self, module: str) -> Tensor:
        """What the activation function after this module gave, (N, C, h, w)."""
        return self._tensor(Layer(module, activated=True)).detach()

    def gradient(
        self, layer: str | None = None, *, of: str | None = None, rule: Rule = GRADIENT
    ) -> Tensor:
        """d score / d activation of `layer` by `rule`, (N, C, h, w); default the last stage.

        `of` says what is differentiated: None the target's logit of each image, a layer name the
        mean over channels and positions of that layer's activation.
        """
        return self._gradient(find_layer(self.network, layer), of, rule)

    def image_gradient(self, *, of: str | None = None, rule: Rule = GRADIENT) -> Tensor:
        """d score / d image by `rule`, (N, 3, H, W), in units of the preprocessed image."""
        return self._gradient(IMAGE, of, rule)

    @property
    def operations(self) -> Operations:
        """The operations of the forward pass that lead from the images to the scores."""
        if self._record is None:
            raise RuntimeError("this tape is closed")
        if self._operations is None:
            self._operations = Operations.of(self._input, self._record.log)
        return self._operations

    @property
    def result(self) -> Tensor:
        """The class scores (N, K) as the network gave them, still part of the graph."""
        if self._record is None:
            raise RuntimeError("this tape is closed")
        return self._result

    def excitation(self, layer: str | None = None, *, rule: Excitation = EXCITATION) -> Tensor:
        """Probabilities at `layer` by excitation backpropagation, (N, C, h, w).

        They start as one at the target's score. Their sum over a layer through which everything
        goes is the conserved mass, (N,): one where nothing was lost on the way, below where an
        active unit has no excitatory input, zero with a contrastive rule.

        Raises NotApplicable for operations without a rule between layer and score, naming them.
        """
        found = find_layer(self.network, layer)
        x = self._tensor(found)
        if self._excitations is None:
            self._excitations = Excitations(self.operations, self._result, self.targets)
        keep = [self._tensor(each) for each in self._watched]
        probabilities = self._excitations.at(x, rule, keep)
        if probabilities is None:
            raise UsageError(f"layer {found.module!r} does not lead to the score")
        return probabilities

    def _gradient(self, layer: Layer, of: str | None, rule: Rule) -> Tensor:
        source = None if of is None else find_layer(self.network, of)
        known = self._gradients.setdefault((source, rule), {})
        if layer not in known:
            self._refuse(rule)
            known.update(self._backward(layer, source, rule, set(known)))
        if known[layer] is None:
            raise UsageError(
                f"layer {layer.module!r} does not lead to "
                f"{'the score' if source is None else repr(of)}: there is no gradient"
            )
        return known[layer]

    def _backward(
        self, layer: Layer, source: Layer | None, rule: Rule, known: set[Layer]
    ) -> dict[Layer, Tensor | None]:
        """One backward pass as deep as `layer`; watched layers on the way are kept too.

        What was computed later in the forward cannot lie deeper, so asking for it costs nothing.
        """
        also = [
            other
            for other in self._watched
            if other not in known and other != layer and self._time(other) >= self._time(layer)
        ]
        if rule != GRADIENT:  # other rules are read at one place; a batch of VGG16's is 0.2 GB
            also = []
        layers = [layer, *also]
        tensors = [self._tensor(each) for each in layers]
        self._steering.rule = rule
        try:
            with _recording():
                # A sum, not a vector of ones beside it, which makes torch import sympy (0.7 s).
                seed = self._seed(source).sum()
                found = torch.autograd.grad([seed], tensors, retain_graph=True, allow_unused=True)
        finally:
            self._steering.rule = GRADIENT
        return dict(zip(layers, found, strict=True))

    def _seed(self, source: Layer | None) -> Tensor:
        """What is differentiated: one number per image, (N,)."""
        if source is None:
            return self._result.gather(1, self.targets[:, None])[:, 0]
        return self._tensor(source).flatten(1).mean(1)

    def _tensor(self, layer: Layer) -> Tensor:
        if self._record is None:
            raise RuntimeError("this tape is closed")
        return self._input if layer == IMAGE else layer_tensor(self._record, layer)

    def _time(self, layer: Layer) -> int:
        return 0 if layer == IMAGE else self._record.order.get(layer.module, -1)

    def _refuse(self, rule: Rule) -> None:
        """Raises NotApplicable where the rule has no answer for an activation function."""
        if rule == GRADIENT:
            return
        for name in self._record.other_activations:
            if reason := rule.refuses(name):
                raise NotApplicable(reason)
        if self._unsteered is None:
            self._unsteered = unsteered(self._result)
        if self._unsteered:
            raise NotApplicable(
                f"{type(rule).__name__.lower()}: the network contains {self._unsteered[0]}, "
                "which the tape cannot steer"
            )

    def _check_result(self) -> None:
        result = self._result
        if not isinstance(result, Tensor) or result.ndim != 2:
            shape = tuple(result.shape) if isinstance(result, Tensor) else type(result).__name__
            raise UsageError(f"{self.network.name} gives {shape}; expected class scores (N, K)")


@contextmanager
def _recording() -> Iterator[None]:
    """Autograd at work, whatever the caller has switched off."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


def _own(images: Tensor, network: Network) -> Tensor:
    """The images as a tensor of our own, in the network's number type and on its device."""
    if not isinstance(images, Tensor) or images.ndim != 4 or images.shape[1] != 3:
        found = tuple(images.shape) if hasattr(images, "shape") else type(images).__name__
        raise UsageError(f"images: expected a tensor (N, 3, H, W), preprocessed; found {found}")
    parameter = next(iter(network.module.parameters()), images)
    if not parameter.is_floating_point():
        parameter = images
    images = images.detach().to(device=parameter.device, dtype=parameter.dtype)
    return images.clone() if images.is_inference() else images.detach()


def _checked_targets(targets: Tensor | None, logits: Tensor) -> Tensor:
    """(N,) class indices on the device of the scores; default the top class of each image."""
    n, k = logits.shape
    if targets is None:
        return logits.argmax(1)
    targets = torch.as_tensor(targets, device=logits.device)
    if targets.shape != (n,) or targets.is_floating_point() or targets.dtype == torch.bool:
        raise UsageError(
            f"targets: expected {n} class indices, one per image; found {targets.dtype} "
            f"{tuple(targets.shape)}"
        )
    if n and (int(targets.min()) < 0 or int(targets.max()) >= k):
        raise UsageError(f"targets: expected class indices from 0 to {k - 1}")
    return targets.long().clone()
