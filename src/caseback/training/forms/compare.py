"""A judge compares two answers under one clause, in both orders (after Bai et al. 2022, arXiv 2212.08073).

A judge that prefers whatever stands first says nothing about the answers. So each pair is put both ways round, and what
it says counts only where both agree. Where the judge gives probabilities, its answer is the log-odds of "A" against
"B"; otherwise its word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np

from caseback.chat import Chat
from caseback.constitution.clause import Clause
from caseback.constitution.tasks import comparison_task, read_choice
from caseback.stats.rate import Rate, exact_rate
from caseback.subject.subject import Sampling, Subject
from caseback.training.ask import Progress, ask, ask_scores, can_score
from caseback.training.critique import calibrate_critic
from caseback.training.journal import Journal

Outcome = Literal["first", "second", "tie", "contradiction", "off format"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class Pair(NamedTuple):
    """Two answers to one chat, to be compared under one clause."""

    clause: Clause
    chat: Chat
    first: str
    second: str


@dataclass(frozen=True)
class Choice:
    """What the judge said of a pair as it stands, and of the pair swapped: nats for whichever stood first, or +1, -1
    and 0 for a tie from a judge that only writes. None where it cannot be read."""

    straight: float | None
    swapped: float | None

    @property
    def votes(self) -> tuple[float, float] | None:
        """What either order says for the first answer of the pair; None where one cannot be read."""
        return None if self.straight is None or self.swapped is None else (self.straight, -self.swapped)

    def outcome(self, lean: float, margin: float) -> Outcome:
        """Which answer both orders agree on.

        Args:
            lean: nats by which the judge favours what stands first, taken off both.
            margin: nats; an order that is no further from even than that is undecided, and the pair a tie.
        """
        if self.votes is None:
            return "off format"
        straight, swapped = self.votes[0] - lean, self.votes[1] + lean
        if min(abs(straight), abs(swapped)) <= margin:
            return "tie"
        if (straight > 0) != (swapped > 0):
            return "contradiction"
        return "first" if straight > 0 else "second"


@dataclass(frozen=True)
class PositionBias:
    """How a judge leans towards what stands first. ``first`` counts the pairs, among those of which both orders name
    something, whose two orders both name the first place; ``second`` the second. ``nats`` is the mean log-odds of the
    first place, 0 for a judge that only writes."""

    first: Rate
    second: Rate
    nats: float


@dataclass(frozen=True)
class Trust:
    """How a judge fares on pairs of which a label says that one answer breaks the clause and the other keeps it.

    ``right`` is among those that it decides, ``decided`` among all; ``auroc`` of its votes for the first answer does
    not depend on any threshold. Uncalibrated: no labels, no rates.
    """

    labels: int = 0
    auroc: float | None = None
    decided: Rate | None = None
    right: Rate | None = None


def compare(judge: Subject, pairs: Sequence[Pair], journal: Journal, progress: Progress | None = None) -> list[Choice]:
    """The judge's choice on each pair."""
    tasks = [comparison_task(*pair) for pair in pairs]
    tasks += [comparison_task(pair.clause, pair.chat, pair.second, pair.first) for pair in pairs]
    if can_score(judge):
        said = ask_scores(judge, tasks, "A", "B", journal, progress)
    else:
        texts = ask(judge, "compare", tasks, Sampling(max_new_tokens=8), [0] * len(tasks), journal, progress)
        said = [read_choice(text.text) for text in texts]
    return [Choice(a, b) for a, b in zip(said[: len(pairs)], said[len(pairs) :], strict=True)]


def position_bias(choices: Sequence[Choice], in_nats: bool) -> PositionBias:
    """The lean of a judge over all pairs that it could be read on; no labels are needed, as each stands both ways."""
    votes = [choice.votes for choice in choices if choice.votes]
    named = [(a, b) for a, b in votes if a and b]
    lean = float(np.mean([(a - b) / 2 for a, b in votes])) if votes and in_nats else 0.0
    return PositionBias(
        first=exact_rate(sum(a > 0 > b for a, b in named), len(named)),
        second=exact_rate(sum(a < 0 < b for a, b in named), len(named)),
        nats=lean,
    )


def trust(choices: Sequence[Choice], first_better: Sequence[bool], lean: float, margin: float) -> Trust:
    """How often the judge is right, from labelled pairs, of which it could be read on some.

    Raises:
        CasebackError: with more than 200 labels, or the better answer always in the same place.
    """
    rows = [(choice, better) for choice, better in zip(choices, first_better, strict=True) if choice.votes]
    auroc = calibrate_critic([sum(c.votes or ()) for c, _ in rows], [better for _, better in rows]).auroc
    named = [(choice.outcome(lean, margin), "first" if better else "second") for choice, better in rows]
    decided = [(said, truth) for said, truth in named if said in ("first", "second")]
    return Trust(
        labels=len(first_better),
        auroc=auroc,
        decided=exact_rate(len(decided), len(first_better)),
        right=exact_rate(sum(said == truth for said, truth in decided), len(decided)),
    )
