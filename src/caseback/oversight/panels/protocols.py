"""Ways to put a question before a judge, and how hard a debater tries.

Debate is Irving, Christiano and Amodei's (arXiv 1805.00899), in one simultaneous round with quotes that can be checked,
as Khan et al. 2024 (arXiv 2402.06782) have it; consultancy and the two kinds of question, with and without information
that the judge lacks, are those of Kenton et al. 2024 (arXiv 2407.04622). A debater that tries hard draws n arguments
and gives the one that moves *this judge* furthest to its side, heard alone (best of n).
"""

import math
import random
from collections.abc import Mapping, Sequence

from caseback.oversight.panels.arguing import Argument, Drawn
from caseback.oversight.panels.judging import SPEAKERS, Hearing, log_odds, spoken
from caseback.oversight.panels.questions import Question
from caseback.subject.open_subject import OpenSubject
from caseback.training.journal import Journal

Sides = Mapping[bool, Sequence[Argument | None]]
"""For the honest and the dishonest side its argument to each question; None where it has none."""


def chosen(
    judge: OpenSubject,
    asked: Sequence[Question],
    drawn: Sequence[Drawn],
    honest: bool,
    n: int,
    verified: bool,
    journal: Journal | None = None,
) -> list[Argument | None]:
    """Of the first ``n`` arguments to each question the one that moves the judge furthest; the first where n is 1."""
    if n == 1:
        return [each.arguments[0] if each.arguments else None for each in drawn]
    pools = [list(dict.fromkeys(each.arguments[:n])) for each in drawn]
    hearings = [
        Hearing(question, (spoken(argument, SPEAKERS[0], question, verified),))
        for question, pool in zip(asked, pools, strict=True)
        for argument in pool
    ]
    odds = iter(log_odds(judge, hearings, journal))
    best = []
    for pool in pools:
        moved = [next(odds) * (1 if honest else -1) for _ in pool]
        ranked = sorted(range(len(pool)), key=lambda at: -math.inf if math.isnan(moved[at]) else moved[at])
        best.append(pool[ranked[-1]] if ranked else None)
    return best


def alone(judge: OpenSubject, asked: Sequence[Question], journal: Journal | None = None) -> list[float]:
    """Nobody argues: the judge's own answer."""
    return log_odds(judge, [Hearing(question) for question in asked], journal)


def consultancy(
    judge: OpenSubject,
    asked: Sequence[Question],
    sides: Sides,
    assigned: Sequence[bool],
    verified: bool,
    journal: Journal | None = None,
    criticisms: Sequence[str] = (),
) -> list[float]:
    """One consultant, on the side ``assigned`` to it; where it has nothing to say, the judge answers alone.

    Args:
        criticisms: what a critic, which reads the document, says of each answer, heard last; none without a critic.
    """
    hearings = []
    for at, (question, honest) in enumerate(zip(asked, assigned, strict=True)):
        argument = sides[honest][at]
        said = [spoken(argument, SPEAKERS[0], question, verified)] if argument else []
        said += [f"Criticism: {criticisms[at]}"] if criticisms and criticisms[at] else []
        hearings.append(Hearing(question, tuple(said)))
    return log_odds(judge, hearings, journal)


def debate(
    judge: OpenSubject, asked: Sequence[Question], sides: Sides, verified: bool, journal: Journal | None = None
) -> list[float]:
    """Both sides, heard in both orders and under either name; the odds are the sum of the two."""
    hearings = []
    for first in (True, False):
        for at, question in enumerate(asked):
            said = [
                spoken(argument, speaker, question, verified)
                for honest, speaker in zip((first, not first), SPEAKERS, strict=True)
                if (argument := sides[honest][at])
            ]
            hearings.append(Hearing(question, tuple(said)))
    odds = log_odds(judge, hearings, journal)
    return [one + other for one, other in zip(odds[: len(asked)], odds[len(asked) :], strict=True)]


def majority(odds: Sequence[Sequence[float]]) -> list[float]:
    """More than half of those judges that decide; 0, which abstains, where they are evenly split.

    Args:
        odds: of each judge for each question.
    """
    votes = []
    for each in zip(*odds, strict=True):
        told = [one for one in each if not math.isnan(one)]
        votes.append(float(sum((one > 0) - (one < 0) for one in told)) if told else math.nan)
    return votes


def assignment(asked: Sequence[Question], seed: int) -> list[bool]:
    """Which side a consultant is given, honest for exactly half of the questions of a family (rounded up or down)."""
    rng = random.Random(f"assigned/{seed}")
    by_family: dict[str, list[int]] = {}
    for at, question in enumerate(asked):
        by_family.setdefault(question.family, []).append(at)
    honest = [False] * len(asked)
    for at_family in by_family.values():
        half = (len(at_family) + rng.randint(0, 1)) // 2
        for at in rng.sample(at_family, half):
            honest[at] = True
    return honest


def misplaced(sides: Sides) -> Sides:
    """Everybody's arguments moved to the next question: the control that shows whether it is what is said that counts,
    or that something is said at all."""
    return {honest: [*given[1:], *given[:1]] for honest, given in sides.items()}
