"""One demo for all tests, and a reader of `.asc` as plain as can be: independent of bench.gaze."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bench.datasets.demo import make_demo


@dataclass
class Block:
    start: int
    end: int = 0
    samples: list = field(default_factory=list)  # (ms, x, y, pupil), None for a missing value
    fixations: list = field(default_factory=list)  # (start, end, duration, x, y, pupil)
    saccades: list = field(default_factory=list)
    blinks: list = field(default_factory=list)


@dataclass
class Text:
    blocks: list
    messages: list  # (ms, text)
    lines: list


def number(text):
    return None if text == "." else float(text)


def read_text(path: Path) -> Text:
    text = Text([], [], path.read_text(encoding="ascii").splitlines())
    rows = {"EFIX": "fixations", "ESACC": "saccades", "EBLINK": "blinks"}
    for line in text.lines:
        words = line.split()
        if not words:
            continue
        if words[0] == "MSG":
            stamp, message = line.removeprefix("MSG\t").split(" ", 1)
            text.messages.append((int(stamp), message))
        elif words[0] == "START":
            text.blocks.append(Block(int(words[1])))
        elif words[0] == "END":
            text.blocks[-1].end = int(words[1])
        elif words[0] in rows:
            values = [*map(int, words[2:5]), *map(float, words[5:])]
            getattr(text.blocks[-1], rows[words[0]]).append(values)
        elif words[0].isdigit() and text.blocks:
            text.blocks[-1].samples.append((int(words[0]), *map(number, words[1:4])))
    return text


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    make_demo(folder, seed=0)
    return folder


@pytest.fixture(scope="session")
def texts(demo) -> dict[str, Text]:
    return {path.stem: read_text(path) for path in sorted(demo.glob("recordings/*.asc"))}
