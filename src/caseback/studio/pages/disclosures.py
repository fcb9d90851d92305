"""What is disclosed: the card of every subject, and advisories."""

from collections.abc import Iterable, Mapping
from typing import Any

from caseback.studio.desk import Desk
from caseback.studio.found import read_json, search
from caseback.studio.page import Names, Page, as_written
from caseback.studio.pages.subjects import card_of

Data = Mapping[str, Any]


def disclosures(desk: Desk, parts: Names, query: Names) -> Data:
    """Every card, and every advisory."""
    found = search(desk.folder)
    return {
        "cards": [_card(key, card_of(path)) for key, path in found.all("dossiers").items()],
        "advisories": [_advisory(key, read_json(path)) for key, path in found.all("advisories").items()],
    }


def card_page(desk: Desk, parts: Names, query: Names) -> Data:
    """The card of one subject, in its published form, and its page."""
    card = card_of(search(desk.folder).one("dossiers", parts["key"]))
    return {"key": parts["key"], "place": parts["key"], "says": f"The card of {card['title']}",
            "document": f"/documents/cards/{parts['key']}", "data": card}  # fmt: skip


@as_written
def advisory(desk: Desk, parts: Names, query: Names) -> Data:
    """One advisory as it is published."""
    return {"key": parts["key"], "advisory": read_json(search(desk.folder).one("advisories", parts["key"]))}


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


def _advisory(key: str, data: Data) -> dict[str, Any]:
    return {"key": key, **{name: data.get(name) for name in ("id", "title", "summary", "published", "status")}}


def _cards(desk: Desk) -> Iterable[Names]:
    return [{"key": key} for key in search(desk.folder).all("dossiers")]


def _advisories(desk: Desk) -> Iterable[Names]:
    return [{"key": key} for key in search(desk.folder).all("advisories")]


PAGES = (
    Page("/disclosures", "disclosures", "disclosures.html.j2", disclosures),
    Page("/disclosures/advisories/{key:path}", "disclosures", "advisory_of.html.j2", advisory, _advisories),
    Page("/disclosures/{key:path}", "disclosures", "framed.html.j2", card_page, _cards),
)
