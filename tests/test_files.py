"""A file appears only when it is complete."""

import platform
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from bench.errors import UsageError
from bench.files import written_whole
from bench.stages._inputs import write_table


def test_the_file_appears_after_the_block(tmp_path):
    with written_whole(tmp_path / "new" / "a.csv") as path:
        path.write_text("whole")
        assert not (tmp_path / "new" / "a.csv").exists()
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["a.csv"]


def test_a_failure_leaves_the_former_file_and_nothing_else(tmp_path):
    (tmp_path / "a.csv").write_text("former")

    def fail_halfway():
        with written_whole(tmp_path / "a.csv") as path:
            path.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"a.csv": "former"}


@pytest.mark.parametrize(
    ("name", "words"), [("folder", "it is a folder"), ("file/a.csv", "its folder cannot be made")]
)
def test_what_cannot_be_written_is_told_before_the_work(tmp_path, name, words):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("former")
    with pytest.raises(UsageError, match=words), written_whole(tmp_path / name):
        pytest.fail("the work was begun")
    assert (tmp_path / "file").read_text() == "former"


def content(folder):
    """{name: text} of all files of a folder, hidden ones too."""
    return {file.name: file.read_text() for file in folder.iterdir()}


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 KB with one file on it."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if platform.system() != "Linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only Linux's root can mount a small disk")
    (place / "a.csv").write_text("former")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_one_message_and_leaves_the_former_file(small_disk):
    with pytest.raises(UsageError, match=r"a.csv: cannot be written \(No space left") as told:
        write(small_disk / "a.csv", "x" * 100_000)
    assert "Make room" in str(told.value)
    assert content(small_disk) == {"a.csv": "former"}
    write(small_disk / "a.csv", "new")
    assert content(small_disk) == {"a.csv": "new"}


def test_a_full_disk_is_the_same_message_for_tables(small_disk):
    table = pd.DataFrame({"value": np.random.default_rng(0).random(50_000)})
    with (
        pytest.raises(UsageError, match="No space left"),
        written_whole(small_disk / "a.csv") as path,
    ):
        write_table(table, path)
    assert content(small_disk) == {"a.csv": "former"}


def test_a_folder_that_may_only_be_read_is_one_message(small_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(UsageError, match=r"cannot be written \(Read-only file system\)"):
        write(small_disk / "a.csv", "new")
    assert content(small_disk) == {"a.csv": "former"}


def test_a_limit_on_the_size_of_files_is_one_message(tmp_path):
    (tmp_path / "a.csv").write_text("former")
    code = (
        "import resource, sys; from pathlib import Path; from bench.files import written_whole\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "with written_whole(Path(sys.argv[1])) as path:\n"
        "    path.write_text('x' * 5000)\n"
    )
    done = python(code, tmp_path / "a.csv")
    assert done.returncode == 1
    assert "a.csv: cannot be written (File too large)" in done.stderr
    assert content(tmp_path) == {"a.csv": "former"}


@pytest.mark.parametrize("limit", [1_000, 60_000, 300_000, 1_500_000])
def test_a_limit_on_the_size_of_a_map_file_is_one_message_wherever_hdf5_meets_it(limit, tmp_path):
    """At the first byte, in the middle, and in what HDF5 keeps to write when the file is closed."""
    code = (
        "import resource, sys; from pathlib import Path; import numpy as np\n"
        "from bench.errors import BenchError; from bench.files import written_whole\n"
        "from bench.maps import NewMaps, write_map\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "try:\n"
        "    with written_whole(Path(sys.argv[1])) as path, NewMaps(path) as file:\n"
        "        for number in range(1000):\n"
        "            write_map(file.require_group('a'), str(number), np.ones((20, 20)), x=1)\n"
        "except BenchError as error: sys.exit(str(error))\n"
    )
    done = python(code, tmp_path / "a.h5")
    assert done.returncode == 1  # not the -11 of a crash
    assert done.stderr.count("\n") == 1
    assert "a.h5: cannot be written (File too large)" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_failure_to_read_stays_a_failure_to_read(tmp_path):
    with pytest.raises(FileNotFoundError, match="input"), written_whole(tmp_path / "a.csv"):
        (tmp_path / "input").read_text()


def test_two_writers_of_one_file_each_finish_a_whole_one(tmp_path):
    target = tmp_path / "a.csv"
    code = (
        "import sys; from pathlib import Path; from bench.files import written_whole\n"
        "with written_whole(Path(sys.argv[1])) as path:\n"
        "    path.write_text('first')\n"
        "    print('begun', flush=True); sys.stdin.readline()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, target],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout.readline() == "begun\n"
    write(target, "second")
    assert target.read_text() == "second"
    other.communicate("\n", timeout=60)
    assert other.returncode == 0
    assert content(tmp_path) == {"a.csv": "first"}


def test_what_a_killed_writer_left_goes_with_the_next_one_of_the_same_machine(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from bench.files import written_whole\n"
        "with written_whole(Path(sys.argv[1])) as path:\n"
        "    path.write_text('half'); os.kill(os.getpid(), 9)\n"
    )
    assert python(code, tmp_path / "a.csv").returncode == -9
    (left,) = tmp_path.iterdir()
    elsewhere = tmp_path / re.sub(r"part\w+-", "partothermachine-", left.name)
    elsewhere.write_text("half")
    assert elsewhere != left
    write(tmp_path / "a.csv", "whole")
    assert content(tmp_path) == {"a.csv": "whole", elsewhere.name: "half"}


def write(target, text):
    with written_whole(target) as path:
        path.write_text(text)


def python(code, *words):
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
