"""docs/methods-and-networks.md says what is so: methods and networks, pair by pair."""

from pathlib import Path

import pytest

from bench.attention import method_files, method_names
from bench.literals import literals
from bench.networks import network_entry, network_names
from bench.stages._pairs import EXAMPLES, markdown, pairs

PAGE = Path(__file__).parents[1] / "docs" / "methods-and-networks.md"
AGAIN = "run: bench list pairs --markdown > docs/methods-and-networks.md"


def _cells(page: str) -> dict[str, list[str]]:
    """{network: what its row says of each method, the reasons in words}."""
    notes = dict(line.split(". ", 1) for line in page.splitlines() if line[:1].isdigit())
    rows = {}
    for line in page.splitlines():
        if line.startswith("| `"):
            network, *cells = [cell.strip() for cell in line.strip("|").split("|")]
            rows[network.strip("`")] = [
                notes[cell[4:-1]] if cell.startswith("no") else cell for cell in cells
            ]
    return rows


def test_the_page_has_every_method_and_every_network():
    page = PAGE.read_text(encoding="utf-8")
    head = next(line for line in page.splitlines() if line.startswith("| network"))
    labels = [str(literals(method_files()[name])["LABEL"]) for name in method_names()]
    assert [cell.strip() for cell in head.strip("|").split("|")][1:] == labels, AGAIN
    ids = [network_entry(name).name for name in (*network_names(), *EXAMPLES)]
    assert list(_cells(page)) == ids, AGAIN


@pytest.mark.parametrize("network", ["squeezenet1_1", "mobilenet_v3_large"])
def test_a_row_of_the_page_is_what_happens(network):
    shown = _cells(PAGE.read_text(encoding="utf-8"))
    assert shown[network] == _cells(markdown(pairs([network])))[network], AGAIN


@pytest.mark.slow
def test_the_page_is_what_happens():
    table = pairs()
    assert PAGE.read_text(encoding="utf-8") == markdown(table), AGAIN
    reasons = {reason for row in table.values() for reason in row.values()}
    assert not [reason for reason in reasons if reason.startswith("not finite")]


def test_a_pair_that_does_not_work_has_its_reason():
    row = pairs(["timm:lcnet_050"], ["gradcam", "cam", "guided_backprop"])["timm_lcnet_050"]
    assert row["gradcam"] == ""
    assert "fully connected" in row["cam"]
    assert "uses hardswish" in row["guided_backprop"]
