"""EyeLink .asc, plain or gzip: a streaming parser of edf2asc's text form.

Sample lines are counted and skipped; memory grows with the events only. Read are monocular and
binocular files at any rate (also decimal times), remote and head-target columns, negative and `.`
coordinates, messages outside of blocks and over several lines, files made with -s or -e, missing
ENDs, CRLF and any 8-bit text.
"""

from __future__ import annotations

import gzip
import math
import re
import zlib
from pathlib import Path
from typing import BinaryIO

from bench.errors import DataError
from bench.gaze.events import Block, Events, Fixation, position

EYES = {b"L": "L", b"R": "R"}
SHOWN_BAD_LINES = 3
CHUNK = 1 << 18
# No converter writes a longer line; a damaged or foreign file may be one line of gigabytes.
LONGEST_LINE = 1 << 20
# A file system leaves such a hole where a block was lost; text holds no NUL in a row.
HOLE = bytes(16)
# Editors put it before UTF-8; it belongs to no line.
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


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
            parser.read(file)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        if not salvage:
            raise DataError(
                f"{path.name}: the gzip stream is truncated or damaged ({error}). Copy it again, "
                "or recover the complete trials with --salvage (salvage=True)."
            ) from None
        parser.events.cuts.append(f"the gzip stream is truncated or damaged ({error})")
    except _LineTooLongError:
        raise DataError(
            f"{path.name}: line {parser.number + 1} is longer than {LONGEST_LINE} bytes, expected "
            "the short lines of edf2asc: the file is damaged or no .asc. Convert it again."
        ) from None
    except OSError as error:
        raise DataError(f"{path.name}: cannot be read ({error.strerror or error}).") from None
    return parser.finished(), "bench.gaze.eyelink_asc 1"


class _LineTooLongError(Exception):
    """A line that no converter wrote."""


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
        self.run = [0, 0, 0]  # samples since START: all, missing in the first eye, in the second
        self.last_sample = b""
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

    def read(self, file: BinaryIO) -> None:
        """Takes the whole file, a piece at a time: memory is bounded whatever it holds."""
        rest, position_bytes, hole = b"", 0, False
        while chunk := file.read1(CHUNK):
            if not hole and HOLE in chunk:
                hole = True
                found = position_bytes + chunk.index(HOLE)
                self.events.errors.append(f"a hole of zeros at byte {found}: the file is damaged")
            whole = rest + chunk
            *lines, rest = whole.split(b"\n")
            self._lines_lost_in(whole[: len(whole) - len(rest)])
            if not position_bytes and lines:
                lines[0] = lines[0].removeprefix(BYTE_ORDER_MARK)
            position_bytes += len(chunk)
            self.feed(lines)
            if len(rest) > LONGEST_LINE:
                raise _LineTooLongError
        if rest:
            self.cut(rest)

    def _lines_lost_in(self, text: bytes) -> None:
        """Counts the events that are glued to the line before them, where nobody reads them."""
        for found in _GLUED.findall(text):
            self.bad_count += 1
            if len(self.bad_lines) < SHOWN_BAD_LINES:
                self.bad_lines.append(f"{found.decode()!r} after a line end of another kind (CR)")

    def feed(self, lines: list[bytes]) -> None:
        """Takes the next lines of the file, without their line ends."""
        kinds, samples, last_sample = self.kinds, self.run, self.last_sample
        before = self.number
        for number, line in enumerate(lines, before + 1):
            if line[:1].isdigit():  # a sample, by far the most frequent line
                samples[0] += 1
                if b".\t" in line:  # perhaps a missing position; a number ends in a digit
                    fields = line.split(b"\t", 5)
                    if len(fields) > 2 and fields[1].strip() == b".":
                        samples[1] += 1
                    if len(fields) > 4 and fields[4].strip() == b".":
                        samples[2] += 1
                last_sample = line
                continue
            self.number = number
            word = line.split(None, 1)
            if not word:
                continue
            if word[0] in (b"START", b"END") and samples[0]:
                self.last_sample = last_sample
                self._count_samples()
            handle = kinds.get(word[0])
            if handle is not None:
                self._flush()
                self._handled(handle, line)
                if self.pending is not None:
                    self.pending = (*self.pending[:2], samples[0])
            elif word[0] in _OTHER_WORDS or word[0].startswith(b"**"):
                self._flush()
            elif (
                self.pending is not None
                and samples[0] == self.pending[2]
                and not _LIKE_AN_EVENT.match(line)
            ):
                self.pending[1].append(line)
            else:
                self._bad(line)
        self.number, self.last_sample = before + len(lines), last_sample

    def cut(self, line: bytes) -> None:
        """Takes a last line without line end: only an END whose time is complete is believed."""
        if line.startswith(b"END") and len(line.split()) > 2 and b"EVENTS" in line:
            self.feed([line])
            return
        self._lines_lost_in(line)
        self.events.cuts.append(
            f"the file ends in the middle of line {self.number + 1} (no line end), which is "
            "ignored: it was cut off"
        )

    def finished(self) -> Events:
        """The events, after the last line."""
        self._flush()
        events = self.events
        if self.run[0]:
            self._count_samples()
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
            # An event line holds numbers; any other text may be private and is not shown.
            known = line.split(None, 1)[0] in _EVENT_WORDS
            shown = repr(line[:60].decode("latin-1").strip()) if known else "(not an event)"
            self.bad_lines.append(f"line {self.number} {shown}")

    def _count_samples(self) -> None:
        """Books the samples since the last START or END to the eyes of their block."""
        count, *missing = self.run
        self.run[:] = (0, 0, 0)
        if not self.events.blocks:
            return
        for eye, lost in zip(self.events.blocks[-1].eyes, missing, strict=False):
            self.samples[eye] += count
            self.missing[eye] += lost
        try:
            self.events.seen(_time(self.last_sample.split(None, 1)[0]))
        except ValueError:
            self._bad(self.last_sample)

    def _message(self, line: bytes) -> None:
        # Held back, because a message may go on in the lines below.
        _, time_ms, *text = line.split(None, 2)
        self.pending = (_time(time_ms), text, 0)

    def _flush(self) -> None:
        if self.pending is None:
            return
        time_ms, lines, _ = self.pending
        self.pending = None
        self.events.message(time_ms, b"\n".join(line.rstrip(b"\r") for line in lines))

    def _start(self, line: bytes) -> None:
        words = line.split()
        eyes = ("L" if b"LEFT" in words else "") + ("R" if b"RIGHT" in words else "")
        self.events.start_block(_time(words[1]), eyes)

    def _end(self, line: bytes) -> None:
        self.events.end_block(_time(line.split()[1]))

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
            rate_hz = _time(words[words.index(b"RATE") + 1])
            if rate_hz <= 0:
                raise ValueError
            block.rate_hz = rate_hz
        eyes = ("L" if b"LEFT" in words else "") + ("R" if b"RIGHT" in words else "")
        block.eyes = block.eyes or eyes
        return block

    def _fixation_start(self, line: bytes) -> None:
        words = line.split()
        self.events.start_fixation(EYES[words[1]], _time(words[2]))

    def _fixation(self, line: bytes) -> None:
        words = line.split()
        eye, start_ms, end_ms, stated_ms = EYES[words[1]], *map(_time, words[2:5])
        x, y = _number(words[5]), _number(words[6])
        pupil = _number(words[7]) if len(words) > 7 else math.nan
        block = len(self.events.blocks)
        self.events.end_fixation(
            Fixation(eye, block, start_ms, end_ms, x, y, pupil, stated_ms),
        )

    def _saccade(self, line: bytes) -> None:
        words = line.split()
        self.events.saccade(EYES[words[1]], _time(words[2]), _time(words[3]))

    def _blink(self, line: bytes) -> None:
        words = line.split()
        self.events.blink(EYES[words[1]], _time(words[2]), _time(words[3]))


_EVENT_WORDS = {b"START", b"END", b"EVENTS", b"SAMPLES", b"SFIX", b"EFIX", b"ESACC", b"EBLINK"}
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


# A damaged first word, then a time: no line of a message that goes on in the lines below.
_LIKE_AN_EVENT = re.compile(rb"\S{2,8}(?:\t| [LR]  )\s*\d")


# A line that ends in a carriage return alone swallows the event after it.
_GLUED = re.compile(rb"\r[\t ]*(MSG|START|END|EFIX|ESACC|EBLINK)[\t ]")


def _time(word: bytes) -> float:
    """A time, duration or rate, which must be a number; ValueError for what float() lets pass."""
    value = _float(word)
    if not math.isfinite(value):
        raise ValueError
    return value


def _number(word: bytes) -> float:
    return math.nan if word == b"." else position(_float(word))


def _float(word: bytes) -> float:
    if b"_" in word:  # Python's own way of writing 1_000; no tracker's
        raise ValueError
    return float(word)
