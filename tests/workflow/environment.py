"""Programs as a user of this environment runs them, and what it takes to start many of them."""

import os
import subprocess
import sys
from pathlib import Path

PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def output_of(folder, *words):
    """What `python WORDS` shows in a folder, with this Python's programs; it must end well."""
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=folder,
        env=os.environ | {"PATH": PATH},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def environment(bytecode):
    """Ours, with this Python's programs, one thread, and compiled modules kept in `bytecode`.

    Where Python is told to write none beside its modules, each of a run's dozens of processes
    compiles Snakemake anew: 8 to 10 CPU seconds a start in place of 3.
    """
    kept = {name: value for name, value in os.environ.items() if "BYTECODE" not in name}
    own = {"PATH": PATH, "OMP_NUM_THREADS": "1", "PYTHONPYCACHEPREFIX": str(bytecode)}
    return kept | own
