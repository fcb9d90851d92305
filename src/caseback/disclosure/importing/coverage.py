"""What is watched for because of advisories, and what cannot be: every advisory has its line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from caseback.disclosure.feed.store import Listed
from caseback.disclosure.importing.imported import Imported


@dataclass(frozen=True)
class Covered:
    """One advisory: ``watched`` with the states of its detectors, or not, and why."""

    advisory: str
    behaviour: str
    watched: bool
    by: tuple[str, ...]
    why: tuple[str, ...]


def coverage(imported: Iterable[Imported], known: Sequence[Listed] = ()) -> list[Covered]:
    """A line for each advisory that was imported, and for each of the feeds' that was not."""
    rows, seen = list[Covered](), set[str]()
    for each in imported:
        seen.add(each.advisory)
        running = [held for held in each.detectors if held.landed.id and held.state in ("shadow", "promoted")]
        by = tuple(f"{held.landed.name} ({held.landed.route}, {held.state})" for held in running)
        why = tuple(
            f"{held.landed.name}: {'; '.join(held.landed.why) if not held.landed.id else held.history[-1]['why']}"
            for held in each.detectors
            if held not in running
        )
        if not each.detectors:
            why = ("it brings no detector",)
        rows.append(Covered(each.advisory, each.behaviour, bool(running), by, why))
    for left in known:
        if left.id not in seen:
            why = (f"withdrawn {left.withdrawn}" if left.withdrawn else "not imported",)
            rows.append(Covered(left.id, left.behaviour, False, (), why))
    return rows
