"""One viewer's session before it is written: trials in their order, clock, samples, messages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bench.datasets.demo.screen import (
    DISPLAY_MS,
    PX_PER_DEG,
    SAMPLE_MS,
    SAMPLES_PER_S,
    SCALE,
    SCREEN_PX,
)
from bench.datasets.demo.viewers import Event, Viewer, generator, simulate_trial

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

CENTRE = (SCREEN_PX[0] // 2, SCREEN_PX[1] // 2)
# The nine points of a calibration of type HV9 on this screen.
POINTS = (
    (960, 540), (960, 92), (960, 988), (115, 540), (1805, 540),
    (217, 146), (1703, 146), (217, 934), (1703, 934),
)  # fmt: skip
PAUSE_MS = 60_000  # between two parts of a session
LID_DROP_PX = 45  # how far the closing lid pulls the measured gaze down


@dataclass(frozen=True)
class Message:
    """A message on the tracker's clock, and how it reads where 40 characters must do."""

    ms: int
    text: str
    short: str = ""

    @property
    def within_40(self) -> str:
        """The short form where there is one, else the text itself."""
        return self.short or self.text


@dataclass(frozen=True)
class Trial:
    """A recording block: its first sample and the photograph's onset on the tracker's clock."""

    photograph: str
    start_ms: int
    onset_ms: int
    events: list[Event]
    x_px: NDArray[np.float64]  # measured gaze on the screen in steps of 0.1 px; NaN in a blink
    y_px: NDArray[np.float64]
    pupil: NDArray[np.float64]  # area in the tracker's units; 0 in a blink
    second: Trial | None = None  # the same as the other eye's measurement has it, if binocular

    @property
    def last_ms(self) -> int:
        """Time of the last sample."""
        return self.start_ms + SAMPLE_MS * (len(self.x_px) - 1)


@dataclass(frozen=True)
class Session:
    """Everything that the tracker noted of one viewer, from `start_ms` on.

    It was calibrated at each of `calibrated_ms`; `eyes` are the letters it recorded: L, R or LR.
    """

    viewer: Viewer
    start_ms: int
    messages: list[Message]
    trials: list[Trial]
    calibrated_ms: list[int]
    eyes: str


def record_session(
    viewer: Viewer,
    saliences: Mapping[str, NDArray[np.float64]],
    seed: int,
    *,
    second: Viewer | None = None,
    parts: Sequence[tuple[float, float]] = (),
) -> Session:
    """The session of `viewer` with every photograph of `saliences` {file name: (H, W)} once.

    The order is the viewer's own; what happens in a trial depends on seed, viewer and photograph,
    not on the order. `second` is the same person's other eye with its own errors of measurement,
    which makes the recording binocular. `parts` cuts the session into as many parts, with a pause
    and a calibration of its own before each; they are the errors (x, y) in screen px that these
    calibrations leave. Without, there is one part with the viewer's own error.
    """
    rng = generator(seed, viewer.number, "session")
    start_ms = 100_000 + SAMPLE_MS * int(rng.integers(100_000))
    messages = [Message(start_ms + 40, "DISPLAY_COORDS 0 0 1919 1079")]
    eyes = [viewer] if second is None else sorted((viewer, second), key=lambda eye: eye.eye)
    setups = [[replace(eye, offset_px=error) for eye in eyes] for error in parts] or [eyes]
    calibrated_ms, trials = [start_ms + 9000], []
    messages += _validation(start_ms + 21_600, setups[0], rng)
    now, part = start_ms + 26_000, 0
    for index, name in enumerate(map(str, rng.permutation(sorted(saliences)))):
        if index * len(setups) // len(saliences) > part:
            part += 1
            now += PAUSE_MS
            calibrated_ms.append(now)
            messages += _validation(now + 12_600, setups[part], rng)
            now += 17_000
        now += int(rng.integers(1200, 2400))
        messages.append(Message(now, f"TRIALID {index + 1}"))
        now += int(rng.integers(700, 1900))
        messages += _drift_checks(now, setups[part], rng)
        # Samples keep one beat through the whole session, whenever a recording starts.
        block_ms = start_ms + -(-(now + 60 - start_ms) // SAMPLE_MS) * SAMPLE_MS
        trial = _record_trial(setups[part], name, saliences[name], block_ms, seed)
        trials.append(trial)
        messages += _display(trial.onset_ms, name, saliences[name].shape)
        now = trial.last_ms + 10
        messages.append(Message(now, f"!V TRIAL_VAR image {name}"))
        messages.append(Message(now + 1, "TRIAL_RESULT 0"))
    recorded = "".join(eye.eye for eye in eyes)
    return Session(viewer, start_ms, messages, trials, calibrated_ms, recorded)


def _record_trial(
    eyes: list[Viewer],
    name: str,
    salience: NDArray[np.float64],
    block_ms: int,
    seed: int,
) -> Trial:
    """The trial as the first of `eyes` saw it, with the second one's measurement in it."""
    viewer = eyes[0]
    rng = generator(seed, viewer.number, name)
    onset_ms, tail_ms = int(rng.integers(180, 520)), int(rng.integers(60, 200))
    last_ms = -(-(onset_ms + DISPLAY_MS + tail_ms) // SAMPLE_MS) * SAMPLE_MS
    events = simulate_trial(salience, viewer, rng, onset_ms=onset_ms, last_ms=last_ms)
    second = None
    for eye in reversed(eyes):  # the first eye's come last, and hold the other's
        own = rng if eye is viewer else generator(seed, viewer.number, f"{name} {eye.eye}")
        x, y = _gaze(events, last_ms // SAMPLE_MS + 1, eye, own)
        pupil = _pupil(len(x), onset_ms // SAMPLE_MS, eye, own)
        pupil[np.isnan(x)] = 0
        measured = (np.round(x, 1), np.round(y, 1), np.round(pupil))
        second = Trial(name, block_ms, block_ms + onset_ms, events, *measured, second)
    return second


def _gaze(
    events: list[Event], count: int, viewer: Viewer, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measured gaze of `count` samples: (x, y) in screen px, NaN while the eye is closed."""
    gaze = np.full((count, 2), np.nan)
    fixations = [event for event in events if event.kind == "fixation"]
    for event in fixations:
        here = _samples(event)
        size = here.stop - here.start
        # A random walk about the fixation's place: the eye never quite rests.
        steps = rng.normal(0, viewer.drift_deg * PX_PER_DEG / np.sqrt(60), (size, 2))
        walk = np.cumsum(steps, axis=0)
        gaze[here] = walk - walk.mean(axis=0) + np.array([event.x_px, event.y_px])
    first, last = _samples(fixations[0]).start, _samples(fixations[-1]).stop
    gaze[:first], gaze[last:] = gaze[first], gaze[last - 1]
    for event in events:
        here = _samples(event)
        if event.kind == "saccade":
            gaze[here] = _sweep(gaze[here.start - 1], gaze[here.stop], here.stop - here.start)
        elif event.kind == "blink":
            _close_lid(gaze, here)
    gaze += viewer.offset_px
    gaze += rng.normal(0, viewer.noise_deg * PX_PER_DEG, gaze.shape)
    return gaze[:, 0], gaze[:, 1]


def _samples(event: Event) -> slice:
    return slice(event.start_ms // SAMPLE_MS, event.end_ms // SAMPLE_MS + 1)


def _sweep(
    origin: NDArray[np.float64], target: NDArray[np.float64], size: int
) -> NDArray[np.float64]:
    """`size` samples on the way between two places: the smoothest (minimum-jerk) movement."""
    share = (np.arange(1, size + 1) / (size + 1))[:, None]
    return origin + (target - origin) * (10 * share**3 - 15 * share**4 + 6 * share**5)


def _close_lid(gaze: NDArray[np.float64], closed: slice) -> None:
    """Hides the samples of a blink; beside it the lid covers the pupil and draws gaze down."""
    for step, share in enumerate((0.9, 0.5, 0.2), start=1):
        gaze[closed.start - step, 1] += share * LID_DROP_PX
        gaze[closed.stop - 1 + step, 1] += share * LID_DROP_PX
    gaze[closed] = np.nan


def _pupil(count: int, onset: int, viewer: Viewer, rng: np.random.Generator) -> NDArray[np.float64]:
    """Pupil area: wide before the black screen lights up, then narrower, and never still."""
    since_s = np.maximum(np.arange(count) - onset, 0) / SAMPLES_PER_S
    light = 1 - 0.15 * np.exp(-since_s / 2.5) * (1 - np.exp(-since_s / 0.3))
    waves = 0.03 * np.sin(2 * np.pi * (0.3 * np.arange(count) / SAMPLES_PER_S + rng.random()))
    return viewer.pupil_area * (light + waves) + rng.normal(0, 2, count)


def _display(onset_ms: int, name: str, shape: tuple[int, ...]) -> list[Message]:
    height, width = (SCALE * size for size in shape)
    load = f"!V IMGLOAD CENTER {name}"
    return [
        Message(onset_ms, "STIM_ONSET"),
        Message(onset_ms + 2, f"{load} {CENTRE[0]} {CENTRE[1]} {width} {height}", load),
        Message(onset_ms + DISPLAY_MS, "BLANK_SCREEN"),
    ]


def _drift_checks(ms: int, eyes: list[Viewer], rng: np.random.Generator) -> list[Message]:
    """A drift check's message for each eye that is recorded."""
    recorded = "".join(eye.eye for eye in eyes)
    messages = []
    for eye in eyes:
        x, y = eye.offset_px + rng.normal(0, 0.12 * PX_PER_DEG, 2)
        side = eye_name(eye.eye)
        degrees = f"OFFSET {np.hypot(x, y) / PX_PER_DEG:.2f} deg."
        at = f"at {CENTRE[0]},{CENTRE[1]}"
        text = f"DRIFTCORRECT {recorded} {side:<5} {at}  {degrees}  {x:.1f},{y:.1f} pix."
        messages.append(Message(ms, text, f"DRIFTCORRECT {eye.eye} {side} {degrees}"))
    return messages


def _validation(ms: int, eyes: list[Viewer], rng: np.random.Generator) -> list[Message]:
    """The summary of a validation of nine points, then its points; all the eye's own error."""
    recorded = "".join(eye.eye for eye in eyes)
    return [message for eye in eyes for message in _validation_of(ms, eye, recorded, rng)]


def _validation_of(
    ms: int, viewer: Viewer, recorded: str, rng: np.random.Generator
) -> list[Message]:
    eye, side = viewer.eye, eye_name(viewer.eye)
    errors_px = viewer.offset_px + rng.normal(0, 0.15 * PX_PER_DEG, (len(POINTS), 2))
    degrees = np.hypot(*errors_px.T) / PX_PER_DEG
    mean_x, mean_y = errors_px.mean(axis=0)
    mean, worst = degrees.mean(), degrees.max()
    word = "GOOD" if mean < 1.0 and worst < 1.5 else "FAIR" if mean < 1.5 and worst < 2 else "POOR"
    summary = Message(
        ms,
        f"!CAL VALIDATION HV9 {recorded} {side:<5} {word} ERROR {mean:.2f} avg. {worst:.2f} max  "
        f"OFFSET {np.hypot(mean_x, mean_y) / PX_PER_DEG:.2f} deg. {mean_x:.1f},{mean_y:.1f} pix.",
        f"!CAL VALIDATION {eye} {word} {mean:.2f} avg {worst:.2f} max",
    )
    points = [
        Message(
            ms,
            f"VALIDATE {recorded} POINT {point}  {side:<5} at {at[0]},{at[1]}  "
            f"OFFSET {degrees[point]:.2f} deg.  {error[0]:.1f},{error[1]:.1f} pix.",
            f"VALIDATE {eye} POINT {point} OFFSET {degrees[point]:.2f} deg.",
        )
        for point, (at, error) in enumerate(zip(POINTS, errors_px, strict=True))
    ]
    return [summary, *points]


def eye_name(letter: str) -> str:
    """LEFT or RIGHT, as a tracker writes L or R."""
    return {"L": "LEFT", "R": "RIGHT"}[letter]
