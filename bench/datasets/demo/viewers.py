"""Simulated viewers: a small generative model of free viewing, and nothing more.

Where the eye goes next is drawn from the product of
- low-level salience to a viewer's own power (bench/datasets/demo/salience.py);
- a Gaussian centre bias (Tatler 2007, J. Vision 7(14):4);
- inhibition of return: places just seen lose, and recover (Klein 2000, Trends Cogn. Sci. 4:138);
- a log-normal preference for the saccade's amplitude.
Fixation durations are log-normal with a median of about 250 ms (Rayner 1998, Psychol. Bull.
124:372). A saccade lasts 2.2 ms per degree + 21 ms (the main sequence: Bahill, Clark and Stark
1975, Math. Biosci. 24:191; numbers of Carpenter 1988). Now and then a saccade hides a blink.

There is no meaning in it: no objects, faces or text beyond their contrast. A network that scores
well here agrees with contrast and centre, not with people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from bench.datasets.demo.screen import PX_PER_DEG, SAMPLE_MS, SCALE, SCREEN_PX, offset_px

if TYPE_CHECKING:
    from numpy.typing import NDArray

CELL_PX = 4  # targets are chosen on a grid of cells of so many pixels of the photograph
MIN_FIXATION_MS = 60
MAX_FIXATION_MS = 1600
MIN_LATENCY_MS = 120  # the photograph moves nobody's eye sooner than this
LID_MS = 24  # a blink's saccade shows before and after the lid is closed
REFIXATION_RATE = 0.25  # trials with a small corrective saccade before the photograph appears


@dataclass(frozen=True)
class Viewer:
    """One simulated viewer: parameters of the model and of the measurement."""

    id: str
    number: int
    eye: str  # L or R
    centre_sigma: float  # of the centre bias, as a share of the photograph's width and height
    salience_power: float
    reach_deg: float  # preferred amplitude
    reach_log_sd: float
    inhibition: float  # share of a place's pull that a fixation there takes away
    inhibition_deg: float
    inhibition_ms: float  # time in which the inhibition falls to 1/e
    duration_ms: float  # median
    duration_log_sd: float
    blinks_per_s: float
    offset_px: tuple[float, float]  # the calibration's error on the screen
    noise_deg: float  # of a single sample
    drift_deg: float  # of the eye within a fixation
    pupil_area: float


@dataclass(frozen=True)
class Event:
    """A fixation, saccade or blink. Times in ms from the recording's first sample; both samples
    that they name belong to the event. Positions in screen px, true ones, before any noise."""

    kind: str
    start_ms: int
    end_ms: int
    x_px: float
    y_px: float
    x_end_px: float
    y_end_px: float


def generator(seed: int, number: int, purpose: str) -> np.random.Generator:
    """The random generator of viewer `number` for one purpose, whatever ran before."""
    return np.random.default_rng([seed, number, crc32(purpose.encode())])


def make_viewer(number: int, seed: int) -> Viewer:
    """Viewer `number` (from 1) under `seed`: each parameter drawn from its own range."""
    rng = generator(seed, number, "viewer")
    angle = rng.uniform(0, 2 * np.pi)
    error_px = rng.uniform(0.1, 0.4) * PX_PER_DEG
    return Viewer(
        id=f"viewer_{number}",
        number=number,
        eye=str(rng.choice(["L", "R"])),
        centre_sigma=rng.uniform(0.22, 0.32),
        salience_power=rng.uniform(1.8, 3.2),
        reach_deg=rng.uniform(5.0, 8.0),
        reach_log_sd=rng.uniform(0.6, 0.8),
        inhibition=rng.uniform(0.7, 0.95),
        inhibition_deg=rng.uniform(1.5, 2.5),
        inhibition_ms=rng.uniform(1000, 2500),
        duration_ms=rng.uniform(225, 285),
        duration_log_sd=rng.uniform(0.35, 0.5),
        blinks_per_s=rng.uniform(0.03, 0.2),
        offset_px=(float(error_px * np.cos(angle)), float(error_px * np.sin(angle))),
        noise_deg=rng.uniform(0.01, 0.03),
        drift_deg=rng.uniform(0.05, 0.12),
        pupil_area=rng.uniform(700, 1600),
    )


def simulate_trial(
    photo_salience: NDArray[np.float64],
    viewer: Viewer,
    rng: np.random.Generator,
    *,
    onset_ms: int,
    last_ms: int,
) -> list[Event]:
    """What `viewer`'s eye does in one recording of samples at 0, 4, ... `last_ms`.

    `photo_salience` (H, W) has the photograph's size; it appears at `onset_ms`. The eye rests on
    the drift check's target in the middle of the screen, so that the first fixation begins before
    the photograph; the last one ends with the recording. As a tracker does, the first event begins
    two samples after the first one, and the last ends one before the last. Events are in order of
    their start, without a gap but where fixation and saccade meet; a blink lies in its saccade.
    """
    if last_ms % SAMPLE_MS or last_ms - onset_ms < MIN_LATENCY_MS:
        raise ValueError(f"no recording of {last_ms} ms with its photograph at {onset_ms} ms")
    height, width = photo_salience.shape
    columns, rows, pull = _static_pull(photo_salience, viewer)
    left, top = offset_px(width, height)
    x, y = (SCREEN_PX[0] - 1) / 2, (SCREEN_PX[1] - 1) / 2
    start, last = 2 * SAMPLE_MS, last_ms - SAMPLE_MS
    visits: list[tuple[float, float, int]] = []
    events: list[Event] = []
    corrective = rng.random() < REFIXATION_RATE
    while True:
        before_photograph = corrective and not events
        if before_photograph:
            end = _on_sample(rng.uniform(start + MIN_FIXATION_MS, onset_ms - 2 * SAMPLE_MS))
            to_x, to_y = np.array([x, y]) + rng.normal(0, 0.5 * PX_PER_DEG, 2)
        else:
            end = _fixation_end(start, onset_ms, viewer, rng)
            visits.append((x, y, end))
            free = _not_inhibited(columns, rows, visits, end, viewer)
            reach = _reach(columns, rows, x, y, viewer)
            cell = rng.choice(pull.size, p=_as_probability(pull * free * reach))
            jitter = rng.uniform(-0.5, 0.5, 2) * CELL_PX * SCALE
            to_x, to_y = columns[cell] + jitter[0], rows[cell] + jitter[1]
            to_x = float(np.clip(to_x, left, left + SCALE * width - 1))
            to_y = float(np.clip(to_y, top, top + SCALE * height - 1))
        moves = _saccade(end + SAMPLE_MS, (x, y), (float(to_x), float(to_y)), viewer, rng)
        if moves[0].end_ms + MIN_FIXATION_MS > last:
            events.append(Event("fixation", start, last, x, y, x, y))
            return events
        events += [Event("fixation", start, end, x, y, x, y), *moves]
        start, x, y = moves[0].end_ms + SAMPLE_MS, moves[0].x_end_px, moves[0].y_end_px


def _static_pull(
    salience: NDArray[np.float64], viewer: Viewer
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Screen x, screen y and pull (salience and centre bias) of every cell, as flat arrays."""
    height, width = salience.shape
    y, x = (np.arange(CELL_PX // 2, n, CELL_PX) for n in (height, width))
    along_x = np.exp(-0.5 * (((x + 0.5) / width - 0.5) / viewer.centre_sigma) ** 2)
    along_y = np.exp(-0.5 * (((y + 0.5) / height - 0.5) / viewer.centre_sigma) ** 2)
    pull = salience[np.ix_(y, x)] ** viewer.salience_power * np.outer(along_y, along_x)
    left, top = offset_px(width, height)
    columns, rows = np.meshgrid(left + (x + 0.5) * SCALE - 0.5, top + (y + 0.5) * SCALE - 0.5)
    return columns.ravel(), rows.ravel(), pull.ravel()


def _not_inhibited(
    columns: NDArray[np.float64],
    rows: NDArray[np.float64],
    visits: list[tuple[float, float, int]],
    now_ms: int,
    viewer: Viewer,
) -> NDArray[np.float64]:
    """The share of each cell's pull that inhibition of return leaves."""
    free = np.ones_like(columns)
    for x, y, seen_ms in visits:
        strength = viewer.inhibition * np.exp((seen_ms - now_ms) / viewer.inhibition_ms)
        distance_deg = np.hypot(columns - x, rows - y) / PX_PER_DEG
        free *= 1 - strength * np.exp(-0.5 * (distance_deg / viewer.inhibition_deg) ** 2)
    return free


def _reach(
    columns: NDArray[np.float64], rows: NDArray[np.float64], x: float, y: float, viewer: Viewer
) -> NDArray[np.float64]:
    """Log-normal density of the amplitude, spread over the circle of places at that distance."""
    distance_deg = np.maximum(np.hypot(columns - x, rows - y) / PX_PER_DEG, 0.1)
    z = np.log(distance_deg / viewer.reach_deg) / viewer.reach_log_sd
    return np.exp(-0.5 * z**2) / distance_deg**2


def _as_probability(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    total = weights.sum()
    return weights / total if total > 0 else np.full(weights.size, 1 / weights.size)


def _fixation_end(start: int, onset_ms: int, viewer: Viewer, rng: np.random.Generator) -> int:
    """Time of a fixation's last sample; one that begins before the photograph waits for it."""
    duration = viewer.duration_ms * np.exp(rng.normal(0, viewer.duration_log_sd))
    duration = float(np.clip(duration, MIN_FIXATION_MS, MAX_FIXATION_MS))
    if start < onset_ms:
        return _on_sample(onset_ms + max(duration, MIN_LATENCY_MS))
    return start + _on_sample(duration) - SAMPLE_MS


def _saccade(
    start: int,
    origin: tuple[float, float],
    target: tuple[float, float],
    viewer: Viewer,
    rng: np.random.Generator,
) -> list[Event]:
    """A saccade from `start` on, and the blink that it may hide."""
    amplitude_deg = np.hypot(target[0] - origin[0], target[1] - origin[1]) / PX_PER_DEG
    duration = max(_on_sample(2.2 * amplitude_deg + 21), 3 * SAMPLE_MS)
    # One saccade follows each fixation, so that the rate per second becomes one per saccade.
    if rng.random() >= viewer.blinks_per_s * (viewer.duration_ms + duration) / 1000:
        return [Event("saccade", start, start + duration - SAMPLE_MS, *origin, *target)]
    closed = max(_on_sample(130 * np.exp(rng.normal(0, 0.3))), 10 * SAMPLE_MS)
    end = start + 2 * LID_MS + closed - SAMPLE_MS
    blink = Event("blink", start + LID_MS, start + LID_MS + closed - SAMPLE_MS, *origin, *target)
    return [Event("saccade", start, end, *origin, *target), blink]


def _on_sample(ms: float) -> int:
    return round(ms / SAMPLE_MS) * SAMPLE_MS
