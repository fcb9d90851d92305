"""What is disclosed: the card of every subject, and advisories."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from caseback.disclosure.advisory.shown import lines
from caseback.errors import CasebackError
from caseback.studio.desk import Desk
from caseback.studio.found import read_json, search
from caseback.studio.page import Names, Page, as_written
from caseback.studio.pages.subjects import card_of

Data = Mapping[str, Any]


def disclosures(desk: Desk, parts: Names, query: Names) -> Data:
    """Every card, every advisory, every feed."""
    found = search(desk.folder)
    return {
        "cards": [_card(key, card_of(path)) for key, path in found.all("dossiers").items()],
        "advisories": [_advisory(key, path) for key, path in found.all("advisories").items()],
        "feeds": [_feed(key, path) for key, path in found.all("feeds").items()],
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


def _card(key: str, card: Data) -> dict[str, Any]:
    return {
        "key": key,
        "name": card["title"],
        "as_of": card["as_of"],
        "verdict": card["verdict"]["status"],
        "summary": card["verdict"]["summary"],
        "not_measured": len(card["not_measured"]),
        "head": card["evidence"]["head"],
    }


def _advisory(key: str, path: Path) -> dict[str, Any]:
    try:
        data = read_json(path)
        about = {name: data[name] for name in ("id", "revision", "kind", "summary", "modified")}
        told = {"behaviour": data["behaviour"]["id"], "tlp": data["handling"]["tlp"], "by": data["publisher"]["name"]}
        return {"key": key, "unreadable": None, **about, **told, "withdrawn": data.get("withdrawn")}
    except CasebackError as error:
        return {"key": key, "unreadable": str(error)}
    except (KeyError, TypeError):
        return {"key": key, "unreadable": f"{path} is no advisory as this version of caseback writes it"}


def _feed(key: str, path: Path) -> dict[str, Any]:
    try:
        data = read_json(path)
        items = [{name: each.get(name) for name in ("id", "title", "date_modified", "tags")} for each in data["items"]]
        return {"key": key, "unreadable": None, "title": data["title"], "size": data["_caseback"]["size"],
                "home": data.get("home_page_url"), "items": items}  # fmt: skip
    except CasebackError as error:
        return {"key": key, "unreadable": str(error)}
    except (KeyError, TypeError, AttributeError):
        return {"key": key, "unreadable": f"{path} is no feed as this version of caseback writes it"}


def _cards(desk: Desk) -> Iterable[Names]:
    return [{"key": key} for key in search(desk.folder).all("dossiers")]


def _advisories(desk: Desk) -> Iterable[Names]:
    return [{"key": key} for key in search(desk.folder).all("advisories")]


PAGES = (
    Page("/disclosures", "disclosures", "disclosures.html.j2", disclosures),
    Page("/disclosures/advisories/{key:path}", "disclosures", "advisory_of.html.j2", advisory, _advisories),
    Page("/disclosures/{key:path}", "disclosures", "framed.html.j2", card_page, _cards),
)
