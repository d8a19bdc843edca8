"""Which weights a network has, as a short text; torch-free, for the workflow's planner."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.errors import DataError, UsageError
from bench.files import sha256

from ._registry import network_entry

Weights = str | Path | Sequence[str | Path] | None


def weight_files(weights: Weights) -> tuple[Path, ...]:
    """The local files that `weights` names: none for "default" and None."""
    if weights is None or weights == "default":
        return ()
    if isinstance(weights, str | Path):
        return (Path(weights).expanduser(),)
    return tuple(Path(path).expanduser() for path in weights)


def weights_fingerprint(name: str, weights: Weights = "default") -> str:
    """What identifies the weights: file checksums, package and version, or torchvision's enum.

    `sha256:...` (several joined by `+`) for local files, `package:NAME==VERSION` for packaged
    weights, `torchvision:ENUM` or `timm==VERSION:NAME` for downloaded ones, `random` for None.
    Raises UsageError for an unknown network or one that needs files, DataError for a file that
    cannot be read.
    """
    entry = network_entry(name)
    if weights is None:
        return "random"
    files = weight_files(weights)
    if files:
        return "+".join(f"sha256:{_sha256(name, path)}" for path in files)
    if not entry.source:
        raise UsageError(needs_files(name))
    kind, _, source = entry.source.partition(":")
    if kind == "package":
        try:
            return f"package:{source}=={version(source)}"
        except PackageNotFoundError:
            raise DataError(
                f"{name}: its weights come from the package {source!r}, which is not installed; "
                f"install it, or name a file: weights={{{name}: PATH}}"
            ) from None
    if kind == "timm":
        return f"timm=={version('timm')}:{source}"
    return entry.source


def needs_files(name: str) -> str:
    """The advice for a network that has no published weights of its own."""
    return (
        f"{name}: no weights are shipped or published for this network; "
        f"name the files: weights={{{name}: [TRUNK.safetensors, HEAD.safetensors]}}"
    )


def _sha256(name: str, path: Path) -> str:
    try:
        return sha256(path)
    except OSError as error:
        raise DataError(missing_file(name, path, error)) from None


def missing_file(name: str, path: Path, error: OSError) -> str:
    """The message for a weight file that cannot be opened."""
    return (
        f"{name}: cannot read the weight file {path}: {error.strerror or error}; expected "
        f"safetensors or .pth. The option is weights={{{name}: PATH}}"
    )
