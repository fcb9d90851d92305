"""What laws ask to be reported, by when, and what of it an advisory has. The laws are data, in ``regimes/*.json``.

This is a table to start from and no legal advice: each says as of when it was read, and of what it is unsure.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from caseback.errors import CasebackError

FIELDS = {"name", "says", "to", "source", "as_of", "unsure", "from", "deadlines", "fields", "notes"}


@dataclass(frozen=True)
class Due:
    """A deadline: under which law and in which case, to whom, and when."""

    regime: str
    when: str
    to: str
    at: datetime


@dataclass(frozen=True)
class Asked:
    """A field that a law asks for, and what the advisory has for it; None where it has nothing."""

    regime: str
    field: str
    value: Any


def regimes(more: Path | None = None) -> list[dict[str, Any]]:
    """Those that ship, and those in the folder ``more``, by the names of their files.

    Raises:
        CasebackError: a file is none.
    """
    found = [
        each for each in (files("caseback.disclosure.exports") / "regimes").iterdir() if each.name.endswith(".json")
    ]
    texts = {each.name: each.read_text(encoding="utf-8") for each in found}
    try:
        texts |= {path.name: path.read_text(encoding="utf-8") for path in more.glob("*.json")} if more else {}
        read = [(name, json.loads(text)) for name, text in sorted(texts.items())]
    except (OSError, ValueError) as error:
        raise CasebackError(f"{more}: a file of a law cannot be read ({error})") from None
    for name, data in read:
        if not isinstance(data, dict) or set(data) != FIELDS:
            raise CasebackError(f"{name} is no file of a law: it needs {', '.join(sorted(FIELDS))}")
    return [data for _, data in read]


def deadlines(known: list[dict[str, Any]], since: datetime) -> list[Due]:
    """By when a report is due that was known of ``since`` this moment, soonest first.

    Which case applies, and from when the time runs (``from``), is for a person to say.
    """
    found = [
        Due(law["name"], each["when"], law["to"], since + timedelta(hours=each["hours"]))
        for law in known
        for each in law["deadlines"]
    ]
    return sorted(found, key=lambda due: due.at)


def asked(known: list[dict[str, Any]], advisory: Mapping[str, Any]) -> list[Asked]:
    """What each law asks for, beside what the advisory has."""
    return [
        Asked(law["name"], each["name"], next(_at(advisory, each["at"].split(".")), None))
        for law in known
        for each in law["fields"]
    ]


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    """What stands at a path; of lists the first that has it."""
    if isinstance(value, list):
        for each in value:
            yield from _at(each, path)
    elif not path:
        yield value
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _at(value[path[0]], path[1:])
