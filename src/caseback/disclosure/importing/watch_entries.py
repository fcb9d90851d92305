"""What was imported, as ``caseback watch`` is told of it: ``[[detector]]`` tables of its configuration."""

import json
from collections.abc import Iterable
from pathlib import Path

from caseback.disclosure.importing.imported import DETECTORS, Imported

POLICIES = {"shadow": "record", "promoted": "flag"}
"""By state. Holding or stopping a reply for a detector of somebody else's is for a person to decide."""


def watch_entries(found: Iterable[Imported], into: Path, beside: Path) -> str:
    """TOML for the configuration, its paths from the folder ``beside`` in which that lies."""
    lines = []
    for imported in found:
        for held in imported.detectors:
            if held.landed.id and held.state in POLICIES:
                folder = (into / imported.advisory / DETECTORS / held.landed.name).resolve()
                where = folder.relative_to(beside.resolve()) if folder.is_relative_to(beside.resolve()) else folder
                lines += [
                    f"# {imported.advisory}: {imported.behaviour}, {held.landed.route}, {held.state}",
                    "[[detector]]",
                    f"folder = {json.dumps(where.as_posix())}",
                    f"policy = {json.dumps(POLICIES[held.state])}",
                    f"threshold = {held.landed.threshold!r}",
                    "",
                ]
    return "\n".join(lines)
