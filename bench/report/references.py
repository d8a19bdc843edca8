"""References with their DOIs as links, and what stands on which.

A reference is one line of text in its item's own file; a DOI in it is written `doi:10.1000/182`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from markupsafe import Markup

DOI = re.compile(r"doi:(10\.\d{4,9}/\S*[^\s.,;)])")
RESOLVER = "https://doi.org/"


def linked(text: str) -> Markup:
    """The text, escaped, with each DOI as a link; nothing is fetched before a reader follows it.

    >>> str(linked("A & B 2018, doi:10.1000/182."))
    'A &amp; B 2018, <a href="https://doi.org/10.1000/182">doi:10.1000/182</a>.'
    """
    from markupsafe import Markup, escape

    parts, end = [], 0
    for found in DOI.finditer(text):
        parts += [escape(text[end : found.start()]), _link(found[1])]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def bibliography(items: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """(reference, what it is for) from (label, its reference), by the reference's text.

    Items without a reference are left out.
    """
    found: dict[str, dict[str, None]] = {}
    for label, reference in items:
        if reference:
            found.setdefault(reference, {})[label] = None
    return [(text, ", ".join(labels)) for text, labels in sorted(found.items())]


def _link(doi: str) -> Markup:
    from markupsafe import Markup

    return Markup('<a href="{}">doi:{}</a>').format(RESOLVER + quote(doi, safe="/:()"), doi)
