"""``feed.atom``: the same in Atom (RFC 4287)."""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from caseback.disclosure.bundle.moments import written
from caseback.disclosure.feed.entry import Entry
from caseback.disclosure.feed.head import Head
from caseback.disclosure.feed.json_feed import content, title

SPACE = "http://www.w3.org/2005/Atom"


def atom(about: Mapping[str, Any], newest: Sequence[tuple[Entry, Mapping[str, Any]]], head: Head, author: str) -> bytes:
    """The page."""
    register_namespace("", SPACE)
    page = Element(f"{{{SPACE}}}feed")
    home = about["home"].rstrip("/")
    _add(page, "id", f"urn:caseback:feed:{head.feed}")
    _add(page, "title", about["title"])
    _add(page, "updated", written(head.time))
    _add(_add(page, "author"), "name", author)
    if home:
        _add(page, "link", rel="self", href=f"{home}/feed.atom")
    for entry, advisory in newest:
        item = _add(page, "entry")
        _add(item, "id", f"urn:caseback:advisory:{entry.id}")
        _add(item, "title", title(advisory))
        _add(item, "updated", advisory["modified"])
        _add(item, "published", advisory.get("published", advisory["modified"]))
        _add(_add(item, "author"), "name", advisory["publisher"]["name"])
        _add(item, "category", term=advisory["behaviour"]["id"])
        place = f"{home}/" if home else ""
        _add(item, "link", rel="alternate", type="application/json", href=f"{place}advisories/{entry.id}/advisory.json")
        _add(item, "content", content(advisory), type="text")
    indent(page)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(page, "utf-8") + b"\n"


def _add(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    made = SubElement(parent, f"{{{SPACE}}}{name}", attributes)
    # Control characters have no place in XML 1.0, escaped or not.
    made.text = "".join(each if each.isprintable() or each in "\n\t" else "?" for each in text) or None
    return made
