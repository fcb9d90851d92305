"""What a scorer says of a submission without being fitted to: the ladder.

Blum and Hardt (The Ladder: A Reliable Leaderboard for Machine Learning Competitions, ICML 2015, arXiv 1502.04585): a
score is told only where it beats the best one told before by a step, and then rounded to the step. Whoever submits
again and again learns so little of the sealed cases that the best score told stays true, to within a few steps, of
cases never seen, after exponentially many submissions.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Told:
    """``score`` is the best so far, rounded; ``rose`` whether this submission raised it."""

    score: float
    rose: bool


def climb(best: float | None, score: float, step: float) -> Told:
    """What is told of a submission that scored ``score`` where ``best`` was told last, None at first.

    Raises:
        ValueError: a step that is not above 0.
    """
    if not step > 0:
        raise ValueError(f"a step of {step} is none")
    if best is None or score > best + step:
        return Told(round(round(score / step) * step, 9), True)
    return Told(best, False)
