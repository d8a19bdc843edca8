"""A file appears only when it is complete."""

import pytest

from bench.errors import UsageError
from bench.files import written_whole


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
