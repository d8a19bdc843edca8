"""What to do after a run that did not end well, as the very commands to type."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

# Of a call that recovers: what `recovery` itself adds, once.
OWN = ("--unlock", "--rerun-incomplete", "--ri")


def recovery(words: Sequence[str]) -> str:
    """The commands that go on with a run, from the words that followed `snakemake` in it.

    >>> print(recovery(["--cores", "all", "--config", "datasets=[osie]"]))
    Finished files stay. When the cause is mended, the same command goes on from there:
        uv run snakemake --cores all --config 'datasets=[osie]'
    After a crash or a kill (a locked directory, incomplete files) these two do:
        uv run snakemake --unlock --cores all --config 'datasets=[osie]'
        uv run snakemake --rerun-incomplete --cores all --config 'datasets=[osie]'
    """
    given = shlex.join(word for word in words if word not in OWN)
    command = "    uv run snakemake"
    return "\n".join(
        [
            "Finished files stay. When the cause is mended, the same command goes on from there:",
            f"{command} {given}",
            "After a crash or a kill (a locked directory, incomplete files) these two do:",
            f"{command} --unlock {given}",
            f"{command} --rerun-incomplete {given}",
        ]
    )
