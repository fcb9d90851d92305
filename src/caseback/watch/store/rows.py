"""What is read from the store: plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from caseback.detectors.scored import Span

GapKind = Literal["lost", "missed", "torn", "damaged", "clock", "silent", "unwatched"]
"""As in ``schema.sql``; ``unwatched``: no gateway was there, or the one that was died."""


@dataclass(frozen=True)
class Filter:
    """Which exchanges. What is None does not choose; ``flagged_by`` is a detector's name or digest, ``*`` any."""

    client: str | None = None
    trace: str | None = None
    agent: str | None = None
    model: str | None = None
    ended: str | None = None
    flagged_by: str | None = None
    since: float | None = None
    until: float | None = None


@dataclass(frozen=True)
class Listed:
    """An exchange in a list. ``number`` counts as they arrived; ``flagged`` are names of detectors."""

    number: int
    id: str
    time: float
    gateway: str
    client: str
    trace: str
    agent: str
    path: str
    model: str
    status: int
    ended: str
    finish: str
    streamed: bool
    messages: int
    prompt_tokens: int | None
    reply_tokens: int | None
    first_ms: float | None
    total_ms: float
    unread: str
    flagged: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """Exchanges, latest first, and where those before them begin: give it as ``before``; None at the end."""

    exchanges: tuple[Listed, ...]
    before: str | None


@dataclass(frozen=True)
class Said:
    """What a detector says of an exchange.

    ``score`` is None where it was not evaluated, ``why`` says why. ``member`` is the member of a cascade that gave it.
    ``tokens`` are the scores of the tokens that were read; ``spans`` are in characters of the masked text.
    """

    detector: str
    digest: str
    policy: str
    threshold: float
    score: float | None
    why: str
    flagged: bool
    member: str
    microseconds: float | None
    tokens: tuple[float, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Whole:
    """An exchange with all that is known of it.

    ``messages`` is None where the text is gone (``why_gone``) or was never kept. ``masked`` counts the places in it
    that stand for personal data; ``expires`` is when it goes, None never; ``held`` are ids of the holds on it.
    """

    listed: Listed
    messages: tuple[Mapping[str, Any], ...] | None
    why_gone: str
    masked: int
    expires: float | None
    held: tuple[str, ...]
    verdicts: tuple[Said, ...]


@dataclass(frozen=True)
class Watched:
    """A detector that had its say, with its latest policy and threshold."""

    number: int
    digest: str
    name: str
    behaviour: str
    needs: str
    clauses: tuple[str, ...]
    policy: str
    threshold: float
    first_seen: float
    last_seen: float


@dataclass(frozen=True)
class Counted:
    """Exchanges by what a detector said of them. ``evaluated`` holds the flagged; ``not_evaluated`` counts by why."""

    evaluated: int
    flagged: int
    not_evaluated: Mapping[str, int]


@dataclass(frozen=True)
class Gap:
    """What was not seen, between when and when; ``exchanges`` is None where nobody knows how many."""

    kind: GapKind
    begun: float
    ended: float
    gateway: str
    exchange: str
    exchanges: int | None
    why: str


@dataclass(frozen=True)
class Coverage:
    """How much of the traffic the watch saw.

    Attributes:
        kept: Exchanges in the store.
        ended: The same, by how they ended.
        missed: Exchanges that are known to have been and are not in the store.
        unknown: Gaps of which nobody knows how many exchanges they hold.
        unwatched_s: Seconds in which no gateway was there.
        detectors: By digest: what became of the kept exchanges. What was never offered to a detector is in none.
        gaps: The gaps by kind: how many, and of how many exchanges as far as that is known.
    """

    kept: int
    ended: Mapping[str, int]
    missed: int
    unknown: int
    unwatched_s: float
    detectors: Mapping[str, Counted]
    gaps: Mapping[GapKind, tuple[int, int]]
