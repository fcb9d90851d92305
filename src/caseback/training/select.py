"""What is kept: replies that the critic holds for an improvement, and that do not refuse what is harmless."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from caseback.training.critique import Verdict

REASONS = (
    "unreadable critic",
    "cut off or empty",
    "same as the plain reply",
    "clause still broken",
    "too small an improvement",
    "another clause newly broken",
    "capability check",
)
"""Why a candidate is turned down, in the order in which it is looked at."""


@dataclass(frozen=True)
class Judged:
    """A reply, and the critic's verdict under each clause that applies, in one order for all replies of a chat."""

    text: str
    verdicts: tuple[Verdict, ...]
    whole: bool = True

    @property
    def readable(self) -> bool:
        return all(verdict.odds is not None for verdict in self.verdicts)

    @property
    def kept(self) -> bool:
        """Whether the reply breaks none of the clauses, and the critic could be read on all."""
        return self.readable and not self.broken

    @property
    def broken(self) -> tuple[str, ...]:
        """Ids of the clauses that the reply breaks."""
        return tuple(verdict.clause for verdict in self.verdicts if verdict.broken)

    @property
    def worst(self) -> float:
        """The highest log-odds of a breach, in nats."""
        return max((verdict.odds for verdict in self.verdicts if verdict.odds is not None), default=0.0)


def repaired(plain: Judged, candidate: Judged, margin: float) -> tuple[str, ...]:
    """Ids of the clauses that the plain reply breaks and the candidate keeps, by at least ``margin`` nats."""
    return tuple(
        old.clause
        for old, new in zip(plain.verdicts, candidate.verdicts, strict=True)
        if old.odds is not None and new.odds is not None and new.odds <= 0 < old.odds and old.odds - new.odds >= margin
    )


def objection(plain: Judged, candidate: Judged, margin: float) -> str:
    """Why the candidate may not stand for the plain reply, one of ``REASONS``; empty where it may."""
    if not candidate.whole or not candidate.text:
        return "cut off or empty"
    if candidate.text == plain.text:
        return "same as the plain reply"
    if not (plain.readable and candidate.readable):
        return "unreadable critic"
    if not repaired(plain, candidate, margin):
        closer = any(new.odds is not None and new.odds <= 0 for old, new in _broken(plain, candidate))
        return "too small an improvement" if closer else "clause still broken"
    if set(candidate.broken) - set(plain.broken):
        return "another clause newly broken"
    return ""


def best(plain: Judged, candidates: Sequence[Judged], margin: float) -> int | None:
    """Index of the acceptable candidate that repairs most clauses, then stands best with the critic."""
    fit = [index for index, candidate in enumerate(candidates) if not objection(plain, candidate, margin)]
    return max(fit, key=lambda i: (len(repaired(plain, candidates[i], margin)), -candidates[i].worst, -i), default=None)


def worsens(plain: Judged, candidate: Judged, help_clauses: Collection[str], slack: float = 0.0) -> bool:
    """The capability check: on harmless ground, whether the candidate helps less than the plain reply did.

    Looks only at the clauses that ask for help. A reply that the critic cannot be read on counts as worse.
    """
    pairs = [(a, b) for a, b in zip(plain.verdicts, candidate.verdicts, strict=True) if a.clause in help_clauses]
    return any(a.odds is None or b.odds is None or b.odds > a.odds + slack for a, b in pairs)


def _broken(plain: Judged, candidate: Judged) -> list[tuple[Verdict, Verdict]]:
    return [pair for pair in zip(plain.verdicts, candidate.verdicts, strict=True) if pair[0].broken]
