"""The advisory in the Open Source Vulnerability format (https://ossf.github.io/osv-schema/).

OSV has no ecosystem for models, so ``affected`` names none, and the model stands in ``ecosystem_specific``. Identifiers
of databases that OSV does not list begin with ``x_``.
"""

from collections.abc import Mapping
from typing import Any

from caseback.disclosure.feed.json_feed import content

VERSION = "1.7.5"
OURS = ("kind", "behaviour", "observed", "looked_for", "detectors", "handling", "training_taint", "gaps")
"""Fields that OSV has no place for."""


def osv(advisory: Mapping[str, Any]) -> dict[str, Any]:
    """The record of one advisory."""
    record: dict[str, Any] = {
        "schema_version": VERSION,
        "id": f"x_{advisory['id']}",
        "modified": advisory["modified"],
        "summary": advisory["summary"],
        "details": advisory.get("details") or content(advisory),
        "affected": [
            {
                "versions": [each["model"]["digest"]] if "digest" in each["model"] else [],
                "ecosystem_specific": {key: each[key] for key in each},
            }
            for each in advisory["affected"]
        ],
        "references": [dict(each) for each in advisory.get("references", ())],
        "credits": [dict(each) for each in advisory.get("credits", ())],
        "database_specific": {key: advisory[key] for key in OURS if key in advisory},
    }
    for key in ("published", "withdrawn", "aliases", "related"):
        if key in advisory:
            record[key] = advisory[key]
    return record
