"""docs/metrics.md says of every metric what the registry says. As a script: writes that part."""

import math
from pathlib import Path

import pytest

from bench.metrics import get_metric, metric_names

PAGE = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"
START = "From the registry; `python tests/metrics/test_docs.py` writes this part anew.\n"


def section(name):
    """The registry's words on one metric."""
    metric = get_metric(name)
    low, high = (f"{v:g}" if math.isfinite(v) else "" for v in metric.range)
    reach = f"{low or 'no lower bound'} to {high or 'no upper bound'}"
    constant = metric.constant_value
    facts = [
        f"`{metric.formula}`",
        f"{metric.direction} is better; {reach}{f', {metric.unit}' if metric.unit else ''}",
        f"needs: {', '.join(metric.needs)}" + (f" ({metric.heatmap})" if metric.heatmap else ""),
        "constant map: " + ("depends on the image" if constant is None else f"{constant:g}"),
        f"reference: {metric.reference}",
    ]
    asked = "" if metric.default else " (only where named)"
    lines = "\n".join(f"- {fact}" for fact in facts)
    return f"### {name}: {metric.label}{asked}\n\n{metric.description}\n\n{lines}\n"


@pytest.mark.parametrize("name", metric_names())
def test_the_page_says_of_each_metric_what_the_registry_says(name):
    assert section(name) in PAGE.read_text().split(START)[1]


def test_the_page_has_no_metric_that_does_not_exist():
    titles = [line for line in PAGE.read_text().splitlines() if line.startswith("### ")]
    assert [title.split()[1].rstrip(":") for title in titles] == metric_names()


if __name__ == "__main__":
    by_hand = PAGE.read_text().split(START)[0]
    PAGE.write_text(by_hand + START + "\n" + "\n".join(map(section, metric_names())))
