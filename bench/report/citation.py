"""How to cite this software and the study that it reproduces, from CITATION.cff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bench.places import PROJECT
from bench.schemas import read_yaml

FILE = PROJECT / "CITATION.cff"


@dataclass(frozen=True)
class Citation:
    """One work: what it is, as a line of text, and as an entry of BibTeX."""

    what: str
    text: str
    bibtex: str


def citations() -> list[Citation]:
    """This software and then the works under `references`."""
    said = read_yaml(FILE)
    return [
        Citation("This software", _text(said), _bibtex(said)),
        *(Citation("The study", _text(work), _bibtex(work)) for work in said["references"]),
    ]


def _text(work: dict[str, Any]) -> str:
    """Authors: title. Where it appeared, pages, year, DOI."""
    names = ", ".join(_name(author, "{given-names} {family-names}") for author in work["authors"])
    parts = [work.get("collection-title", ""), _pages(work)]
    parts.append(f"version {work['version']}" if "version" in work else "")
    parts += [str(work.get("year", "")), f"doi:{work['doi']}" if "doi" in work else ""]
    title = work["title"]
    end = "" if title.endswith(("?", "!", ".")) else "."
    return f"{names}: {title}{end} {', '.join(filter(None, parts))}."


def _bibtex(work: dict[str, Any]) -> str:
    paper = work["type"] == "conference-paper"
    authors = [_name(author, "{family-names}, {given-names}") for author in work["authors"]]
    fields = {
        "author": " and ".join(authors),
        "title": work["title"],
        "booktitle": work.get("collection-title"),
        "year": work.get("year"),
        "pages": _pages(work).replace("–", "--") or None,
        "version": work.get("version"),
        "doi": work.get("doi"),
    }
    key = work["authors"][0].get("family-names", "attention-bench").lower()
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    kind = "inproceedings" if paper else "misc"
    return "\n".join([f"@{kind}{{{key}{work.get('year', '')},", *lines, "}"])


def _name(author: dict[str, str], form: str) -> str:
    """A person by `form`; BibTeX takes a group's name apart unless it stands in braces."""
    if "family-names" in author:
        return form.format(**author)
    return f"{{{author['name']}}}" if form.startswith("{family") else author["name"]


def _pages(work: dict[str, Any]) -> str:
    return f"{work['start']}–{work['end']}" if "start" in work and "end" in work else ""
