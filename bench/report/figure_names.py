"""The names of a report's figures: what rule `report` promises, and what the page then holds.

Each is a file NAME.svg and one NAME.png in `figures/`. A hyphen stands between method and network,
for no id of a method holds one: two figures never share a name.
"""

from __future__ import annotations

from collections.abc import Iterable

LAYERS = "layers_and_methods"
HUMAN = "human_heatmaps"
SENSITIVITY = "sensitivity"


def method_figure(method: str, model: str) -> str:
    """The figure of one method's maps on one network, or on "external".

    >>> method_figure("gradcam", "vgg16")
    'gradcam-vgg16'
    """
    return f"{method}-{model}"


def gallery_figure(model: str) -> str:
    """The figure of all methods' maps on the same photographs.

    >>> gallery_figure("vgg16")
    'gallery_vgg16'
    """
    return f"gallery_{model}"


def figure_names(
    models: Iterable[str], methods: Iterable[str], external: Iterable[str] = ()
) -> list[str]:
    """Every figure of a report over these networks, methods and maps made elsewhere.

    A method that does not apply to a network has its figure too: it says so.

    >>> figure_names(["vgg16"], ["cam"], ["theirs"])
    ['layers_and_methods', 'sensitivity', 'human_heatmaps', 'cam-vgg16', 'gallery_vgg16', \
'theirs-external']
    """
    names = [LAYERS, SENSITIVITY, HUMAN]
    methods = list(methods)
    for model in models:
        names += [method_figure(method, model) for method in methods]
        names.append(gallery_figure(model))
    return names + [method_figure(name, "external") for name in external]
