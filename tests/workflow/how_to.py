"""The files that a how-to page tells its reader to save, and what it tells to run."""

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def page_files(page):
    """{path: content} of the code blocks of docs/{page} that a "Save this as `path`" precedes."""
    text = (PROJECT / "docs" / page).read_text()
    found = re.findall(r"Save\s+this\s+as\s+`([^`]+)`[^`]*?:\n\n```\w+\n(.+?)```", text, re.DOTALL)
    assert found, page
    return dict(found)


def page_commands(page):
    """The lines `uv run ...` of a page's code blocks, without the `uv run`."""
    text = (PROJECT / "docs" / page).read_text()
    return re.findall(r"^uv run (.+)$", text, re.MULTILINE)


def save(files, folder):
    """Writes the files as the reader would."""
    for name, content in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
