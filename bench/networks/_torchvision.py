"""torchvision's constructors and published weights, imported only when a network is loaded."""

from collections.abc import Callable

from torch import nn


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
