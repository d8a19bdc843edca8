"""torchvision's constructors and published weights, imported only when a network is loaded."""

import re
from collections.abc import Callable

from torch import nn

# DenseNet's published files still have the dots that module names may no longer contain: `norm.1`
# for `norm1`. Those of GoogLeNet and Inception v3 have heads that serve training only.
DOTTED = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)")
AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")


def maker(name: str, **options) -> Callable[[], nn.Module]:
    """A function that constructs torchvision's model `name` without weights."""

    def make() -> nn.Module:
        from torchvision import models

        return getattr(models, name)(weights=None, **options)

    return make


def fetcher(source: str) -> Callable[[], dict]:
    """A function that brings the state dict of `torchvision:ENUM.MEMBER` from torch.hub's cache."""

    def fetch() -> dict:
        from torchvision import models

        return models.get_weight(source.partition(":")[2]).get_state_dict(
            progress=False, check_hash=True
        )

    return fetch


def modern_keys(state: dict) -> dict:
    """A published state dict under the names of today's modules, without auxiliary heads."""
    return {
        DOTTED.sub(r"\1\2", key): value
        for key, value in state.items()
        if not key.startswith(AUXILIARY)
    }
