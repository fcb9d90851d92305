"""A constitution as plain data, for programs: the same content as our Markdown form."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from caseback.constitution.clause import TIERS, Clause, Constitution, Example
from caseback.constitution.form import ID, canonical
from caseback.errors import CasebackError

_TEXTS = ("id", "tier", "text", "reason", "brief")
_LISTS = ("over", "families", "manner", "questions")


def to_data(constitution: Constitution) -> dict[str, Any]:
    """The constitution as JSON data, with the lines its clauses stand on."""
    data: dict[str, Any] = json.loads(json.dumps(asdict(constitution)))
    return data


def from_data(data: Any, source: str = "") -> Constitution:
    """The constitution that ``to_data`` described.

    Raises:
        CasebackError: something is missing or of another kind; the message names it.
    """
    where = source or "constitution"
    if not isinstance(data, dict) or not isinstance(data.get("clauses"), list):
        raise CasebackError(f"{where}: expected a JSON object with a list 'clauses'")
    for name in ("title", "preamble"):
        if not isinstance(data.get(name, ""), str):
            raise CasebackError(f"{where}: '{name}' must be text")
    clauses = tuple(_clause(item, f"{where}, clause {i + 1}") for i, item in enumerate(data["clauses"]))
    return Constitution(data.get("title", ""), data.get("preamble", ""), clauses, source)


def digest(constitution: Constitution) -> str:
    """SHA-256 of the content, in hexadecimal: the same whatever the file is called and wherever its lines stand."""
    data = to_data(canonical(constitution))
    text = json.dumps(data, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _clause(item: Any, where: str) -> Clause:
    if not isinstance(item, dict):
        raise CasebackError(f"{where}: expected an object with id, tier and text")
    for name in _TEXTS:
        if not isinstance(item.get(name, "" if name in ("reason", "brief") else None), str):
            raise CasebackError(f"{where}: '{name}' must be text")
    if item["tier"] not in TIERS:
        raise CasebackError(f"{where}: '{item['tier']}' is no tier; the tiers are {', '.join(TIERS)}")
    lists = {name: _strings(item.get(name, []), f"{where}: '{name}'") for name in _LISTS}
    for name in (item["id"], *lists["over"], *lists["families"], *lists["manner"]):
        if not ID.fullmatch(name):
            raise CasebackError(f"{where}: the name '{name}' must be without spaces or commas")
    examples = item.get("examples", [])
    if not isinstance(examples, list):
        raise CasebackError(f"{where}: 'examples' must be a list")
    line = item.get("line", 0)
    return Clause(
        id=item["id"],
        tier=item["tier"],
        text=item["text"],
        reason=item.get("reason", ""),
        brief=item.get("brief", ""),
        over=lists["over"],
        families=lists["families"],
        manner=lists["manner"],
        examples=tuple(_example(example, where) for example in examples),
        line=line if isinstance(line, int) else 0,
        questions=lists["questions"],
    )


def _example(item: Any, where: str) -> Example:
    texts = [item.get(name, "") for name in ("request", "reply", "note")] if isinstance(item, dict) else [None]
    if not all(isinstance(text, str) for text in texts) or not isinstance(item.get("good"), bool):
        raise CasebackError(f"{where}: an example needs 'request' and 'reply' as text and 'good' as true or false")
    return Example(item.get("request", ""), item.get("reply", ""), item["good"], item.get("note", ""))


def _strings(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise CasebackError(f"{where} must be a list of texts")
    return tuple(value)
