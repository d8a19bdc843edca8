"""Weights from files or from where they are published, checked, put into a module."""

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.error import URLError

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from bench.errors import DataError

from ._fingerprint import missing_file


def build(
    make: Callable[[], nn.Module],
    state: dict | None,
    check: Callable[[nn.Module, dict], None],
    *,
    on_meta: bool = True,
) -> nn.Module:
    """The module of `make` with the tensors of `state`; as constructed where `state` is None.

    With weights nothing is drawn from the global random generator, and with `on_meta` the module
    is made without memory, so that its random initialisation costs no time either.
    """
    if state is None:
        return make()
    with torch.random.fork_rng(devices=[]), torch.device("meta" if on_meta else "cpu"):
        module = make()
    check(module, state)
    module.load_state_dict(state, strict=True, assign=True)
    return module


def read_state(name: str, paths: Sequence[Path]) -> tuple[dict, str]:
    """The union of the state dicts in `paths`, and what the files say about their `input`."""
    state: dict[str, torch.Tensor] = {}
    said = ""
    for path in paths:
        tensors, metadata = _read(name, path)
        twice = sorted(state.keys() & tensors.keys())
        if twice:
            raise DataError(f"{name}: {path} repeats {_few(twice)} of the files before it")
        state |= tensors
        said = said or metadata.get("input", "")
    return state, said


def _read(name: str, path: Path) -> tuple[dict, dict]:
    try:
        with path.open("rb"):
            pass
        if path.suffix == ".safetensors":
            with safe_open(path, "pt") as file:
                return {key: file.get_tensor(key) for key in file.keys()}, file.metadata() or {}  # noqa: SIM118
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise DataError(missing_file(name, path, error)) from None
    except (SafetensorError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise DataError(
            f"{name}: {path} is no readable weight file ({_first_line(error)}); expected a state "
            "dict as .safetensors or .pth (loaded with weights_only=True)"
        ) from None
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in content.items()
    ):
        raise DataError(
            f"{name}: {path} holds a {type(content).__name__} that is no state dict; expected "
            "parameter names and tensors"
        )
    return dict(content), {}


def published(name: str, fetch: Callable[[], dict]) -> dict:
    """What `fetch` brings; one clear message where the network or the file is not there."""
    try:
        return fetch()
    except (URLError, OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise DataError(
            f"{name}: its published weights could not be had ({_first_line(error)}); connect once, "
            f"or name a local file: weights={{{name}: PATH}} (safetensors or .pth)"
        ) from None


def fit(
    name: str, module: nn.Module, state: dict, origin: str, advice: Callable[[list[str]], str]
) -> None:
    """Raises DataError unless `state` has exactly the module's keys and shapes."""
    wanted = module.state_dict()
    # Files made before PyTorch 0.4.1 have no counters of batches; they do nothing in evaluation.
    for key in wanted.keys() - state.keys():
        if key.endswith("num_batches_tracked"):
            state[key] = torch.zeros((), dtype=torch.long)
    missing = sorted(wanted.keys() - state.keys())
    unexpected = sorted(state.keys() - wanted.keys())
    shapes = [
        f"{key} is {tuple(state[key].shape)}, expected {tuple(wanted[key].shape)}"
        for key in sorted(wanted.keys() & state.keys())
        if state[key].shape != wanted[key].shape
    ]
    found = []
    if missing:
        found.append(f"missing {_few(missing)}")
    if unexpected:
        found.append(f"not part of this network: {_few(unexpected)}")
    if shapes:
        found.append(_few(shapes))
    if found:
        hint = advice(missing) or f"check that weights={{{name}: PATH}} names this network's file"
        raise DataError(f"{name}: {origin} does not fit the network: {'; '.join(found)}. {hint}")


def _few(items: Sequence[str], limit: int = 3) -> str:
    more = f" and {len(items) - limit} more" if len(items) > limit else ""
    return ", ".join(items[:limit]) + more


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
