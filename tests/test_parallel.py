"""Several processes give what one gives."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.errors import DataError, ValidationError
from bench.parallel import in_order, pieces


def slow_square(number):
    time.sleep(0.2 if number == 0 else 0)
    return number**2, os.getpid()


def refuse(number):
    raise ValidationError(f"number {number}")


def die(number):
    os._exit(number)


def test_two_processes_keep_the_order():
    found = list(in_order(slow_square, range(9), jobs=2))
    assert [square for square, _ in found] == [number**2 for number in range(9)]
    assert os.getpid() not in {process for _, process in found}


def test_one_item_or_one_job_stays_in_this_process():
    assert next(in_order(slow_square, [3], jobs=4)) == (9, os.getpid())
    assert next(in_order(slow_square, [3, 4], jobs=1)) == (9, os.getpid())
    assert list(in_order(slow_square, [], jobs=4)) == []


def test_what_a_process_says_reaches_the_reader():
    with pytest.raises(ValidationError, match="number 5"):
        list(in_order(refuse, [5, 6], jobs=2))


def test_a_process_that_dies_is_one_message():
    with pytest.raises(DataError, match="a process died"):
        list(in_order(die, [5, 6], jobs=2))


WORK = """
import os, signal, time
from bench.parallel import in_order

def begin(number):
    os.write(1, b"begun\\n")  # whole, whoever writes beside it
    time.sleep(number)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` has it ignored
    list(in_order(begin, {items}, jobs=2))
"""


@pytest.fixture
def at_work(tmp_path):
    """A function: seconds that two items take -> a process whose two children have begun them.

    They have its standard output, which therefore ends when the last of them has.
    """
    started = []

    def start(*seconds):
        script = tmp_path / "work.py"
        script.write_text(WORK.format(items=seconds))
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        root = Path(__file__).resolve().parents[1]
        process = subprocess.Popen(
            [sys.executable, script],
            env=os.environ | {"PYTHONPATH": str(root)},
            start_new_session=True,
            **streams,
        )
        started.append(process)
        assert [process.stdout.readline() for _ in range(2)] == ["begun\n"] * 2
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_no_process_outlives_one_that_is_killed(at_work):
    process = at_work(60, 60)
    process.kill()
    rest, _ = process.communicate(timeout=20)
    assert rest == ""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_interrupt_is_told_once_whether_a_process_works_or_waits(at_work):
    process = at_work(0, 2)
    time.sleep(0.5)  # the first is done, and its process waits for more
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=20)
    assert process.returncode != 0
    assert told.count("KeyboardInterrupt") == 1


def test_pieces_hold_every_item():
    assert pieces(range(5), 2) == [[0, 1], [2, 3], [4]]
