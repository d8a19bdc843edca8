"""The report: one self-contained HTML page per data set, offline."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.report.drawing import Drawing

# (scale, JPEG quality) of the pictures of maps inside the page: the first that keeps them below
# BUDGET characters, so that a page of many networks opens too. The files stay as they are.
SIZES = ((1, 70), (0.75, 65), (0.5, 65))
BUDGET = 2_300_000

FOLDER = Path(__file__).parent / "template"


def render(template: str = "page.html.j2", /, **content: Any) -> str:
    """The page for the values that a template names; every one of them must be given."""
    import jinja2

    from bench.report.references import linked

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,  # names come from users' files
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["linked"] = linked
    return environment.get_template(template).render(**content)


def page_figures(drawings: list[Drawing]) -> dict[str, Any]:
    """What the template reads of the figures.

    `figures`: {name: {src, alt, caption}}; `galleries`: [(network, its figures of maps)]. A figure
    without a picture has a caption, which says why, and no `src`.
    """
    sources = _within_budget([drawing.path for drawing in drawings if not drawing.empty])
    figures, galleries = {}, {}
    for drawing in drawings:
        figure = {"alt": drawing.alt, "caption": drawing.caption, "name": drawing.name}
        figure["src"] = "" if drawing.empty else sources[drawing.path]
        if drawing.heading:
            galleries.setdefault(drawing.heading, []).append(figure)
        else:
            figures[drawing.name] = figure
    return {"figures": figures, "galleries": list(galleries.items())}


def _within_budget(paths: list[Path]) -> dict[Path, str]:
    """The figures as data: addresses, the pictures within BUDGET where SIZES can."""
    drawn = {path: embedded(path) for path in paths if path.suffix == ".svg"}
    for scale, quality in SIZES:
        found = {path: embedded(path, scale, quality) for path in paths if path not in drawn}
        if sum(map(len, found.values())) <= BUDGET:
            break
    return drawn | found


def embedded(path: Path, scale: float = 1, quality: int = 85) -> str:
    """A picture as a data: address, so that the page needs no file beside it.

    Pictures of photographs travel as JPEG, a tenth of the PNG's size, smaller by `scale`.
    """
    if path.suffix == ".svg":
        return _address("image/svg+xml", path.read_bytes())
    from PIL import Image

    buffer = io.BytesIO()
    with Image.open(path) as image:
        picture = image.convert("RGB")
        if scale < 1:
            size = [round(scale * side) for side in picture.size]
            picture = picture.resize(size, reducing_gap=3)
        picture.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
    return _address("image/jpeg", buffer.getvalue())


def _address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
