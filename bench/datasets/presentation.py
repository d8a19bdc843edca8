"""What dataset.yaml says of the presentation: trials, the places of pictures, the screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from bench.errors import ValidationError

if TYPE_CHECKING:
    from bench.datasets import Dataset
    from bench.gaze import Layout, Placement, Screen, TrialGrammar


def trial_rules(dataset: Dataset, viewer: str, known: Iterable[str]) -> tuple[TrialGrammar, Layout]:
    """How the messages mark this viewer's trials, and where the pictures stood."""
    from bench.datasets.sequence_lists import images_of_trials, placements_of_images
    from bench.gaze import Layout, Placement, TrialGrammar

    rules, shown = dataset.spec["trials"], dataset.spec.get("image_on_screen", {})
    position = shown.get("position", "centre")
    from_messages = position == "messages"
    usual = Placement(shown.get("scale", 1), _point("centre" if from_messages else position))
    images: dict[str, str] = {}
    by_trial: dict[str, Placement] = {}
    by_image: dict[str, Placement] = {}
    if name := rules.get("image_list"):
        images, by_trial = images_of_trials(dataset.file(name), viewer, usual)
    if name := shown.get("list"):
        by_image = placements_of_images(dataset.file(name), usual)
    for name, own in shown.get("images", {}).items():
        point = _point(own.get("position", usual.position))
        by_image[name] = Placement(own.get("scale", usual.scale), point)
    if unknown := sorted(set(by_image) - set(known)):
        raise ValidationError(
            f"image_on_screen: no photograph is called {unknown[0]!r} (images like this: "
            f"{len(unknown)}); expected file names of the stimuli."
        )
    grammar = TrialGrammar.from_mapping(rules, images=images)
    return grammar, Layout(usual, from_messages, by_image, by_trial)


def _point(position: str | Sequence[float]) -> str | tuple[float, float]:
    return position if isinstance(position, str) else (position[0], position[1])


def screen_of(spec: dict[str, Any]) -> Screen:
    """The screen; without its distance, degrees come from the image's pixels per degree."""
    from bench.gaze import Screen

    per_degree = None
    if "distance_mm" not in spec["screen"] and "pixels_per_degree" in spec:
        per_degree = spec["pixels_per_degree"] * spec.get("image_on_screen", {}).get("scale", 1)
    return Screen.from_mapping(spec["screen"], pixels_per_degree=per_degree)
