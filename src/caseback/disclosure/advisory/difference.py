"""What changed between two advisories, field by field."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Changed:
    """A field by its path, with what it held and holds; None where it was not there."""

    field: str
    before: Any
    after: Any


def differences(before: Any, after: Any) -> list[Changed]:
    """All that differs, in the order of the fields' names."""
    return list(_differ("", before, after))


def _differ(where: str, before: Any, after: Any) -> Iterator[Changed]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(set(before) | set(after)):
            yield from _differ(f"{where}.{key}".lstrip("."), before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list):
        for at in range(max(len(before), len(after))):
            was, now = (each[at] if at < len(each) else None for each in (before, after))
            yield from _differ(f"{where}[{at}]", was, now)
    elif before != after or type(before) is not type(after):
        yield Changed(where, before, after)
