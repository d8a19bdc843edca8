"""Seeded damage to real .edf files: what the library reads "successfully" must not pass unseen."""

import importlib.util
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bench.errors import DataError
from bench.gaze import read_recording

KINDS = ("20 flipped bytes", "4 KiB of zeros", "2 KiB burst")
# So many wrong tables are judged; about 165 corruptions give them.
WRONG = 100


def damaged(raw, kind, generator):
    raw = bytearray(raw)
    if kind == KINDS[0]:
        for _ in range(20):
            raw[generator.randrange(len(raw))] ^= 1 << generator.randrange(8)
        return bytes(raw)
    size = 4096 if kind == KINDS[1] else 2048
    start = generator.randrange(len(raw) - size)
    raw[start : start + size] = bytes(size) if kind == KINDS[1] else generator.randbytes(size)
    return bytes(raw)


@pytest.fixture
def sound(shared_data):
    """{name: bytes} of sound recordings: two laboratories' and eyelinkio's own."""
    spec = importlib.util.find_spec("eyelinkio")
    if spec is None:
        pytest.skip("the extra eyelink is not installed")
    own = sorted((Path(spec.origin).parent / "tests" / "data").glob("*.edf"))
    others = ("left_eye.edf", "TEST_2022_03_08_18_33.EDF")
    paths = [shared_data(f"eyelink/{name}") for name in others] + own
    return {path.name: path.read_bytes() for path in paths}


@pytest.mark.slow
def test_of_100_wrong_tables_at_least_95_are_caught(sound, tmp_path, record_property):
    def read(name, raw):
        path = tmp_path / f"{name}.edf"
        path.write_bytes(raw)
        try:
            recording = read_recording(path)
        except DataError:
            return None
        finally:
            path.unlink()
        return len(recording.fixations), bool(recording.quality["errors"])

    truth = {name: read(name, raw) for name, raw in sound.items()}
    assert not any(error for _, error in truth.values())  # no false alarm on a sound file

    def outcome(number):
        name, kind = sorted(sound)[number % len(sound)], KINDS[number // len(sound) % 3]
        found = read(number, damaged(sound[name], kind, random.Random(number)))
        if found is None:
            return kind, "refused"
        count, error = found
        wrong = "right" if count == truth[name][0] else "wrong"
        return kind, f"{wrong}, {'caught' if error else 'passed'}"

    counts, by_kind, number = Counter(), Counter(), 0
    with ThreadPoolExecutor(2) as pool:  # each thread waits for a child process
        while counts["wrong, caught"] + counts["wrong, passed"] < WRONG:
            for kind, what in pool.map(outcome, range(number, number + 2 * len(sound))):
                counts[what] += 1
                by_kind[kind, what] += 1
            number += 2 * len(sound)
    n = counts["wrong, caught"] + counts["wrong, passed"]
    stated = f"{counts['wrong, caught']} of n = {n} wrong tables caught, {number} corruptions"
    record_property("corruption", stated)
    print(stated, dict(counts), {" ".join(key): value for key, value in by_kind.items()})
    assert counts["wrong, caught"] >= 0.95 * n, stated
