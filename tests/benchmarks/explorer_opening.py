"""How long a report with an explorer of many photographs takes to open, in headless Chromium.

    python tests/benchmarks/explorer_opening.py results/osie/report.html 200

Copies the page beside a folder of synthetic photographs (800 x 600, as many maps and networks as
the page has) and prints the milliseconds until the DOM was ready, the page loaded, and the first
photograph shown. Budget: 200 photographs in less than 3 s.
"""

import base64
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

MEASURE = """<script>
const panels = document.getElementById("explorer-panels");
const told = new MutationObserver(() => {
  const images = [...panels.querySelectorAll("img")];
  if (!images.length) return;
  told.disconnect();
  Promise.all(images.map(image => image.decode())).then(() => {
    const shown = performance.now();
    setTimeout(() => {
      const [entry] = performance.getEntriesByType("navigation");
      const times = [entry.domContentLoadedEventEnd, entry.loadEventEnd, shown];
      console.log("times " + JSON.stringify(times));
    }, 1000);
  });
});
told.observe(panels, { childList: true });
</script><script>"""


def opening_times(browser: str, page: Path, profile: Path) -> list[float]:
    """Milliseconds until the DOM was ready, the page loaded, the photograph's pictures decoded."""
    words = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    words += ["--enable-logging=stderr", f"--user-data-dir={profile}", page.as_uri()]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stderr:
                if found := re.search(r"times (\[[^\]]*\])", line):
                    return json.loads(found.group(1))
        finally:
            process.terminate()
    sys.exit("the browser ended without showing a photograph")


def picture(rng: np.random.Generator, shape: tuple[int, ...]) -> str:
    buffer = io.BytesIO()
    small = Image.fromarray(rng.integers(0, 255, shape, dtype=np.uint8))
    small.resize((shape[1] * 2, shape[0] * 2)).save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def many(index: dict, folder: Path, count: int) -> dict:
    """The index of `count` photographs, whose files are written into `folder`."""
    rng = np.random.default_rng(0)
    scores = ["1.23"] * len(index["metrics"])
    maps = {
        model: {
            "class": "cat",
            "maps": [[picture(rng, (50, 50)), "", *scores] for _ in names],
        }
        for model, _, names in index["networks"]
    }
    shared = {"human": picture(rng, (90, 120)), "photograph": picture(rng, (180, 240, 3))}
    gaze = [[str(v), rng.integers(10, 600, 30).tolist()] for v in range(15)]
    names = [f"{number:04d}.jpg" for number in range(count)]
    for name in names:
        seen = {"name": name, "size": [800, 600], "baselines": [], "gaze": gaze, "networks": maps}
        text = f"explorerPhotograph({json.dumps(seen | shared)});\n"
        (folder / f"{name}.js").write_text(text)
    return index | {"photographs": names, "files": [f"{name}.js" for name in names]}


def main() -> None:
    source, count = Path(sys.argv[1]), int(sys.argv[2])
    browser = shutil.which("chromium") or sys.exit("no Chromium here")
    text = source.read_text()
    found = re.search(r'id="explorer-index">(.*?)</script>', text)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "explorer"
        folder.mkdir()
        index = many(json.loads(found.group(1)), folder, count)
        text = text.replace(found.group(1), json.dumps(index))
        text = re.sub(r'(id="explorer-photographs">).*?</script>', r"\1[]</script>", text)
        text = text.replace('data-folder=""', 'data-folder="explorer"')
        text = text.replace(
            "script-src 'unsafe-inline'\"", "script-src 'unsafe-inline' 'self' file:\""
        )
        head, tail = text.rsplit("<script>", 1)
        page = Path(place) / "report.html"
        page.write_text(head + MEASURE + tail)
        size = sum(path.stat().st_size for path in folder.iterdir())
        print(f"page {len(text) / 1e6:.1f} MB, folder {size / 1e6:.0f} MB in {count} files")
        for _ in range(3):
            times = opening_times(browser, page, Path(place) / "profile")
            ready, loaded, shown = (f"{value:.0f}" for value in times)
            print(f"DOM ready {ready} ms, loaded {loaded} ms, first photograph shown {shown} ms")


if __name__ == "__main__":
    main()
