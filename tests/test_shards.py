"""How a data set is cut: every image once, no shard too large, and neighbours left in peace."""

import re
import subprocess
from pathlib import Path

import pytest

from bench.errors import DataError, UsageError
from bench.shards import cut, read_shards, shard_images, write_shards

NAMES = [f"COCO_{number:06}.jpg" for number in range(0, 3000, 3)]


@pytest.mark.parametrize("size", [1, 2, 7, 100, 999])
def test_every_image_is_in_one_shard_of_bounded_size(size):
    shards = cut(reversed(NAMES), size)
    assert [name for names in shards.values() for name in names] == NAMES
    assert all(size / 3 - 1 <= len(names) <= size for names in shards.values())


def test_up_to_the_size_there_is_one_shard():
    assert list(cut(NAMES, len(NAMES)).values()) == [NAMES]


@pytest.mark.parametrize("size", [20, 100])
def test_an_image_more_or_less_leaves_nearly_all_shards_as_they_are(size):
    before = cut(NAMES, size)
    changed = 0
    for number in range(1, 3000, 100):
        after = cut([*NAMES, f"COCO_{number:06}.jpg"], size)
        changed += sum(after.get(shard) != names for shard, names in before.items())
        fewer = cut([name for name in NAMES if name != f"COCO_{number - 1:06}.jpg"], size)
        changed += sum(fewer.get(shard) != names for shard, names in before.items())
    assert changed / 60 < 2  # of 10 to 100 shards, mostly the one that the image is in


def test_a_list_of_shards_is_read_back(tmp_path):
    shards = cut(['a, "b".png', "ü ö.png", "c.png"], 2)
    write_shards(shards, tmp_path / "shards.csv")
    assert read_shards(tmp_path / "shards.csv") == shards
    assert shard_images(tmp_path / "shards.csv", next(iter(shards))) == next(iter(shards.values()))


def test_what_is_no_list_of_shards_is_refused(tmp_path):
    path = tmp_path / "shards.csv"
    with pytest.raises(DataError, match="not readable"):
        read_shards(path)
    path.write_text("image\na.png\n")
    with pytest.raises(DataError, match="expected the columns shard, image"):
        read_shards(path)
    path.write_text("shard,image\n1f,a.png\n")
    with pytest.raises(UsageError, match="no shard '2e'; found 1f"):
        shard_images(path, "2e")


def test_the_line_that_removes_former_shards_removes_no_other(tmp_path):
    page = Path(__file__).resolve().parents[1] / "config/README.md"
    (line,) = re.findall(r"^    (for part in .*)$", page.read_text(), re.MULTILINE)
    for shard in ("1a/two words", "1a2b/two words", "1a/uncut"):
        name, dataset = shard.split("/")
        (tmp_path / "results" / dataset / "vgg19/shards" / name / "maps").mkdir(parents=True)
    write_shards({"1a": ["a.png"]}, tmp_path / "results/two words/shards.csv")
    subprocess.run(["bash", "-c", line], cwd=tmp_path, check=True)
    left = [path.relative_to(tmp_path / "results") for path in tmp_path.rglob("shards/*")]
    assert left == [Path("two words/vgg19/shards/1a")]
