"""Stages and classifier of a network nobody has described, found by walking its graph.

Every path from the image to the scores passes some tensors; the others lie in branches (inside of
a residual block, an inception module, a squeeze-and-excitation). On this chain:

* Stage i is the last activation before each halving of the resolution. An activation is the output
  of an activation function, or such outputs joined (inception, fire, shuffle). Where all activation
  functions of a resolution lie in branches (ConvNeXt), it is the last residual sum.
* The stage's name in the network is the outermost module that gives this tensor, directly or
  through the activation function that follows it, and holds no earlier stage.
* The classifier is the module that gives the scores, and its kind what stands in between
  (`Classifier`).

A network without convolutional stages (a vision transformer: its tensors are no grids (N, C, h, w))
gets none; methods that need a layer then are not applicable. Nor does one whose grids end early,
with most of the layers that have weights behind them (a transformer with a convolutional stem).

On the networks that are described by hand (vgg.py, resnet.py, ...) this finds the same.
"""

from __future__ import annotations

from torch import nn

from ._graph import ACTIVATIONS, MOVES, Graph, record
from ._network import Classifier

SUMS = {"add", "iadd", "radd"}
AVERAGES = {"adaptive_avg_pool2d", "avg_pool2d", "mean"}
WEIGHING = {"conv2d", "linear", "matmul", "einsum", "scaled_dot_product_attention"}
# A step counts as a halving from this ratio of areas on: a convolution without padding does not.
HALVED = 2.0


def walk(
    module: nn.Module, input_size: tuple[int, int]
) -> tuple[dict[str, str], Classifier | None]:
    """({"conv1": module name, ...}, classifier or None) of a network in evaluation mode.

    `input_size` is (rows, columns). No value is computed and the module is not changed.
    """
    graph = record(module, input_size)
    if graph.result is None:
        return {}, None
    layer, head = _class_layer(module, graph)
    before = graph.result if head is None else head
    stages, nodes = _stages(graph, before)
    if nodes and _mostly_behind(graph, nodes[-1]):
        stages, nodes = {}, []
    if layer is None:
        return stages, None
    last = nodes[-1] if nodes else None
    return stages, Classifier(layer, _kind(graph, head, last))


def _stages(graph: Graph, before: int) -> tuple[dict[str, str], list[int]]:
    """Stage names with their modules, and their nodes."""
    found: list[tuple[str, int]] = []
    for level in _levels(graph, before):
        for kind in ("activation", "sum"):
            nodes = [number for number in reversed(level) if _is(graph, number, kind)]
            earlier = [node for _, node in found]
            named = ((_module(graph, node, earlier), node) for node in nodes)
            stage = next(((name, node) for name, node in named if name), None)
            if stage:
                found.append(stage)
                break
    return {f"conv{i}": name for i, (name, _) in enumerate(found, 1)}, [node for _, node in found]


def _mostly_behind(graph: Graph, number: int) -> bool:
    """Whether most of the weighing operations on positions or tokens come after this node."""
    weighing = [
        i
        for i, node in enumerate(graph.nodes)
        if node.operation in WEIGHING and len(node.shape) > 2 and _count(node.shape[2:]) > 1
    ]
    return sum(i > number for i in weighing) > len(weighing) / 2


def _levels(graph: Graph, before: int) -> list[list[int]]:
    """The grids that every path passes, split where the resolution halves."""
    levels: list[list[int]] = []
    area = None
    for number in _chain(graph):
        node = graph.nodes[number]
        if number == 0 or number >= before or not node.is_grid:
            continue
        size = node.shape[2] * node.shape[3]
        if area is None or size * HALVED <= area:
            levels.append([])
        levels[-1].append(number)
        area = size
    return levels


def _chain(graph: Graph) -> list[int]:
    """The nodes that every path from the image to the result passes, in order.

    Nodes are numbered in the order of their making, so every path ascends, and a node is passed by
    all of them unless an edge that leads to the result jumps over it.
    """
    leads = {graph.result}
    for number in range(graph.result, -1, -1):
        if number in leads:
            leads.update(graph.nodes[number].inputs)
    farthest, chain = 0, []
    readers: dict[int, int] = {}
    for number in leads:
        for source in graph.nodes[number].inputs:
            readers[source] = max(readers.get(source, 0), number)
    for number in sorted(leads):
        if farthest <= number:
            chain.append(number)
        farthest = max(farthest, readers.get(number, 0))
    return chain


def _is(graph: Graph, number: int, kind: str) -> bool:
    node = graph.nodes[number]
    if kind == "activation":
        return node.state == "activation"
    return node.operation in SUMS and len(node.inputs) > 1


def _module(graph: Graph, node: int, earlier: list[int]) -> str:
    """The outermost module that gives this node and holds no earlier stage; "" if none does.

    Not one that is called several times: its name would not say at which place.
    """
    fitting = []
    for order, (name, call) in enumerate(graph.calls.items()):
        if not name or call.times > 1 or call.output is None:
            continue
        if _activated(graph, call.output) != node:
            continue
        if not any(call.begin <= other < call.end for other in earlier):
            fitting.append((call.output != node, name.count("."), order, name))
    return min(fitting)[-1] if fitting else ""


def _activated(graph: Graph, number: int) -> int:
    """The first activation function that reads a node; the node itself if none does."""
    for other in range(number + 1, len(graph.nodes)):
        node = graph.nodes[other]
        if number in node.inputs and node.operation in ACTIVATIONS:
            return other
    return number


def _class_layer(module: nn.Module, graph: Graph) -> tuple[str | None, int | None]:
    """The module that holds the class weights and the node it gives; (None, None) if unknown."""
    node = _source(graph, graph.result)
    if _averages(graph, node):  # one channel per class, averaged (after an activation function)
        node = _source(graph, graph.nodes[node].inputs[0])
        if graph.nodes[node].operation in ACTIVATIONS:
            node = _source(graph, graph.nodes[node].inputs[0])
    classes = graph.nodes[graph.result].shape[-1]
    parts = dict(module.named_modules())
    for name, call in graph.calls.items():
        part = parts.get(name)
        if call.output != node or not isinstance(part, nn.Linear | nn.Conv2d):
            continue
        if part.weight.shape[0] == classes:
            return name, node
    return None, None


def _kind(graph: Graph, head: int, last_stage: int | None) -> str:
    if graph.nodes[head].is_grid:
        return "conv_gap"
    pooled = _source(graph, graph.nodes[head].inputs[0])
    linear = graph.nodes[head].operation == "linear"
    if linear and _averages(graph, pooled):
        source = _source(graph, graph.nodes[pooled].inputs[0])
        if source == last_stage:
            return "gap_linear"
    return "fully_connected"


def _source(graph: Graph, number: int) -> int:
    """Back through what only moves values of one tensor."""
    while graph.nodes[number].operation in MOVES and len(graph.nodes[number].inputs) == 1:
        source = graph.nodes[number].inputs[0]
        if _count(graph.nodes[source].shape) != _count(graph.nodes[number].shape):
            break  # a part of it, such as the class token
        number = source
    return number


def _averages(graph: Graph, number: int) -> bool:
    """Whether this node is the average over all positions of a grid, (N, C) or (N, C, 1, 1)."""
    node = graph.nodes[number]
    if node.operation not in AVERAGES:
        return False
    source = graph.nodes[node.inputs[0]]
    return source.is_grid and node.shape[:2] == source.shape[:2] and _count(node.shape[2:]) == 1


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count
