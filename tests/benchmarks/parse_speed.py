"""CPU seconds to read the workflow: `snakemake -n` of ours beside one without a rule.

    python tests/benchmarks/parse_speed.py [CONFIG ...]      # e.g. 'datasets=[osie]' 'roots={...}'

Budget: reading the workflow, which is ours less the empty one, in at most 3 s.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def cpu_seconds(*words: str, repeat: int = 3) -> float:
    """The least CPU time of a dry run and its children."""
    times = []
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "snakemake", "-n", "--directory", folder, *words]
        for _ in range(repeat + 1):  # the first one compiles what is imported
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(
                command,
                check=True,
                capture_output=True,
                env={name: value for name, value in os.environ.items() if "BYTECODE" not in name}
                | {"PYTHONPYCACHEPREFIX": str(Path(folder) / "bytecode")},
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times[1:])


def main() -> int:
    config = ["--config", *sys.argv[1:]] if sys.argv[1:] else []
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder, "Snakefile")
        empty.write_text("rule all:\n")
        none = cpu_seconds("--snakefile", str(empty))
    ours = cpu_seconds("--snakefile", str(PROJECT / "Snakefile"), *config)
    print(f"empty {none:.2f} s, ours {ours:.2f} s ({ours / none:.1f} times)")
    print(f"reading the workflow {ours - none:.2f} s (budget 3)")
    return int(ours - none > 3)


if __name__ == "__main__":
    sys.exit(main())
