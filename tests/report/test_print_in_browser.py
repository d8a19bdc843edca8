"""On paper what is folded stands open, but for the pages of the recordings."""

import re
import shutil
import subprocess

import pytest

from bench.report.page import FOLDER

pytestmark = pytest.mark.browser

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
]
PARTS = """\
<details id="folded"><summary>a</summary></details>
<details id="open" open><summary>b</summary></details>
<details id="recording" class="recording"><summary>c</summary></details>
"""


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([], {"open"}),
        (["beforeprint"], {"folded", "open"}),
        (["beforeprint", "afterprint"], {"open"}),
    ],
)
def test_what_is_folded_is_open_while_it_is_printed(tmp_path, events, found):
    if BROWSER is None:
        pytest.skip("no Chromium here")
    script = (FOLDER / "print.js").read_text()
    happens = "".join(f"dispatchEvent(new Event('{event}'));" for event in events)
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html>{PARTS}<script>{script}{happens}</script>")
    done = subprocess.run(
        [BROWSER, *QUIET, f"--user-data-dir={tmp_path / 'browser'}", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    tags = re.findall(r'<details id="(\w+)"([^>]*)>', done.stdout)
    assert {name for name, rest in tags if "open=" in rest} == found
