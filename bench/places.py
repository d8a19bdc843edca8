"""Where the workflow's own files lie: in a checkout, or in an installed package.

They are the Snakefile with its rules, `config/`, `profiles/`, the descriptions of data sets in
`data/` and CITATION.cff. pyproject.toml puts them into `bench/study/` of the package.
"""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parent

PROJECT = CHECKOUT if (CHECKOUT / "Snakefile").is_file() else PACKAGE / "study"
SNAKEFILE = PROJECT / "Snakefile"
