"""Which eye of a recording counts; the eyes are never pooled, that would count a viewer twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.errors import ValidationError, unknown_name
from bench.gaze.calibration import validation_error_deg

if TYPE_CHECKING:
    from bench.gaze.recording import Recording

RULES = ("better", "left", "right", "average")
_WORDS = {"L": "left", "R": "right"}


@dataclass(frozen=True)
class EyeChoice:
    """The eye used, 'L', 'R' or 'LR' for the mean of both ('' without blocks), and why."""

    eye: str
    reason: str


def choose_eye(recording: Recording, eye: str = "better") -> EyeChoice:
    """The eye of `recording` that counts under the rule 'better', 'left', 'right' or 'average'.

    The only recorded eye is taken whatever the rule. 'average' takes the fixations that both eyes
    made together, as one (see `averaged_fixations`). 'better' is the lower mean validation error,
    averaged over the validations that held when recording blocks began; the left one where both
    are equal, the validated one where only one is.

    Raises UsageError for another rule, and ValidationError for 'better' where two eyes were
    recorded and none validated.
    """
    if eye not in RULES:
        raise unknown_name("eye rule", eye, RULES)
    recorded = recording.quality["eyes"]
    if len(recorded) < 2:
        word = _WORDS.get(recorded, "no")
        return EyeChoice(recorded, f"only the {word} eye was recorded" if recorded else "no block")
    if eye != "better":
        letter = {"left": "L", "right": "R", "average": "LR"}[eye]
        return EyeChoice(letter, f"the configuration says {eye}")
    starts = recording.blocks["start_ms"].tolist()
    errors = {
        name: validation_error_deg(recording.quality["validations"], name, starts) for name in "LR"
    }
    known = {name: error for name, error in errors.items() if error is not None}
    if not known:
        raise ValidationError(
            "both eyes were recorded and neither was validated, so no eye is the better one; say "
            "eye: left or eye: right (or eye: average) in dataset.yaml."
        )
    best = min(known, key=lambda name: (known[name], name))
    if len(known) == 1:
        return EyeChoice(best, f"only the {_WORDS[best]} eye was validated")
    other = "R" if best == "L" else "L"
    return EyeChoice(
        best,
        f"mean validation error {known[best]:.2f} deg against {known[other]:.2f} deg of the "
        f"{_WORDS[other]} eye",
    )
