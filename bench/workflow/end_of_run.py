"""What the workflow does when a run has ended, well or not."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path


def write_performance(datasets: Iterable[str], words: Sequence[str]) -> None:
    """Writes performance.html of every data set that has results (`bench performance`).

    words: the command line of the workflow, its program first. The page is no rule's output: it
    differs between two equal runs and must not make anything run again. The verb says itself what
    it cannot read, and no run fails by that.
    """
    folders = [f"results/{name}" for name in datasets]
    folders = [folder for folder in folders if Path(folder).is_dir()]
    if not folders:
        return
    command = shlex.join([Path(words[0]).name, *words[1:]])
    subprocess.run(
        [sys.executable, "-m", "bench", "performance", *folders, "--command", command, "--quiet"],
        check=False,
    )
