"""The share of the performance gap that a strong student of a weak teacher recovers (Burns et al. 2023, 2312.09390)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from caseback.oversight.ladder.arms import Verdicts
from caseback.stats.means import Mean, clustered_mean

SIGMAS = 3.0
"""A ceiling this many standard deviations over seeds above the weak one, or the share means nothing."""


@dataclass(frozen=True)
class Pair:
    """A weak teacher and a strong student.

    Attributes:
        weak: of the teacher, right verdicts on average over seeds.
        ceiling: of the student taught by the oracle.
        sigmas: the ceiling gap over its standard deviation over seeds; infinite where it never varies.
        excluded: why no share is told; empty where one is.
        recovered: by arm, the share with its interval over seeds. Empty where excluded.
        accuracy: by arm, right verdicts on average over seeds.
    """

    teacher: str
    student: str
    weak: float
    ceiling: float
    sigmas: float
    excluded: str
    recovered: Mapping[str, Mean]
    accuracy: Mapping[str, float]


def accuracy(right: str) -> float:
    """The share of ones."""
    return right.count("1") / len(right)


def recovered_pairs(found: Sequence[Verdicts], names: Sequence[str]) -> list[Pair]:
    """Every pair of a ladder, over seeds, weakest teacher first."""
    return [_pair(found, teacher, student) for at, teacher in enumerate(names) for student in names[at + 1 :]]


def amounts(found: Sequence[Verdicts], arm: str, pair: tuple[str, str]) -> list[tuple[str, float, float]]:
    """Of each seed: its name, what the student gained over its teacher, and what there was to gain."""
    return [
        (
            str(seed),
            accuracy(one.student[arm][pair]) - accuracy(one.weak[pair[0]]),
            accuracy(one.ceiling[pair[1]]) - accuracy(one.weak[pair[0]]),
        )
        for seed, one in enumerate(found)
        if pair in one.student.get(arm, {})
    ]


def _pair(found: Sequence[Verdicts], teacher: str, student: str) -> Pair:
    weak = np.array([accuracy(one.weak[teacher]) for one in found])
    ceiling = np.array([accuracy(one.ceiling[student]) for one in found])
    gaps = ceiling - weak
    spread = float(gaps.std(ddof=1)) if len(gaps) > 1 else 0.0
    mean = float(gaps.mean())
    sigmas = mean / spread if spread > 1e-9 else math.inf if mean > 0 else -math.inf
    why = ""
    if len(gaps) < 2:
        why = "one seed says nothing of the spread"
    elif sigmas < SIGMAS:
        why = f"the ceiling is {mean:+.3f} from the weak one, {sigmas:.1f} standard deviations over seeds"
    by_arm = {arm: amounts(found, arm, (teacher, student)) for arm in found[0].student}
    gained = {arm: float(np.mean([gain for _, gain, _ in each])) for arm, each in by_arm.items() if each}
    return Pair(
        teacher,
        student,
        float(weak.mean()),
        float(ceiling.mean()),
        sigmas,
        why,
        {} if why else {arm: clustered_mean(each) for arm, each in by_arm.items() if each},
        {arm: float(weak.mean()) + gain for arm, gain in gained.items()},
    )
