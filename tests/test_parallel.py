"""Several processes give what one gives."""

import os
import time

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


def test_pieces_hold_every_item():
    assert pieces(range(5), 2) == [[0, 1], [2, 3], [4]]
