"""How fixations become the human heatmap, by name."""

from dataclasses import dataclass

from bench.errors import unknown_name


@dataclass(frozen=True)
class Protocol:
    """The choices between a fixation table and a human heatmap (DESIGN.md section 5).

    `duration` is the column of the fixation table that weighs a fixation: `duration_ms` is end
    minus start plus one sample, the tracker's text convention; `span_ms` is end minus start,
    what Edf2Mat gives and hence, most likely, what the paper used.
    """

    name: str
    duration: str
    sigma_px: float = 20.0
    size_px: int = 80
    kernel: str = "paper"
    normalise: str = "before"


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol("default", duration="duration_ms"),
        Protocol("paper", duration="span_ms"),
    )
}


def get_protocol(name: str) -> Protocol:
    """The protocol of that name; UsageError with the nearest names otherwise."""
    if name not in PROTOCOLS:
        raise unknown_name("protocol", name, PROTOCOLS)
    return PROTOCOLS[name]
