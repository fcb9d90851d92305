"""What is disclosed: the card of every subject, and advisories."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caseback.disclosure.advisory.shown import lines
from caseback.disclosure.importing.imported import read_import
from caseback.studio.desk import Desk
from caseback.studio.found import read_json, search
from caseback.studio.page import Names, Page, as_written, places_of, told
from caseback.studio.pages.subjects import card_of

Data = Mapping[str, Any]


def disclosures(desk: Desk, parts: Names, query: Names) -> Data:
    """Every card, every advisory, every feed, and what of others' advisories is watched for here."""
    found = search(desk.folder)
    feeds = [f"{key}/" for key in found.all("feeds")]

    def advisory(key: str, path: Path) -> dict[str, Any]:
        return {**_advisory(key, path), "published": any(key.startswith(feed) for feed in feeds)}

    return {
        "cards": told(found, "dossiers", _card),
        "advisories": told(found, "advisories", advisory),
        "feeds": told(found, "feeds", _feed),
        "imports": told(found, "imports", _import),
    }


def card_page(desk: Desk, parts: Names, query: Names) -> Data:
    """The card of one subject, in its published form, and its page."""
    card = card_of(search(desk.folder).one("dossiers", parts["key"]))
    return {"key": parts["key"], "place": parts["key"], "says": f"The card of {card['title']}",
            "document": f"/documents/cards/{parts['key']}", "data": card}  # fmt: skip


@as_written
def advisory(desk: Desk, parts: Names, query: Names) -> Data:
    """One advisory as it is published, and in words."""
    found = read_json(search(desk.folder).one("advisories", parts["key"]))
    return {"key": parts["key"], "lines": [list(each) for each in lines(found)], "advisory": found}


def _card(key: str, path: Path) -> dict[str, Any]:
    card = card_of(path)
    return {
        "name": card["title"],
        "as_of": card["as_of"],
        "verdict": card["verdict"]["status"],
        "summary": card["verdict"]["summary"],
        "not_measured": len(card["not_measured"]),
        "head": card["evidence"]["head"],
    }


def _advisory(key: str, path: Path) -> dict[str, Any]:
    data = read_json(path)
    about = {name: data[name] for name in ("id", "revision", "kind", "summary", "modified")}
    said = {"behaviour": data["behaviour"]["id"], "tlp": data["handling"]["tlp"], "by": data["publisher"]["name"]}
    return {**about, **said, "withdrawn": data.get("withdrawn")}


def _feed(key: str, path: Path) -> dict[str, Any]:
    data = read_json(path)
    items = [{name: each.get(name) for name in ("id", "title", "date_modified", "tags")} for each in data["items"]]
    about = {"title": data["title"], "size": data["_caseback"]["size"], "home": data.get("home_page_url")}
    return {**about, "items": items}


def _import(key: str, path: Path) -> dict[str, Any]:
    made = read_import(path.parent)
    detectors = [
        {"name": held.landed.name, "route": held.landed.route, "state": held.state if held.landed.id else "refused",
         "why": held.history[-1]["why"] if held.landed.id and held.history else "; ".join(held.landed.why)}
        for held in made.detectors
    ]  # fmt: skip
    return {"id": made.advisory, "behaviour": made.behaviour, "affects": made.affects, "detectors": detectors}


PAGES = (
    Page("/disclosures", "disclosures", "disclosures.html.j2", disclosures),
    Page("/disclosures/advisories/{key:path}", "disclosures", "advisory_of.html.j2", advisory, places_of("advisories")),
    Page("/disclosures/{key:path}", "disclosures", "framed.html.j2", card_page, places_of("dossiers")),
)
