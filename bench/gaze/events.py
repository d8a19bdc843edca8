"""What a reader hands on: the events of a recording in file order, before any table is made."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

# The tracker's own codes for "no value": an integer and, in events, a large float.
MISSING_DATA = -32768.0
MISSING_ABOVE = 1e7


@dataclass
class Block:
    """A stretch of recording from START to END; times in ms of the tracker's clock.

    `end_ms` stays None without an END; `last_ms` is the last time seen in the block.
    `coordinates` is 'GAZE', 'HREF', 'PUPIL' or '' where the file has no events or does not say.
    """

    start_ms: float
    eyes: str
    rate_hz: float | None = None
    coordinates: str = ""
    end_ms: float | None = None
    last_ms: float = -math.inf


@dataclass
class Fixation:
    """A finished fixation; `stated_ms` is the duration that the file itself writes, if any."""

    eye: str
    block: int
    start_ms: float
    end_ms: float
    x_px: float
    y_px: float
    pupil: float
    stated_ms: float | None = None


@dataclass
class Events:
    """Collects the events of one recording; the readers call its methods in file order.

    `unfinished` holds (eye, block, start_ms) of fixations that started and never ended,
    `blink_spans` (eye, block, start_ms, end_ms).
    `errors`, `warnings` and `cuts` (signs of truncation) are sentences without the file's name.
    """

    blocks: list[Block] = field(default_factory=list)
    fixations: list[Fixation] = field(default_factory=list)
    unfinished: list[tuple[str, int, float]] = field(default_factory=list)
    messages: list[tuple[float, str]] = field(default_factory=list)
    saccades: dict[str, int] = field(default_factory=dict)
    blinks: dict[str, int] = field(default_factory=dict)
    blink_spans: list[tuple[str, int, float, float]] = field(default_factory=list)
    samples: dict[str, tuple[int, int]] = field(default_factory=dict)  # eye: (all, missing)
    source: str = "tracker"
    cuts: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    not_utf8: int = 0
    not_utf8_messages: list[int] = field(default_factory=list)  # their numbers, from 1
    lost_ends: int = 0  # a saccade came while a fixation was open: that one's end is lost
    gaps: int = 0  # between two events of an eye there is time that belongs to neither
    bad_times: int = 0  # saccades and blinks that end before they start or leave their block
    _open: dict[str, float] = field(default_factory=dict)
    _last_end: dict[str, float] = field(default_factory=dict)
    _in_block: bool = False

    def start_block(self, start_ms: float, eyes: str) -> Block:
        """Opens a block; one that is still open then has no END."""
        self._close_fixations()
        self._last_end.clear()
        block = Block(start_ms, eyes, last_ms=start_ms)
        self.blocks.append(block)
        self._in_block = True
        return block

    def end_block(self, end_ms: float) -> None:
        """Closes the open block."""
        self._close_fixations()
        if not self._in_block:
            self.errors.append(f"END at {end_ms:.10g} ms without a START: the file is damaged")
            return
        self.blocks[-1].end_ms = end_ms
        self.blocks[-1].last_ms = end_ms
        self._in_block = False

    def start_fixation(self, eye: str, start_ms: float) -> None:
        """Notes the start of a fixation; an older one of that eye never ended."""
        if eye in self._open:
            self.unfinished.append((eye, len(self.blocks), self._open[eye]))
        self._open[eye] = start_ms

    def end_fixation(self, fixation: Fixation) -> None:
        """Takes a finished fixation, whether its start was noted or not."""
        self._open.pop(fixation.eye, None)
        self.fixations.append(fixation)
        self._follow(fixation.eye, fixation.start_ms, fixation.end_ms)

    def saccade(self, eye: str, start_ms: float, end_ms: float) -> None:
        """Takes a finished saccade."""
        self.saccades[eye] = self.saccades.get(eye, 0) + 1
        # A fixation ends before the saccade begins, and the tracker writes its end first.
        if start_ms > self._open.get(eye, math.inf):
            self.unfinished.append((eye, len(self.blocks), self._open.pop(eye)))
            self.lost_ends += 1
        self._check_times(start_ms, end_ms)
        self._follow(eye, start_ms, end_ms)

    def blink(self, eye: str, start_ms: float, end_ms: float) -> None:
        """Takes a finished blink; it lies inside a saccade."""
        self.blinks[eye] = self.blinks.get(eye, 0) + 1
        self.blink_spans.append((eye, len(self.blocks), start_ms, end_ms))
        self._check_times(start_ms, end_ms)
        self.seen(end_ms)

    def message(self, time_ms: float, text: str | bytes) -> None:
        """Takes a message, inside a block or outside; bytes as they stand in the file."""
        if isinstance(text, bytes):
            text, utf8 = decoded(text)
            if not utf8:
                self.not_utf8 += 1
                self.not_utf8_messages.append(len(self.messages) + 1)
        self.messages.append((time_ms, text))
        self.seen(time_ms)

    def seen(self, time_ms: float) -> None:
        """Moves the last time of the open block."""
        if self._in_block and time_ms > self.blocks[-1].last_ms:
            self.blocks[-1].last_ms = time_ms

    def finish(self) -> None:
        """To be called after the last event."""
        self._close_fixations()

    def _follow(self, eye: str, start_ms: float, end_ms: float) -> None:
        """The tracker's parser calls every sample of an eye fixation or saccade, without gaps."""
        before = self._last_end.get(eye)
        if before is not None and self.blocks:
            rate_hz = self.blocks[-1].rate_hz
            # One millisecond more, for times that a converter rounded.
            self.gaps += rate_hz is not None and start_ms - before > 1000.0 / rate_hz + 1
        self._last_end[eye] = end_ms
        self.seen(end_ms)

    def _check_times(self, start_ms: float, end_ms: float) -> None:
        begun = self.blocks[-1].start_ms if self.blocks else -math.inf
        self.bad_times += end_ms < start_ms or end_ms < begun

    def _close_fixations(self) -> None:
        for eye, start_ms in self._open.items():
            self.unfinished.append((eye, len(self.blocks), start_ms))
        self._open.clear()


def position(value: float) -> float:
    """The value, or NaN for the tracker's codes for a missing one (-32768, 1e+08)."""
    if value == MISSING_DATA or not abs(value) < MISSING_ABOVE:
        return math.nan
    return value


def decoded(raw: bytes) -> tuple[str, bool]:
    """A message's text and whether it was UTF-8; anything else is taken as cp1252."""
    raw = raw.replace(b"\0", b"")
    try:
        return raw.decode("utf-8").strip(), True
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace").strip(), False
