"""EyeLink .asc, plain or gzip: a streaming parser of edf2asc's text form.

Sample lines are counted and skipped; memory grows with the events only. Read are monocular and
binocular files at any rate (also decimal times), remote and head-target columns, negative and `.`
coordinates, messages outside of blocks and over several lines, files made with -s or -e, missing
ENDs, CRLF and any 8-bit text.
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterator
from pathlib import Path

from bench.errors import DataError
from bench.gaze.events import Block, Events, Fixation, decoded, position

EYES = {b"L": "L", b"R": "R"}
SHOWN_BAD_LINES = 3


def read_eyelink_asc(
    path: Path, *, compressed: bool = False, salvage: bool = False
) -> tuple[Events, str]:
    """The events of an .asc file and the name of the reader.

    A last line without a line end is ignored: it may have been cut anywhere. That goes to
    `events.cuts`; a line that cannot be understood goes to `events.errors` with its number.

    Raises DataError where the file or its gzip stream cannot be read; with `salvage`, what comes
    before the end of a truncated gzip stream is used.
    """
    parser = _AscParser()
    try:
        with gzip.open(path) if compressed else path.open("rb") as file:
            parser.feed(file)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        if not salvage:
            raise DataError(
                f"{path.name}: the gzip stream is truncated or damaged ({error}). Copy it again, "
                "or recover the complete trials with --salvage (salvage=True)."
            ) from None
        parser.events.cuts.append(f"the gzip stream is truncated or damaged ({error})")
    except OSError as error:
        raise DataError(f"{path.name}: cannot be read ({error.strerror or error}).") from None
    return parser.finished(), "bench.gaze.eyelink_asc 1"


class _AscParser:
    """Goes through the lines once; each kind of line has its method."""

    def __init__(self) -> None:
        self.events = Events()
        self.number = 0
        self.bad_lines: list[str] = []
        self.bad_count = 0
        self.pending: tuple[float, list[bytes], int] | None = None  # time, lines, samples before
        self.samples = {"L": 0, "R": 0}
        self.missing = {"L": 0, "R": 0}
        self.kinds = {
            b"MSG": self._message,
            b"START": self._start,
            b"END": self._end,
            b"EVENTS": self._events,
            b"SAMPLES": self._samples,
            b"SFIX": self._fixation_start,
            b"EFIX": self._fixation,
            b"ESACC": self._saccade,
            b"EBLINK": self._blink,
        }

    def feed(self, lines: Iterator[bytes]) -> None:
        """Takes all lines of the file."""
        kinds = self.kinds
        samples: list[int] = [0, 0, 0]
        line = b""
        for self.number, line in enumerate(lines, 1):
            first = line[0]
            if 48 <= first <= 57:  # a digit: a sample, by far the most frequent line
                samples[0] += 1
                if b" .\t" in line or b"\t.\t" in line:
                    fields = line.split(b"\t", 5)
                    if len(fields) > 2 and fields[1].strip() == b".":
                        samples[1] += 1
                    if len(fields) > 4 and fields[4].strip() == b".":
                        samples[2] += 1
                last_sample = line
                continue
            if line[-1] != 10:
                break
            word = line.split(None, 1)
            if not word:
                continue
            if word[0] in (b"START", b"END") and samples[0]:
                self._count_samples(samples, last_sample)
                samples = [0, 0, 0]
            handle = kinds.get(word[0])
            if handle is not None:
                self._flush()
                self._handled(handle, line)
                if self.pending is not None:
                    self.pending = (*self.pending[:2], samples[0])
            elif word[0] in _OTHER_WORDS or word[0].startswith(b"**"):
                self._flush()
            elif self.pending is not None and samples[0] == self.pending[2]:
                self.pending[1].append(line)
            else:
                self._bad(line)
        if samples[0]:
            self._count_samples(samples, last_sample)
        if line and line[-1] != 10:
            self._cut(line)

    def finished(self) -> Events:
        """The events, after the last line."""
        self._flush()
        events = self.events
        if self.bad_count:
            events.errors.append(
                f"{self.bad_count} line(s) could not be understood: {'; '.join(self.bad_lines)}"
            )
        for eye, count in self.samples.items():
            if count:
                events.samples[eye] = (count, self.missing[eye])
        events.finish()
        return events

    def _handled(self, handle, line: bytes) -> None:
        try:
            handle(line)
        except (ValueError, IndexError, KeyError):
            self._bad(line)

    def _bad(self, line: bytes) -> None:
        self.bad_count += 1
        if len(self.bad_lines) < SHOWN_BAD_LINES:
            text = line[:60].decode("latin-1").strip()
            self.bad_lines.append(f"line {self.number} {text!r}")

    def _cut(self, line: bytes) -> None:
        """The last line has no line end: only an END whose time is complete is believed."""
        if line.startswith(b"END") and len(line.split()) > 2 and b"EVENTS" in line:
            self._flush()
            self._handled(self._end, line)
            return
        self.events.cuts.append(
            f"the file ends in the middle of line {self.number} (no line end), which is ignored: "
            "it was cut off"
        )

    def _count_samples(self, samples: list[int], last: bytes) -> None:
        count, first_missing, second_missing = samples
        eyes = self.events.blocks[-1].eyes if self.events.blocks else ""
        for eye, missing in zip(eyes, (first_missing, second_missing), strict=False):
            self.samples[eye] += count
            self.missing[eye] += missing
        try:
            self.events.seen(float(last.split(None, 1)[0]))
        except ValueError:
            return

    def _message(self, line: bytes) -> None:
        # Held back, because a message may go on in the lines below.
        _, time_ms, *text = line.split(None, 2)
        self.pending = (float(time_ms), text, 0)

    def _flush(self) -> None:
        if self.pending is None:
            return
        time_ms, lines, _ = self.pending
        self.pending = None
        text, utf8 = decoded(b"\n".join(line.rstrip(b"\r\n") for line in lines))
        self.events.not_utf8 += not utf8
        self.events.message(time_ms, text)

    def _start(self, line: bytes) -> None:
        words = line.split()
        eyes = ("L" if b"LEFT" in words else "") + ("R" if b"RIGHT" in words else "")
        self.events.start_block(float(words[1]), eyes)

    def _end(self, line: bytes) -> None:
        self.events.end_block(float(line.split()[1]))

    def _events(self, line: bytes) -> None:
        words = line.split()
        block = self._described(words)
        found = [word for word in (b"GAZE", b"HREF", b"PUPIL") if word in words]
        block.coordinates = found[0].decode() if found else ""

    def _samples(self, line: bytes) -> None:
        self._described(line.split())

    def _described(self, words: list[bytes]) -> Block:
        """The open block, completed by an EVENTS or SAMPLES line."""
        block = self.events.blocks[-1]
        if b"RATE" in words:
            block.rate_hz = float(words[words.index(b"RATE") + 1])
        eyes = ("L" if b"LEFT" in words else "") + ("R" if b"RIGHT" in words else "")
        block.eyes = block.eyes or eyes
        return block

    def _fixation_start(self, line: bytes) -> None:
        words = line.split()
        self.events.start_fixation(EYES[words[1]], float(words[2]))

    def _fixation(self, line: bytes) -> None:
        words = line.split()
        eye, start_ms, end_ms, stated_ms = EYES[words[1]], *map(float, words[2:5])
        x, y = _number(words[5]), _number(words[6])
        pupil = _number(words[7]) if len(words) > 7 else math.nan
        block = len(self.events.blocks)
        self.events.end_fixation(
            Fixation(eye, block, start_ms, end_ms, x, y, pupil, stated_ms),
        )

    def _saccade(self, line: bytes) -> None:
        eye = EYES[line.split()[1]]
        self.events.saccades[eye] = self.events.saccades.get(eye, 0) + 1

    def _blink(self, line: bytes) -> None:
        words = line.split()
        self.events.blink(EYES[words[1]], float(words[2]), float(words[3]))


# First words of lines that are no continuation of a message.
_OTHER_WORDS = {
    b"**",
    b"PRESCALER",
    b"VPRESCALER",
    b"PUPIL",
    b"INPUT",
    b"BUTTON",
    b"SSACC",
    b"SBLINK",
    b"RECCFG",
    b"#",
}


def _number(word: bytes) -> float:
    return math.nan if word == b"." else position(float(word))
