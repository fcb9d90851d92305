"""``feed.json``: the newest advisories in JSON Feed 1.1 (https://jsonfeed.org/version/1.1), for any feed reader."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from caseback.disclosure.advisory.shown import lines
from caseback.disclosure.feed.entry import Entry
from caseback.disclosure.feed.head import Head

NEWEST = 100
"""Advisories in the pages for feed readers. The log has all of them."""


def json_feed(about: Mapping[str, Any], newest: Sequence[tuple[Entry, Mapping[str, Any]]], head: Head) -> bytes:
    """The page. What it says is checked by nobody: ``caseback feed sync`` reads the signed log instead."""
    home = about["home"].rstrip("/")
    place = f"{home}/" if home else ""
    page = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": about["title"],
        **({"home_page_url": home, "feed_url": f"{home}/feed.json"} if home else {}),
        "items": [_item(entry, advisory, place) for entry, advisory in newest],
        "_caseback": {"feed": head.feed, "size": head.size, "root": head.root, "head": "head.dsse.json"},
    }
    return json.dumps(page, ensure_ascii=False, indent=1).encode() + b"\n"


def _item(entry: Entry, advisory: Mapping[str, Any], place: str) -> dict[str, Any]:
    return {
        "id": f"urn:caseback:advisory:{entry.id}",
        **({"url": f"{place}advisories/{entry.id}/advisory.json"} if place else {}),
        "title": title(advisory),
        "content_text": content(advisory),
        "date_published": advisory.get("published", advisory["modified"]),
        "date_modified": advisory["modified"],
        "tags": [advisory["kind"], advisory["behaviour"]["id"], f"TLP:{advisory['handling']['tlp']}"],
        "authors": [{"name": advisory["publisher"]["name"]}],
        "_caseback": {"bundle": entry.path, "sha256": entry.file, "index": entry.index, "revision": entry.revision},
    }


def title(advisory: Mapping[str, Any]) -> str:
    """Of an item."""
    return ("Withdrawn: " if "withdrawn" in advisory else "") + f"{advisory['id']}: {advisory['summary']}"


def content(advisory: Mapping[str, Any]) -> str:
    """The advisory in words."""
    return "\n".join(f"{what}: {said}" if what else said for what, said in lines(advisory))
