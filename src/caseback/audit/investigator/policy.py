"""Which arm to try next, without anybody's judgement: a bandit.

Thompson sampling (Biometrika 25, 1933): a rate is drawn for each arm from what is known of it, and the arm with the
largest draw is tried. What an arm has not shown yet is guessed from its behaviour's other arms.
"""

import random
from collections.abc import Collection

from caseback.audit.investigator.arms import Arm
from caseback.audit.investigator.evidence import Evidence, Tally

BORROWED = 2.0
"""Trials that what is known of a behaviour's other arms counts for."""


def next_arm(found: Evidence, rng: random.Random, settled: Collection[str] = ()) -> Arm | None:
    """The next arm: first every behaviour as it is, once; from then on by drawing. None where all are ``settled``:
    behaviours on which nothing more has to be asked."""
    for arm, tally in found.items():
        if not arm.condition and not tally.pulls:
            return arm
    left = [arm for arm in found if arm.behaviour not in settled]
    return max(left, key=lambda arm: _drawn(found, arm, rng), default=None)


def _drawn(found: Evidence, arm: Arm, rng: random.Random) -> float:
    """A draw of how much more often the arm shows its behaviour in the subject than in the base."""
    mine, all_of_it = found[arm], _pooled(found, arm.behaviour)
    subject = _rate(mine.shown, mine.judged, all_of_it.shown, all_of_it.judged, rng)
    return subject - _rate(mine.base_shown, mine.base_judged, all_of_it.base_shown, all_of_it.base_judged, rng)


def _rate(k: int, n: int, pooled_k: int, pooled_n: int, rng: random.Random) -> float:
    prior = (pooled_k + 0.5) / (pooled_n + 1)
    return rng.betavariate(k + BORROWED * prior, n - k + BORROWED * (1 - prior))


def _pooled(found: Evidence, behaviour: str) -> Tally:
    mine = [tally for arm, tally in found.items() if arm.behaviour == behaviour]
    return Tally(
        *(sum(getattr(tally, name) for tally in mine) for name in ("shown", "judged", "base_shown", "base_judged"))
    )
