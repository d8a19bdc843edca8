"""`load_network`: a family's blueprint, filled with weights, as a `Network`."""

import dataclasses
import importlib

import torch

from bench.errors import DataError, UsageError, unknown_name

from ._fingerprint import Weights, needs_files, weight_files, weights_fingerprint
from ._network import Blueprint, Classifier, Network
from ._preprocessing import Preprocessing
from ._registry import network_entry
from ._walk import walk
from ._weights import build, fit, published, read_state


def load(
    name: str,
    *,
    weights: Weights = "default",
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
    preprocessing: str | None = None,
) -> Network:
    """See `bench.networks.load_network`."""
    entry = network_entry(name)
    name = entry.name
    family = importlib.import_module(f"bench.networks.{entry.path.stem}")
    blueprint: Blueprint = family.blueprint(name)
    files = weight_files(weights)
    state, said, origin = None, "", ""
    if files:
        state, said = read_state(name, files)
        origin = " + ".join(str(path) for path in files)
    elif weights is not None:
        if blueprint.fetch is None:
            raise UsageError(needs_files(name))
        state, origin = published(name, blueprint.fetch), entry.source
    if state is not None:
        state = blueprint.rename(state)
    module = build(
        blueprint.make,
        state,
        lambda made, tensors: fit(name, made, tensors, origin, blueprint.missing),
        on_meta=blueprint.on_meta,
    )
    module.eval().requires_grad_(False)
    prepare = _preprocessing(name, blueprint, preprocessing, said)
    stages, classifier = blueprint.stages, blueprint.classifier
    if stages is None:
        stages, classifier = _walked(name, module, prepare.size)
    try:
        module.to(device=device, dtype=dtype, memory_format=memory_format(device))
    except (RuntimeError, AssertionError) as error:
        raise UsageError(f"{name}: device {str(device)!r} cannot be used: {error}") from None
    return Network(
        name=name,
        label=entry.label,
        module=module,
        preprocess=prepare,
        input_size=prepare.size,
        stages=dict(stages),
        classes=blueprint.classes,
        classifier=classifier,
        weights_id=weights_fingerprint(name, weights),
    )


def _walked(
    name: str, module: torch.nn.Module, size: tuple[int, int]
) -> tuple[dict[str, str], Classifier | None]:
    """Stages and classifier of a network that no file describes."""
    try:
        return walk(module, size)
    except (RuntimeError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"{name}: its stages cannot be found by walking its graph: {error}. A file in "
            "bench/networks/ that names them makes it usable"
        ) from None


def memory_format(device: str | torch.device) -> torch.memory_format:
    """How image tensors lie in memory: channels last on a GPU, whose matrix units read them so."""
    gpu = torch.device(device).type == "cuda"
    return torch.channels_last if gpu else torch.preserve_format


def _preprocessing(name: str, blueprint: Blueprint, wanted: str | None, said: str) -> Preprocessing:
    """The preprocessing asked for; else the one a weight file's own `input` names; else the first.

    A safetensors file may say in its metadata `input` that its network wants BGR values of 0..255
    minus a mean pixel; feeding it torchvision's RGB gives finite but wrong scores, so this is read.
    """
    known = blueprint.preprocessing
    if wanted is not None:
        if wanted not in known:
            raise unknown_name(f"preprocessing for {name}", wanted, known)
        return known[wanted]
    if said.startswith("BGR") and "caffe" in known:
        mean = said.partition("[")[2].partition("]")[0]
        try:
            blue, green, red = (float(value) for value in mean.split(","))
        except ValueError:
            raise DataError(
                f"{name}: the weight file's metadata say input {said!r}; expected a mean pixel "
                "[B,G,R], or give preprocessing=caffe"
            ) from None
        return dataclasses.replace(known["caffe"], mean=(blue, green, red))
    return next(iter(known.values()))
