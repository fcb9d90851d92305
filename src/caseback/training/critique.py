"""Criticise replies, one clause at a time: a verdict for selecting, words for revising.

After Bai et al. 2022 (arXiv 2212.08073). Where the critic gives probabilities, the verdict is the log-odds of "Yes, it
goes against the principle" against "No"; a written verdict cannot be moved to a threshold, the odds can.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from caseback.chat import Chat
from caseback.constitution.clause import Clause
from caseback.constitution.tasks import critique_task, read_verdict
from caseback.errors import CasebackError
from caseback.stats.rate import Rate, exact_rate
from caseback.subject.subject import Sampling, Subject
from caseback.training.ask import Progress, Text, ask, ask_scores, can_score
from caseback.training.journal import Journal

MAX_LABELS = 200
"""Labels that a critic may be calibrated on; they stand for a person's."""


@dataclass(frozen=True)
class Verdict:
    """What the critic holds of one reply under one clause.

    ``odds`` are the log-odds of a breach, in nats, above the critic's threshold: positive means broken. A critic that
    only writes gives +1 or -1, and None where it said neither Yes nor No, or could not read the
    whole question; that counts as unreadable, never as kept.
    """

    clause: str
    odds: float | None

    @property
    def broken(self) -> bool | None:
        """Whether the clause was broken; None where the critic cannot be read."""
        return None if self.odds is None else self.odds > 0


@dataclass(frozen=True)
class Calibration:
    """How a critic fares on labelled replies: ``threshold`` in nats is taken off its log-odds.

    ``hits`` is the rate at which it flags broken replies, ``alarms`` that at which it flags kept ones, both on the very
    labels that set the threshold; ``auroc`` does not depend on it. ``clauses`` holds the same for single clauses that
    have labels enough of their own; a critic may lean towards Yes on one and towards No on another. Uncalibrated:
    threshold 0, ``labels`` 0, no rates.
    """

    threshold: float = 0.0
    labels: int = 0
    auroc: float | None = None
    hits: Rate | None = None
    alarms: Rate | None = None
    clauses: Mapping[str, "Calibration"] = field(default_factory=dict)

    def threshold_of(self, clause: str) -> float:
        """The threshold of a clause: its own, or that of all."""
        return self.clauses.get(clause, self).threshold


def calibrate_critic(odds: Sequence[float], broken: Sequence[bool]) -> Calibration:
    """The threshold with the highest hit rate less false-alarm rate (Youden 1950), of several the nearest to 0.

    Args:
        odds: the critic's log-odds of a breach, one per reply.
        broken: whether each reply does break its clauses.

    Raises:
        CasebackError: with more than 200 labels, or labels of one kind only.
    """
    if len(odds) > MAX_LABELS:
        raise CasebackError(f"{len(odds)} labels for the critic: at most {MAX_LABELS} may be used")
    scores, truth = np.asarray(odds, dtype=float), np.asarray(broken, dtype=bool)
    if not len(truth) or truth.all() or not truth.any():
        raise CasebackError(
            "the critic needs labelled replies of both kinds, some that break a clause and some that keep it"
        )
    values = np.unique(scores)
    cuts = np.concatenate([[values[0] - 1.0], (values[:-1] + values[1:]) / 2, [values[-1] + 1.0]])
    gains = np.array([(scores[truth] > cut).mean() - (scores[~truth] > cut).mean() for cut in cuts])
    best = cuts[np.isclose(gains, gains.max())]
    threshold = float(best[np.abs(best).argmin()])
    higher = (scores[truth][:, None] > scores[~truth][None, :]).mean()
    equal = (scores[truth][:, None] == scores[~truth][None, :]).mean()
    flagged = scores > threshold
    return Calibration(
        threshold=threshold,
        labels=len(truth),
        auroc=float(higher + equal / 2),
        hits=exact_rate(int(flagged[truth].sum()), int(truth.sum())),
        alarms=exact_rate(int(flagged[~truth].sum()), int((~truth).sum())),
    )


def judge(
    critic: Subject,
    clauses: Sequence[Clause],
    chats: Sequence[Chat],
    replies: Sequence[str],
    journal: Journal,
    *,
    calibration: Calibration,
    progress: Progress | None = None,
) -> list[Verdict]:
    """The critic's verdict on each reply under its clause; all three sequences go together."""
    tasks = [critique_task(*item) for item in zip(clauses, chats, replies, strict=True)]
    if can_score(critic):
        scores = ask_scores(critic, tasks, "Yes", "No", journal, progress)
        return [
            Verdict(clause.id, None if score is None else score - calibration.threshold_of(clause.id))
            for clause, score in zip(clauses, scores, strict=True)
        ]
    texts = ask(critic, "judge", tasks, Sampling(max_new_tokens=8), [0] * len(tasks), journal, progress)
    values = {True: 1.0, False: -1.0, None: None}
    return [Verdict(clause.id, values[read_verdict(text.text)]) for clause, text in zip(clauses, texts, strict=True)]


def criticise(
    critic: Subject,
    clauses: Sequence[Clause],
    chats: Sequence[Chat],
    replies: Sequence[str],
    seeds: Sequence[int],
    journal: Journal,
    *,
    max_new_tokens: int = 96,
    progress: Progress | None = None,
) -> list[Text]:
    """The critic's words on replies that broke a clause, for the reviser to read."""
    tasks = [critique_task(*item) for item in zip(clauses, chats, replies, strict=True)]
    return ask(critic, "critique", tasks, Sampling(max_new_tokens=max_new_tokens), seeds, journal, progress)
