"""The explorer as a reader meets it: opened from the disk in a browser, under the page's policy."""

import re
import shutil
import subprocess
from html import unescape

import jinja2
import pytest

from bench.metrics import get_metric
from bench.report.explorer import make_explorer
from bench.report.page import FOLDER

pytestmark = pytest.mark.browser

METRICS = [get_metric(name) for name in ("nss", "sauc")]
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
QUIET = ["--no-first-run", "--disable-background-networking", "--disable-component-update"]
SECTION = """\
<!doctype html><html lang="en"><head><meta charset="utf-8">POLICY<title>untouched</title>
<style>{% include "style.css" %}</style></head>
<body>{% include "explorer.html.j2" %}<script>{% include "explorer.js" %}</script>
<script>{{ after|safe }}</script></body></html>
"""


@pytest.fixture
def opened(small_results, tmp_path):
    """A function: what is in the address after the page, ... -> the page's HTML after loading."""
    if BROWSER is None:
        pytest.skip("no Chromium here")

    def open_page(
        fragment="", *, names=("a.png", "b.png", "c.png"), inside=True, after="", lost=False
    ):
        results, files, fixations = small_results(names)
        explorer = make_explorer(
            *(results, files, fixations, METRICS, tmp_path / "explorer"),
            inside_bytes=10**9 if inside else 0,
        )
        policy = re.search(r"<meta http-equiv.*", (FOLDER / "page.html.j2").read_text()).group()
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
        )
        template = environment.from_string(SECTION.replace("POLICY", policy))
        page = tmp_path / "page.html"
        page.write_text(
            template.render(explorer=explorer, summary={"simulated": True}, after=after)
        )
        if lost:
            shutil.rmtree(tmp_path / "explorer")
        profile = f"--user-data-dir={tmp_path / 'profile'}"
        words = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", *QUIET, profile]
        done = subprocess.run(
            [*words, "--virtual-time-budget=3000", "--dump-dom", page.as_uri() + fragment],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return open_page


def status(page):
    return unescape(re.search(r'id="explorer-status"[^>]*>([^<]*)<', page).group(1))


def alts(page):
    return [unescape(text) for text in re.findall(r'<img[^>]* alt="([^"]+)"', page)]


@pytest.mark.parametrize("inside", [True, False])
def test_a_link_opens_at_its_photograph_and_network(opened, inside):
    page = opened("#explorer?image=b.png&network=vgg16&viewer=viewer%3Aann", inside=inside)
    assert status(page).startswith("Photograph 2 of 3: b.png. VGG16 sees “vgg16's <class>”.")
    assert "2 simulated fixations of viewer ann, 0.6 s" in status(page)
    assert alts(page)[0].startswith("The photograph b.png with 2 simulated fixations")
    assert any(text.startswith("CAM on VGG16 over b.png: NSS 1.2") for text in alts(page))
    circles = re.findall(r'<circle cx="(\S+)" cy="(\S+)" r="(\S+)"', page)
    assert [(x, y) for x, y, _ in circles] == [("10", "20"), ("40", "31")]
    # the area is the duration
    assert float(circles[0][2]) ** 2 / float(circles[1][2]) ** 2 == pytest.approx(1.2, rel=0.15)
    assert ("explorer/" in page) is False  # the script element goes once it has run


def test_without_a_link_the_first_photograph_is_shown_with_everybody(opened):
    page = opened()
    assert status(page).startswith("Photograph 1 of 3: a.png. AlexNet sees")
    assert page.count("<circle") == 3


def test_buttons_and_switches_change_pictures_texts_and_address(opened):
    page = opened(
        after="""
        const press = id => document.getElementById("explorer-" + id).click();
        press("previous"); press("every");
        document.querySelector("[name=view][value=plain]").click();
        document.title = location.hash;"""
    )
    assert status(page).startswith("Photograph 3 of 3: c.png")  # round the corner
    assert "no map of this photograph" in page
    assert any("Gradient on AlexNet for c.png" in text for text in alts(page))
    title = unescape(re.search("<title>([^<]*)", page).group(1))
    assert title == "#explorer?image=c.png&network=alexnet&every=yes&view=plain"


def test_names_that_look_like_markup_stay_names(opened):
    names = ("<img src=x onerror=document.title='run'>.png", "a&b\"c'#?d%.png")
    page = opened("#explorer?image=a%26b%22c%27%23%3Fd%25.png", names=names)
    assert "<title>untouched</title>" in page
    assert status(page).startswith(f"Photograph 2 of 2: {names[1]}.")


def test_a_link_to_what_is_not_here_says_so(opened):
    page = opened("#explorer?image=%3Cb%3Ez.png&network=alexnet")
    assert status(page).startswith(
        "The link asks for “<b>z.png”, which is not here. Photograph 1 of 3"
    )


def test_a_page_without_its_folder_says_what_is_missing(opened):
    page = opened(inside=False, lost=True)
    assert "The pictures of a.png are not here: they lie in the folder “explorer”" in status(page)
