"""Where each trial's picture stood on the screen: one rule, a picture's own, or the messages'."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from bench.gaze.images import matched_images
from bench.gaze.screen import Placement, Screen
from bench.gaze.trials import trial_errors

if TYPE_CHECKING:
    import pandas as pd

    from bench.gaze.recording import Recording

_NUMBER = r"-?\d+(?:\.\d+)?"
_IMGLOAD = re.compile(
    r"(?:-?\d+\s+)?!V IMGLOAD (?P<how>CENTER|TOP_LEFT|FILL)\s+(?P<image>\S.*?)"
    rf"(?P<numbers>(?:\s+{_NUMBER}){{0,4}})$"
)
# Pixels by which a message may differ from the configuration: a rounded half.
TOLERANCE_PX = 1.0
# Characters at which pyedflib cuts an annotation when it writes one.
CUT_TEXT = 40


@dataclass(frozen=True)
class Layout:
    """Where pictures stand: the first that applies of `by_trial`, `by_image`, messages, `usual`.

    by_trial: {trial label: Placement}, by_image: {image name: Placement}. With `from_messages`,
    the message `!V IMGLOAD` of a trial places its picture (see `Drawn.placement`), and a trial
    without one cannot be used.
    """

    usual: Placement = field(default_factory=Placement)
    from_messages: bool = False
    by_image: Mapping[str, Placement] = field(default_factory=dict)
    by_trial: Mapping[str, Placement] = field(default_factory=dict)


@dataclass(frozen=True)
class Drawn:
    """What `!V IMGLOAD CENTER|TOP_LEFT|FILL path [x y [w h]]` says; None where it says nothing.

    Source: SR Research, "EyeLink Data Viewer integration messaging protocol".
    """

    how: str
    image: str
    position: tuple[float, float] | None
    size: tuple[float, float] | None

    def placement(self, shape: tuple[int, int], screen: Screen, usual: Placement) -> Placement:
        """How a picture of `shape` (height, width) stands.

        CENTER: its middle at (x, y), without these in the middle of the screen. TOP_LEFT: its
        left upper corner at (x, y), without these at (0, 0). FILL: all of the screen. w and h are
        its size on the screen; without them `usual` gives the scale.
        """
        height, width = shape
        if self.how == "FILL":
            return Placement((screen.width_px / width, screen.height_px / height), (0.0, 0.0))
        across, down = usual.scales
        if self.size is not None:
            across, down = self.size[0] / width, self.size[1] / height
        if self.how == "TOP_LEFT":
            return Placement((across, down), self.position or (0.0, 0.0))
        if self.position is None:
            return Placement((across, down))
        corner = (self.position[0] - across * width / 2, self.position[1] - down * height / 2)
        return Placement((across, down), corner)


def read_imgload(text: str) -> Drawn | None:
    """What a message says of a picture on the screen; None for every other message.

    A leading offset ('-8 !V IMGLOAD ...') is passed over.

    >>> read_imgload("!V IMGLOAD CENTER my images/cat 2.jpg 960 540 1000 750")
    Drawn(how='CENTER', image='my images/cat 2.jpg', position=(960.0, 540.0), size=(1000.0, 750.0))
    """
    match = _IMGLOAD.match(text)
    if match is None:
        return None
    numbers = [float(word) for word in match["numbers"].split()]
    position = (numbers[0], numbers[1]) if len(numbers) >= 2 else None
    size = (numbers[2], numbers[3]) if len(numbers) == 4 and min(numbers[2:]) > 0 else None
    return Drawn(match["how"], match["image"], position, size)


def placed_trials(
    trials: pd.DataFrame,
    recording: Recording,
    layout: Layout,
    image_sizes: Mapping[str, tuple[int, int]],
    screen: Screen,
) -> pd.DataFrame:
    """`trials` of `find_trials`, each with its photograph and the place of that on the screen.

    image_id becomes the photograph's name (see `matched_images`); x_offset_px, y_offset_px (of
    the left upper corner), x_scale and y_scale are added, NaN for a trial without image.

    A trial gets a problem where its image is unknown, where `layout` asks for messages and none
    places its picture, and where a message states another size than the configuration does (one
    of them is wrong, and the gaze would be put in the wrong place); another position is a warning.
    `attrs` holds `errors` and `warnings` as those of `find_trials` do, the old ones included.
    Annotations of EDF+ that may have been cut (40 characters) place nothing.
    """
    import pandas as pd

    cut_texts = recording.quality["format"] in ("edfplus", "bdfplus")
    placed, warnings, errors = matched_images(trials, image_sizes, cut_names=cut_texts)
    placed = placed.copy()
    problems, moved = [], []
    rows = np.full((len(placed), 4), np.nan)
    for number, row in enumerate(placed.itertuples()):
        shape = image_sizes.get(row.image_id) if isinstance(row.image_id, str) else None
        problem = None
        if shape is not None:
            drawn = _drawn(row.drawn, cut_texts)
            placement, problem = _placement(row, drawn, shape, layout, screen)
            if placement is not None:
                rows[number] = (*placement.offset(shape, screen), *placement.scales)
                if problem is None and _moved(drawn, placement, shape, layout, screen):
                    moved.append(row.trial_label)
        problems.append(problem)
    for column, name in enumerate(("x_offset_px", "y_offset_px", "x_scale", "y_scale")):
        placed[name] = rows[:, column]
    placed["problem"] = placed["problem"].fillna(
        pd.Series(problems, index=placed.index, dtype=placed["problem"].dtype)
    )
    if moved:
        warnings.append(
            f"in {len(moved)} trial(s) !V IMGLOAD states another place than image_on_screen (trial "
            f"{', '.join(moved[:5])}); if the messages are right, use position: messages"
        )
    placed.attrs = {
        **trials.attrs,
        "errors": [*errors, *trial_errors(placed)],
        "warnings": [*trials.attrs.get("warnings", []), *warnings],
    }
    return placed


def _drawn(text: object, cut_texts: bool) -> Drawn | None:
    if not isinstance(text, str) or (cut_texts and len(text) >= CUT_TEXT):
        return None
    return read_imgload(text)


def _placement(
    row: object,
    drawn: Drawn | None,
    shape: tuple[int, int],
    layout: Layout,
    screen: Screen,
) -> tuple[Placement | None, str | None]:
    """(placement, problem) of a trial whose image is known."""
    own = layout.by_trial.get(row.trial_label) or layout.by_image.get(row.image_id)
    if own is None and layout.from_messages:
        if drawn is None:
            return None, "no whole message !V IMGLOAD places the image (position: messages)"
        return drawn.placement(shape, screen, layout.usual), None
    placement = own or layout.usual
    if drawn is not None and drawn.how != "FILL" and drawn.size is not None:
        across, down = placement.scales
        expected = (across * shape[1], down * shape[0])
        if np.abs(np.subtract(drawn.size, expected)).max() > TOLERANCE_PX:
            return placement, (
                f"drawn at {drawn.size[0]:g} x {drawn.size[1]:g} px, but the photograph at the "
                f"configured scale is {expected[0]:g} x {expected[1]:g} px"
            )
    return placement, None


def _moved(
    drawn: Drawn | None,
    placement: Placement,
    shape: tuple[int, int],
    layout: Layout,
    screen: Screen,
) -> bool:
    """Whether a message states another place than the one taken."""
    if layout.from_messages or drawn is None or drawn.how == "FILL" or drawn.position is None:
        return False
    stated = drawn.placement(shape, screen, placement).offset(shape, screen)
    taken = placement.offset(shape, screen)
    return bool(np.abs(np.subtract(stated, taken)).max() > TOLERANCE_PX)
