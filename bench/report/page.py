"""The report: one self-contained HTML page per data set, offline."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

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


def embedded(path: Path) -> str:
    """A picture as a data: address, so that the page needs no file beside it.

    Pictures of photographs travel as JPEG, a tenth of the PNG's size.
    """
    if path.suffix == ".svg":
        return _address("image/svg+xml", path.read_bytes())
    from PIL import Image

    buffer = io.BytesIO()
    with Image.open(path) as image:
        image.convert("RGB").save(buffer, "JPEG", quality=85)
    return _address("image/jpeg", buffer.getvalue())


def _address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
