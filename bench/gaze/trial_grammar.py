"""How the messages of an experiment mark its trials: patterns, presets, strict reading of YAML."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

# Private, but the only parser of patterns there is; the same in Python 3.11 to 3.14.
from re import _constants as _op
from re import _parser
from typing import Any

from bench.errors import UsageError, shown, unknown_name

# A repeat of at most this many rounds may hold another repeat.
BOUNDED = 9
_IMAGE_NAMES = r"(?:image|img|picture|stimulus)"
_IMGLOAD = r"^!V IMGLOAD (?:CENTER|TOP_LEFT|FILL)\s+(?P<image>\S.*?)(?:\s+-?\d+){0,4}$"
_TRIAL_VAR = rf"^!V TRIAL_VAR\s+{_IMAGE_NAMES}\s+(?P<image>.+)$"
_TRIALID = r"^TRIALID\s+(?P<trial>\S+)"
_SHOWN = r"(?:image|img|picture|stimulus|target|display)"

PRESETS: dict[str, dict[str, Any]] = {
    "dataviewer": {
        "trial_start": _TRIALID,
        "trial_end": r"^TRIAL_RESULT\b",
        "onset": r"^(?:STIM_ONSET|SYNCTIME|DISPLAY ON|image_onset)\b",
        "offset": r"^(?:BLANK_SCREEN|blank_screen|DISPLAY OFF|image_offset|End_trial_display)\b",
        "image": [_IMGLOAD, _TRIAL_VAR],
    },
    "psychtoolbox": {
        "trial_start": _TRIALID,
        "trial_end": r"^TRIAL_RESULT\b",
        "onset": r"^(?:STIM_ONSET|SYNCTIME)\b",
        "offset": r"^(?:BLANK_SCREEN|blank_screen)\b",
        "image": [_IMGLOAD, _TRIAL_VAR],
    },
    "pylink": {
        "trial_start": _TRIALID,
        "trial_end": r"^TRIAL_RESULT\b",
        "onset": r"^image_onset\b",
        "offset": r"^(?:image_offset|blank_screen|TIMEOUT|time_out)\b",
        "image": [_IMGLOAD, _TRIAL_VAR],
    },
    "opensesame": {
        "trial_start": r"^start_trial\s+(?P<trial>\S+)",
        "trial_end": r"^(?:stop_trial|end_trial)\b",
        "onset": rf"^(?:start_)?phase\s+{_SHOWN}\b",
        "offset": rf"^(?:(?:end|stop)_phase\s+{_SHOWN}\b|(?:start_)?phase\s+(?!{_SHOWN}\b)"
        r"|stop_trial\b|end_trial\b)",
        "image": [rf"^var\s+{_IMAGE_NAMES}(?:_?file)?\s+(?P<image>.+)$"],
    },
    "custom": {},
}


@dataclass(frozen=True)
class Expectation:
    """What the experimenter knows: number of trials, length of the display period."""

    trials: int | None = None
    window_ms: float | None = None
    tolerance_ms: float = 50.0


@dataclass(frozen=True)
class TrialGrammar:
    """The patterns that find trials in messages; build it with `from_mapping`.

    Patterns are tried with `re.search` on the text after a leading offset ('-14 Target_display').
    `trial_start` may name a group `trial` (else the trial's running number is its label), and any
    pattern a group `image`. Exactly one of `offset` and `duration_ms` is set. `images` maps trial
    labels to image names and takes the place of the patterns in `image`. `leading_offset`
    'subtract' puts an event at message time - N (the vendor's rule), 'ignore' at message time.
    `on_repeat` says what several onsets in one trial mean: 'error', 'first' or 'last'.
    """

    trial_start: str
    onset: str
    offset: str | None = None
    duration_ms: float | None = None
    trial_end: str | None = None
    image: tuple[str, ...] = ()
    images: dict[str, str] = field(default_factory=dict)
    leading_offset: str = "subtract"
    on_repeat: str = "error"
    expect: Expectation = Expectation()
    preset: str = "custom"

    @classmethod
    def from_mapping(
        cls, mapping: Mapping[str, Any], *, images: Mapping[str, str] | None = None
    ) -> TrialGrammar:
        """The grammar of the section `trials` of a dataset.yaml; explicit keys override a preset.

        `image` is a pattern, a list of patterns, or a mapping {trial label: image name}; `images`
        such a mapping read elsewhere (from the CSV that `image_list` names) in its place.

        Raises UsageError for an unknown key or preset (with the nearest name), a missing key, an
        unusable value, and a pattern that is no regular expression or could run for ever.
        """
        known = [item.name for item in fields(cls) if item.name != "images"] + ["image_list"]
        for key in mapping:
            if key not in known:
                raise unknown_name("key of trials", str(key), known)
        preset = mapping.get("preset", "custom")
        if not isinstance(preset, str) or preset not in PRESETS:
            raise unknown_name("preset of trials", str(preset), PRESETS)
        if "offset" in mapping and "duration_ms" in mapping:
            raise UsageError("trials: both offset and duration_ms; expected exactly one of them.")
        values = {**PRESETS[preset], **{k: v for k, v in mapping.items() if v is not None}}
        if "image_list" in mapping and "image" in mapping:
            raise UsageError("trials: both image and image_list; expected one of them.")
        values.pop("image_list", None)
        if "duration_ms" in mapping:
            values.pop("offset", None)
        for key in ("trial_start", "onset"):
            if key not in values:
                raise UsageError(
                    f"trials: {key} is missing; expected a pattern, or a preset that brings one "
                    f"({', '.join(name for name in PRESETS if PRESETS[name])})."
                )
        if "offset" not in values and "duration_ms" not in values:
            raise UsageError("trials: offset or duration_ms is missing; expected one of them.")
        image = values.pop("image", ())
        images = dict(images or {})
        if images:
            image = ()
        elif isinstance(image, Mapping):
            images = {str(label): str(name) for label, name in image.items()}
            image = ()
        if not isinstance(image, (str, list, tuple)):
            raise UsageError(
                f"trials: image is {shown(image)}, expected a pattern, a list of patterns, or "
                "{trial label: image name}."
            )
        values["image"] = (image,) if isinstance(image, str) else tuple(image)
        values["expect"] = _expectation(values.get("expect", {}))
        grammar = cls(**{**values, "images": images, "preset": preset})
        grammar._check()
        return grammar

    def _check(self) -> None:
        patterns = {
            "trial_start": self.trial_start,
            "trial_end": self.trial_end,
            "onset": self.onset,
            "offset": self.offset,
            **{f"image[{number}]": pattern for number, pattern in enumerate(self.image)},
        }
        for key, pattern in patterns.items():
            if pattern is not None:
                check_pattern(key, pattern)
        for key, pattern in patterns.items():
            if key.startswith("image") and "image" not in re.compile(pattern).groupindex:
                raise UsageError(f"trials: {key} has no group (?P<image>...): {pattern!r}.")
        _one_of("leading_offset", self.leading_offset, ("subtract", "ignore"))
        _one_of("on_repeat", self.on_repeat, ("error", "first", "last"))
        if self.duration_ms is not None:
            _positive("duration_ms", self.duration_ms)


def check_pattern(key: str, pattern: Any) -> None:
    """UsageError where the pattern is no regular expression or repeats a repeat without a bound.

    `(a+)*` needs time exponential in the length of a message that does not match; a bounded outer
    repeat such as `(?:\\s+\\d+){0,4}` is allowed.
    """
    if not isinstance(pattern, str):
        raise UsageError(f"trials: {key} is {pattern!r}, expected a pattern (text).")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a set in a set, which Python is to read otherwise
            re.compile(pattern)
            tree = _parser.parse(pattern)
    except (re.error, OverflowError, Warning) as error:
        raise UsageError(
            f"trials: {key} is no regular expression ({error}): {pattern!r}."
        ) from None
    except RecursionError:
        raise UsageError(f"trials: {key} is nested too deeply: {pattern[:60]!r}.") from None
    if _nested(tree, inside=False):
        raise UsageError(
            f"trials: {key} repeats a group that itself holds a repeat, as in (a+)*, which can "
            f"run for ever; write it without the inner or the outer one: {pattern!r}."
        )


_REPEATS = (_op.MAX_REPEAT, _op.MIN_REPEAT)


def _nested(tree: Any, *, inside: bool) -> bool:
    """Whether a repeat stands anywhere within a repeat that has no small bound."""
    for item in tree:
        if isinstance(item, tuple) and item and item[0] in _REPEATS:
            low, high, body = item[1]
            if inside and low != high:
                return True
            if _nested(body, inside=inside or high > BOUNDED):
                return True
        elif isinstance(item, (tuple, list, _parser.SubPattern)) and _nested(item, inside=inside):
            return True
    return False


def _expectation(mapping: Any) -> Expectation:
    if not isinstance(mapping, Mapping):
        raise UsageError(f"trials: expect is {mapping!r}, expected keys such as trials: 200.")
    known = [item.name for item in fields(Expectation)]
    for key, value in mapping.items():
        if key not in known:
            raise unknown_name("key of trials: expect", str(key), known)
        _positive(f"expect: {key}", value)
    return Expectation(**mapping)


def _one_of(key: str, value: Any, known: tuple[str, ...]) -> None:
    if value not in known:
        raise unknown_name(f"value of trials: {key}", str(value), known)


def _positive(key: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise UsageError(f"trials: {key} is {shown(value)}, expected a number above 0.")
