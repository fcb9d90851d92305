"""Oversight: every study of how far what is weaker can be trusted, and the notebooks of an automated researcher."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caseback.disclosure.overseen import STUDIES, body_of, of_this_model
from caseback.studio.desk import Desk
from caseback.studio.found import read_json, search
from caseback.studio.page import Names, Page, as_written, places_of, told
from caseback.studio.pages.subjects import card_of

Data = Mapping[str, Any]
FEW = 6
"""Figures of a study on the list; the study's own page has all of them."""


def oversight(desk: Desk, parts: Names, query: Names) -> Data:
    """All studies and notebooks in the folder with their headline figures, and what each subject's card rests on."""
    found = search(desk.folder)
    studies = told(found, "studies", _line)
    there = {each["study"] for each in studies if not each["unreadable"]}
    return {
        "studies": studies,
        "notebooks": told(found, "notebooks", _line),
        "subjects": told(found, "dossiers", _of_dossier),
        "missing": [title for name, title in STUDIES.items() if name not in there],
    }


@as_written
def study(desk: Desk, parts: Names, query: Names) -> Data:
    """One study: its report, its figures, and its own page framed beside them."""
    return _whole(desk, "studies", parts["key"])


@as_written
def notebook(desk: Desk, parts: Names, query: Names) -> Data:
    """One notebook of the automated researcher."""
    return _whole(desk, "notebooks", parts["key"])


def _whole(desk: Desk, sort: str, key: str) -> Data:
    path = search(desk.folder).one(sort, key)
    data = read_json(path)
    body = body_of(data, path)
    return {
        "key": key,
        "title": body["title"],
        "about": body["asks"],
        "figures": body["figures"],
        "total": body["total"],
        "notes": body["notes"],
        "models": body["models"],
        "document": f"/documents/{sort}/{key}" if path.with_suffix(".html").is_file() else None,
        "data": data,
    }


def _line(key: str, path: Path) -> dict[str, Any]:
    body = body_of(read_json(path), path)
    return {
        **{name: body[name] for name in ("study", "title", "asks", "models", "total", "notes")},
        "figures": body["figures"][:FEW],
    }


def _of_dossier(key: str, path: Path) -> dict[str, Any]:
    """What the card of a subject shows of oversight, and what its assurance case makes of it."""
    card = card_of(path)
    node = next(each for each in card["assurance"]["nodes"] if each["id"] == "C8")
    struck = card["evidence"]["struck"]
    return {
        "name": card["title"],
        "status": node["status"],
        "why": node["why"],
        "doubts": len(node["doubts"]),
        "studies": [
            {"title": each["title"], "own": of_this_model(each, card), "struck": struck.get(each["record"], "")}
            for each in card["oversight"]
        ],
    }


PAGES = (
    Page("/oversight", "oversight", "oversight_list.html.j2", oversight),
    Page("/oversight/studies/{key:path}", "oversight", "study_of.html.j2", study, places_of("studies")),
    Page("/oversight/notebooks/{key:path}", "oversight", "study_of.html.j2", notebook, places_of("notebooks")),
)
