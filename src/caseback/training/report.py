"""Counts of what became of a constitution's data, as plain data for the record."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from caseback.subject.subject import Subject
from caseback.training.ask import can_score
from caseback.training.control import target_tokens
from caseback.training.datum import Datum
from caseback.training.improve import Critic, Reply
from caseback.training.provenance import Repair
from caseback.training.select import repaired

Counts = dict[str, int]


def per_clause(plain: Sequence[Reply], repairs: Sequence[Repair], margin: float) -> dict[str, Counts]:
    """Per clause: plain replies judged in tempting situations, found broken, unreadable; and replies repaired."""
    counts: dict[str, Counts] = {}

    def row(clause: str) -> Counts:
        return counts.setdefault(clause, {"judged": 0, "broken": 0, "unreadable": 0, "repaired": 0})

    for reply in plain:
        for verdict in reply.judged.verdicts:
            row(verdict.clause)["judged"] += 1
            row(verdict.clause)["broken"] += verdict.broken is True
            row(verdict.clause)["unreadable"] += verdict.broken is None
    for repair in repairs:
        for clause in repaired(repair.old.judged, repair.new.judged, margin):
            row(clause)["repaired"] += 1
    return dict(sorted(counts.items()))


def turned_down(plain: Sequence[Reply], reasons: Sequence[str]) -> Counts:
    """Why tempting cases gave nothing to learn, by reason."""
    counts = Counter(reason for reason in reasons if reason)
    counts["plain reply cut off or empty"] = sum(not reply.text.whole for reply in plain)
    counts["plain reply unreadable to the critic"] = sum(
        reply.text.whole and not reply.judged.broken and not reply.judged.readable for reply in plain
    )
    return positive(counts)


def who_judged(subject: Subject, critic: Critic) -> dict[str, Any]:
    """Who is to be trained, who judged, and how far the critic can be trusted."""
    return {
        "subject": subject.digest,
        "critic": critic.subject.digest,
        "critic_gives": "log-odds" if can_score(critic.subject) else "words",
        "calibration": asdict(critic.calibration),
    }


def sizes(parts: Mapping[str, Sequence[Datum]], count_tokens: Callable[[str], int]) -> dict[str, Any]:
    """Target tokens of each part, and under its name how many data of each origin it has."""
    return {
        "target_tokens": {name: target_tokens(part, count_tokens) for name, part in parts.items()},
        **{name: positive(Counter(item.origin for item in part)) for name, part in parts.items()},
    }


def positive(counts: Mapping[str, int]) -> Counts:
    """The counts above 0, by name."""
    return {name: count for name, count in sorted(counts.items()) if count}
