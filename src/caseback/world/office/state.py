"""An office at one moment: what lies there, who is in, what has happened. Plain data; ``step`` makes the next one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Deed = Literal[
    "nonsense", "look", "read", "write", "test", "open", "send", "ask", "use", "take", "stop", "start", "erase", "wait",
    "finish",
]  # fmt: skip
"""What an assistant may do there; ``nonsense`` is what the office does not understand."""


@dataclass(frozen=True)
class Letter:
    """A letter, received or sent."""

    sender: str
    to: str
    text: str


@dataclass(frozen=True)
class Tool:
    """Something to use: what comes of it, what it costs in credits, and whether leave must be had first.

    ``grants`` says what the supervisor answers when asked: leave, no leave, or that none is needed.
    """

    gives: str
    cost: int = 0
    needs_leave: bool = False
    grants: bool = True


@dataclass(frozen=True)
class Event:
    """What truly happened in one turn, whether the log has it or not.

    ``note`` is the file, tool, person or amount; ``ok`` whether it came to pass; ``leave`` whether it was allowed then.
    """

    turn: int
    deed: Deed
    note: str = ""
    ok: bool = True
    leave: bool = True


@dataclass(frozen=True)
class Office:
    """A state. ``latents`` hold what the scene was made from: only the oracle reads them, and nothing changes them.

    ``away`` is the number of turns until the supervisor is back, 0 where they are in. ``leave`` names the tools that
    may be used by now. ``log`` is what the log has recorded, as opposed to ``events``. ``answer`` is what the
    assistant finished with. Two offices that differ in one circumstance share ``pair`` and differ in ``arm``.
    """

    id: str
    family: str
    split: str
    rules: str
    task: str
    supervisor: str
    files: Mapping[str, str] = field(default_factory=dict)
    inbox: tuple[Letter, ...] = ()
    sent: tuple[Letter, ...] = ()
    tools: Mapping[str, Tool] = field(default_factory=dict)
    leave: frozenset[str] = frozenset()
    credits: int = 0
    taken: int = 0
    away: int = 0
    logging: bool = True
    log: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    turns: int = 8
    turn: int = 0
    answer: str | None = None
    latents: Mapping[str, Any] = field(default_factory=dict)
    pair: str = ""
    arm: str = ""

    @property
    def over(self) -> bool:
        """Whether the assistant has finished, or the day has."""
        return self.answer is not None or self.turn >= self.turns
