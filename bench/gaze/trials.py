"""Trials from messages: when each picture was shown, which it was, and what is wrong with it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.errors import UsageError, ValidationError
from bench.gaze.time_limit import TimeLimitError, time_limit
from bench.gaze.trial_grammar import PRESETS, TrialGrammar

if TYPE_CHECKING:
    import pandas as pd

MESSAGE_LIMIT = 1000  # characters that a pattern is tried on
SECONDS = 20.0  # for all patterns on all messages of a recording
SHAPES = 10
# More digits are no offset in milliseconds.
_LEADING = re.compile(r"(-?\d{1,15})\s+(?=\S)")
# What a trial variable holds may be an answer, an age or a name; its own name is what matters.
_VALUE = re.compile(r"(!V TRIAL_VAR\s+\S+)\s.*|\S+@\S+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_DRAWN = re.compile(r"!V IMGLOAD \w+\s+(?P<path>\S.*?)(?:\s+-?\d+(?:\.\d+)?){0,4}$")
_TRACKERS_OWN = ("!CAL", "VALIDATE", "!MODE", "RECCFG", "ELCL", "THRESHOLDS", "GAZE_COORDS")


@dataclass
class _Trial:
    """What the messages of one trial say, before it is judged."""

    label: str
    start_ms: float
    end_ms: float = math.inf
    onsets: list[float] = field(default_factory=list)
    offsets: list[float] = field(default_factory=list)
    image: str | None = None
    drawn: list[tuple[str, str]] = field(default_factory=list)  # image name, message


def find_trials(
    messages: pd.DataFrame, blocks: pd.DataFrame, grammar: TrialGrammar
) -> pd.DataFrame:
    """One row per trial, in file order, the unusable ones included.

    Columns: trial_index (from 1), trial_label, image_id (file name without folders), onset_ms and
    offset_ms (display period, tracker clock), start_ms and end_ms (from the trial's first message
    to its last or to the next trial), block (of the onset, null outside of blocks), drawn (the
    message !V IMGLOAD that names the image, null without one), problem (null, or why the trial
    cannot be used). `frame.attrs` holds `expected` (number of trials, or None) and the lists
    `errors` and `warnings` about the recording as a whole (number of trials, periods that leave
    their block).

    Raises ValidationError where no trial or no onset is found: the most frequent message shapes,
    the presets that would match, and the key to change. Raises UsageError where the patterns need
    more than 20 seconds.
    """
    rows = list(zip(messages["time_ms"].tolist(), messages["text"].tolist(), strict=True))
    try:
        with time_limit(SECONDS):
            trials = _collect(rows, grammar)
    except TimeLimitError:
        raise UsageError(
            f"trials: the patterns need more than {SECONDS:.0f} s on these messages; simplify "
            "those with several .* or .+ in a row."
        ) from None
    if not any(trial.onsets for trial in trials):
        raise ValidationError(_nothing_found(rows, grammar, len(trials)))
    return _judged(trials, blocks, grammar)


def message_shapes(texts: Iterable[str]) -> list[tuple[str, int]]:
    """The most frequent messages with every number as '#', and their counts."""
    shapes = Counter(
        _NUMBER.sub("#", _VALUE.sub(r"\1 ...", text.splitlines()[0])[:80])
        for text in texts
        if text and not text.startswith(_TRACKERS_OWN)
    )
    return shapes.most_common(SHAPES)


def matching_presets(rows: list[tuple[float, str]]) -> dict[str, int]:
    """{preset: number of trials with an onset} of the presets that match the messages at all."""
    counts = {}
    for name, preset in PRESETS.items():
        if preset:
            found = _collect(rows, TrialGrammar.from_mapping({"preset": name}))
            counts[name] = sum(bool(trial.onsets) for trial in found)
    return {name: count for name, count in counts.items() if count}


def image_name(text: str) -> str:
    """The file name without folders, of either kind of slash, quotes and spaces taken off."""
    return re.split(r"[/\\]", text.strip().strip("\"'"))[-1].strip()


def _collect(rows: list[tuple[float, str]], grammar: TrialGrammar) -> list[_Trial]:
    start, onset = re.compile(grammar.trial_start), re.compile(grammar.onset)
    offset = re.compile(grammar.offset) if grammar.offset else None
    end = re.compile(grammar.trial_end) if grammar.trial_end else None
    images = [re.compile(pattern) for pattern in grammar.image]
    best_image = len(images)
    trials: list[_Trial] = []
    open_trial = False
    for stamp_ms, whole in rows:
        text, time_ms = whole[:MESSAGE_LIMIT], stamp_ms
        if leading := _LEADING.match(text):
            text = text[leading.end() :]
            if grammar.leading_offset == "subtract":
                time_ms -= int(leading[1])
        if match := start.search(text):
            if trials:
                trials[-1].end_ms = min(trials[-1].end_ms, stamp_ms)
            label = match.groupdict().get("trial") or str(len(trials) + 1)
            trials.append(_Trial(label, stamp_ms, image=match.groupdict().get("image")))
            open_trial, best_image = True, len(images)
        if not open_trial:
            continue
        trial = trials[-1]
        if match := onset.search(text):
            trial.onsets.append(time_ms)
            trial.image = trial.image or match.groupdict().get("image")
        if drawn := _DRAWN.match(text):
            trial.drawn.append((image_name(drawn["path"]), whole))
        if offset and offset.search(text):
            trial.offsets.append(time_ms)
        # The patterns stand in order of preference; of one pattern, the first message counts.
        for number, pattern in enumerate(images[:best_image]):
            if match := pattern.search(text):
                trial.image, best_image = match["image"], number
                break
        if end and end.search(text):
            trial.end_ms, open_trial = stamp_ms, False
    return trials


def _judged(trials: list[_Trial], blocks: pd.DataFrame, grammar: TrialGrammar) -> pd.DataFrame:
    import pandas as pd

    labels = Counter(trial.label for trial in trials)
    spans = list(zip(blocks["start_ms"].tolist(), blocks["end_ms"].tolist(), strict=True))
    numbers = blocks["block"].tolist()
    records, leaving = [], []
    for index, trial in enumerate(trials, 1):
        onset, offset, problem = _window(trial, grammar)
        image = grammar.images.get(trial.label) if grammar.images else trial.image
        image = image_name(image) if image else None
        drawn = [text for name, text in trial.drawn if name == image]
        place = next((i for i, (a, b) in enumerate(spans) if a <= onset <= b), None)
        if problem is None:
            problem = _further(trial, onset, offset, image, place, spans, labels, grammar)
        if problem is None and offset > spans[place][1]:
            leaving.append(trial.label)
        block = None if place is None else numbers[place]
        end = min(trial.end_ms, max((b for _, b in spans), default=trial.start_ms))
        end = max(end, trial.start_ms, *(t for t in (onset, offset) if not math.isnan(t)))
        shown = drawn[-1] if drawn else None
        times = (onset, offset, trial.start_ms, end)
        records.append((index, trial.label, image, *times, block, shown, problem))
    names = ["trial_index", "trial_label", "image_id", "onset_ms", "offset_ms", "start_ms"]
    frame = pd.DataFrame(records, columns=[*names, "end_ms", "block", "drawn", "problem"]).astype(
        {
            "trial_index": "Int32",
            "trial_label": pd.StringDtype(),
            "image_id": pd.StringDtype(),
            **dict.fromkeys(("onset_ms", "offset_ms", "start_ms", "end_ms"), "float64"),
            "block": "Int16",
            "drawn": pd.StringDtype(),
            "problem": pd.StringDtype(),
        }
    )
    frame.attrs["expected"] = grammar.expect.trials
    frame.attrs["errors"] = trial_errors(frame)
    frame.attrs["warnings"] = (
        [
            f"{len(leaving)} display period(s) end after their recording block "
            f"(trial {', '.join(leaving[:5])})"
        ]
        if leaving
        else []
    )
    return frame


def _window(trial: _Trial, grammar: TrialGrammar) -> tuple[float, float, str | None]:
    """(onset, offset, problem) of a trial; NaN where there is none."""
    if not trial.onsets:
        return math.nan, math.nan, "no onset message"
    if len(trial.onsets) > 1 and grammar.on_repeat == "error":
        return math.nan, math.nan, f"{len(trial.onsets)} onset messages (see on_repeat)"
    onset = trial.onsets[-1 if grammar.on_repeat == "last" else 0]
    if grammar.duration_ms is not None:
        return onset, onset + grammar.duration_ms, None
    after = [time_ms for time_ms in trial.offsets if time_ms > onset]
    if after:
        return onset, after[0], None
    if trial.offsets:
        return onset, math.nan, "offset before onset"
    still_open = " (the trial is still open when the recording ends)"
    return onset, math.nan, "no offset message" + (still_open if math.isinf(trial.end_ms) else "")


def _further(
    trial: _Trial,
    onset: float,
    offset: float,
    image: str | None,
    place: int | None,
    spans: list[tuple[float, float]],
    labels: Counter,
    grammar: TrialGrammar,
) -> str | None:
    """What is wrong with a trial that has its onset and offset; None if nothing."""
    if labels[trial.label] > 1:
        return (
            f"trial label {trial.label!r} occurs {labels[trial.label]} times (trial_start without "
            "the group trial numbers them)"
        )
    if place is None:
        return "nothing was recorded at the onset"
    if grammar.duration_ms is not None and offset > spans[place][1]:
        missing_ms = offset - spans[place][1]
        return f"recording ends {missing_ms:.10g} ms before the display period"
    expected_ms = grammar.expect.window_ms
    if expected_ms is not None and abs(offset - onset - expected_ms) > grammar.expect.tolerance_ms:
        return f"display period of {offset - onset:.10g} ms, expected {expected_ms:g} ms"
    if image is None:
        if not grammar.images:
            return "no image named"
        return f"not in the list of images, which has {_some(grammar.images)}"
    return None


def _some(labels: Iterable[str], shown: int = 3) -> str:
    """The first few trial labels, quoted."""
    labels = list(labels)
    more = ", ..." if len(labels) > shown else ""
    return ", ".join(map(repr, labels[:shown])) + more


def trial_errors(trials: pd.DataFrame) -> list[str]:
    """What is wrong with the trials as a whole: their number, and those that cannot be used."""
    errors = []
    expected = trials.attrs.get("expected")
    if expected is not None and len(trials) != expected:
        errors.append(f"{len(trials)} trials found, {expected} expected (trials: expect: trials)")
    bad = trials[trials["problem"].notna()]
    if len(bad):
        errors.append(f"{len(bad)} of {len(trials)} trials cannot be used:\n{trial_lines(bad)}")
    return errors


def trial_lines(trials: pd.DataFrame, limit: int = 20) -> str:
    """The trials as text, a line each: trial, onset, offset, image, problem."""
    lines = [
        f"  trial {row.trial_label}: onset {_shown(row.onset_ms)}, offset "
        f"{_shown(row.offset_ms)}, image {_shown(row.image_id)}: {_shown(row.problem)}"
        for row in trials.head(limit).itertuples()
    ]
    if len(trials) > limit:
        lines.append(f"  ... and {len(trials) - limit} more")
    return "\n".join(lines)


def _shown(value: object) -> str:
    import pandas as pd

    if pd.isna(value):
        return "none"
    return f"{value:.10g} ms" if isinstance(value, float) else str(value)


def _nothing_found(rows: list[tuple[float, str]], grammar: TrialGrammar, starts: int) -> str:
    if starts:
        key, pattern = "onset", grammar.onset
        what = f"{starts} trial starts, but no onset inside a trial"
    else:
        key, pattern = "trial_start", grammar.trial_start
        what = "no trial start"
    shapes = "\n".join(
        f"  {count:6d} x {shape}" for shape, count in message_shapes(text for _, text in rows)
    )
    presets = matching_presets(rows)
    works = ", ".join(f"{name} ({count} trials)" for name, count in presets.items())
    return (
        f"{what} in {len(rows)} messages (preset {grammar.preset}, {key}: {pattern!r}).\n"
        "The most frequent messages, numbers as #, the tracker's own left out:\n"
        f"{shapes or '  none'}\n"
        f"Presets that would find trials: {works or 'none'}. Change trials: {key} (or preset) in "
        "dataset.yaml so that it matches the messages of this recording."
    )
