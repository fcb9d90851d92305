"""What a stretch of a gateway's journal means for the store: exchanges, gaps, signs of life."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from caseback.watch.entry import Beat, Begun, Carried, Closed, Entry, Missed, Opened
from caseback.watch.store.rows import Gap, GapKind

BACK, SILENT = 1.0, 120.0
"""Seconds by which a clock may go back, and those for which a gateway may give no sign of life, without a word."""


@dataclass(frozen=True)
class Gateway:
    """A gateway as far as its journal is read. ``seen`` is its last sign of life; ``begun`` are exchanges under way."""

    id: str
    serves: str = ""
    opened: float | None = None
    seen: float | None = None
    closed: float | None = None
    begun: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Stretch:
    """What was read: the gateway after it, exchanges that were carried, and what was not seen."""

    gateway: Gateway
    carried: tuple[Carried, ...]
    gaps: tuple[Gap, ...]


def stretch(gateway: Gateway, entries: Iterable[Entry]) -> Stretch:
    """What these entries, which follow what ``gateway`` stands for, mean."""
    begun, carried, gaps = dict(gateway.begun), list[Carried](), list[Gap]()
    serves, opened, seen, closed = gateway.serves, gateway.opened, gateway.seen, gateway.closed
    for entry in entries:
        now = None
        match entry:
            case Opened():
                now, serves = entry.time, entry.serves
                opened = entry.time if opened is None else opened
            case Begun():
                now = entry.time
                begun[entry.id] = entry.time
            case Carried():
                begun.pop(entry.id, None)
                carried.append(entry)
                seen = max(seen or 0.0, entry.time + entry.total_ms / 1000)
            case Missed():
                for id in entry.ids:
                    begun.pop(id, None)
                gaps.append(_gap("missed", entry.begun, entry.ended, gateway.id, entry.exchanges, entry.why))
                seen = max(seen or 0.0, entry.ended)
            case Beat():
                now = entry.time
            case Closed():
                now = closed = entry.time
        if now is not None:
            if seen is not None and now < seen - BACK:
                why = f"the clock went back by {seen - now:.0f} s: times around here overlap"
                gaps.append(_gap("clock", now, seen, gateway.id, 0, why))
            if seen is not None and now > seen + SILENT:
                why = f"the gateway gave no sign of life for {now - seen:.0f} s"
                gaps.append(_gap("silent", seen, now, gateway.id, None, why))
            seen = now
    return Stretch(
        replace(gateway, serves=serves, opened=opened, seen=seen, closed=closed, begun=begun),
        tuple(carried),
        tuple(gaps),
    )


def lost(gateway: Gateway) -> tuple[Gap, ...]:
    """Of a gateway that has ended: the exchanges that it had begun, and that went with it."""
    how = "ended" if gateway.closed is not None else "died"
    return tuple(
        replace(
            _gap("lost", time, max(time, gateway.seen or time), gateway.id, 1, f"begun, and its gateway {how}"),
            exchange=id,
        )
        for id, time in gateway.begun.items()
    )


def _gap(kind: GapKind, begun: float, ended: float, gateway: str, exchanges: int | None, why: str) -> Gap:
    return Gap(kind, begun, max(begun, ended), gateway, "", exchanges, why)
