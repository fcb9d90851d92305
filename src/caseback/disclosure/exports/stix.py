"""The advisory as a STIX 2.1 bundle (OASIS Standard, 10 June 2021): who, what, how it is seen, and how it is handled.

Ids are UUIDs of version 5, made of the advisory's id, so that the same advisory always gives the same objects.
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any

from caseback.disclosure.feed.json_feed import content

SPACE = uuid.UUID("1f6b2a38-6a0e-5c0e-9a44-0d3f3a1d6b52")
TLP = {
    "CLEAR": "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
    "GREEN": "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
    "AMBER": "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
    "AMBER+STRICT": "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
    "RED": "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
}
"""The standard's own markings; its TLP 1 has one word for both kinds of amber."""


def stix(advisory: Mapping[str, Any]) -> dict[str, Any]:
    """The bundle of an advisory: identity, vulnerability, a report of good news, an indicator for each detector."""
    when = {
        "created": _millis(advisory.get("published", advisory["modified"])),
        "modified": _millis(advisory["modified"]),
    }
    by = _object("identity", advisory, "publisher", when, name=advisory["publisher"]["name"])
    common: dict[str, Any] = {"created_by_ref": by["id"], "object_marking_refs": [TLP[advisory["handling"]["tlp"]]]}
    if "withdrawn" in advisory:
        common["revoked"] = True
    about = _object(
        "vulnerability", advisory, "behaviour", when, **common, name=advisory["behaviour"]["id"],
        description=content(advisory),
        external_references=[{"source_name": "caseback", "external_id": advisory["id"]}],
    )  # fmt: skip
    objects = [by, about]
    if advisory["kind"] == "negative":
        # A report and not a note: the official schema of bundles leaves notes out.
        objects.append(
            _object(
                "report", advisory, "negative", when, **common, name=f"Looked for and not found: {advisory['summary']}",
                report_types=["vulnerability"], published=when["created"], object_refs=[about["id"]],
            )
        )  # fmt: skip
    for each in advisory.get("detectors", ()):
        pattern = json.dumps({key: each[key] for key in sorted(each)}, ensure_ascii=False)
        found = _object(
            "indicator", advisory, f"detector {each['name']}", when, **common, name=each["name"], pattern=pattern,
            pattern_type="caseback", pattern_version="1", valid_from=when["created"],
            indicator_types=["anomalous-activity"],
        )  # fmt: skip
        ends = {"relationship_type": "indicates", "source_ref": found["id"], "target_ref": about["id"]}
        objects += [found, _object("relationship", advisory, f"indicates {each['name']}", when, **common, **ends)]
    return {"type": "bundle", "id": f"bundle--{_uuid(advisory, 'bundle')}", "objects": objects}


def _object(
    kind: str, advisory: Mapping[str, Any], what: str, when: Mapping[str, str], **fields: Any
) -> dict[str, Any]:
    return {"type": kind, "spec_version": "2.1", "id": f"{kind}--{_uuid(advisory, what)}", **when, **fields}


def _uuid(advisory: Mapping[str, Any], what: str) -> uuid.UUID:
    name = advisory["publisher"]["name"] if what == "publisher" else f"{advisory['id']} {what}"
    return uuid.uuid5(SPACE, name)


def _millis(text: str) -> str:
    """A time to the millisecond, as STIX wants it."""
    whole, _, part = text.removesuffix("Z").partition(".")
    return f"{whole}.{part[:3]:0<3}Z"
