"""How answers are scored against labels, by the name of the measure. Of sealed cases only the scorer can."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from caseback.stats.auroc import auroc
from caseback.stats.auroc_gain import area_gain
from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.clustered_paired import clustered_difference
from caseback.stats.threshold import set_threshold

Measure = Literal["recall", "right", "area"]
TARGET = 0.01
"""Rate of false alarms at which recall is measured."""


@dataclass(frozen=True)
class Label:
    """The truth about a case: whether it is positive, which family it is of, and which group it is scored in."""

    positive: bool
    family: str
    group: str = ""


@dataclass(frozen=True)
class Estimate:
    """A value with an interval over ``n`` of ``unit``."""

    value: float
    low: float
    high: float
    n: int
    unit: str


def score(measure: Measure, answers: Sequence[float], labels: Sequence[Label]) -> float:
    """``recall`` of positives at 1 % false alarms, a threshold for each group, mean over groups; the share ``right``
    of cases whose sign is the label's, mean over groups; or the ``area`` under the ROC curve.

    Raises:
        ValueError: not one answer a case, or a group that has no positive or no negative to tell apart.
    """
    if measure == "area":
        return auroc(answers, [each.positive for each in labels], [each.family for each in labels]).value
    rows = _events(measure, answers, labels)
    groups = by_cluster([group for group, _, _ in rows], [event for _, _, event in rows])
    return sum(k / n for k, n in groups.values()) / len(groups)


def estimate(measure: Measure, answers: Sequence[float], labels: Sequence[Label], confidence: float) -> Estimate:
    """The score with its interval, which allows for families."""
    if measure == "area":
        found = auroc(answers, [each.positive for each in labels], [each.family for each in labels], confidence)
        return Estimate(found.value, found.low, found.high, len(labels), "models")
    rows = _events(measure, answers, labels)
    rate = clustered_rate(by_cluster([f for _, f, _ in rows], [event for _, _, event in rows]), confidence)
    return Estimate(score(measure, answers, labels), rate.low, rate.high, len({f for _, f, _ in rows}), "families")


def gain(
    measure: Measure,
    first: Sequence[float],
    second: Sequence[float],
    labels: Sequence[Label],
    studies: Sequence[str] = (),
) -> Estimate:
    """How much better the first answers are than the second, on the same cases, with an interval that pairs them and
    allows for families: exact for shares, the jackknife's for areas.

    Args:
        studies: of each case, where several studies are pooled: answers are compared within one alone, and a family
            is the same in all.
    """
    if studies:
        labels = [replace(each, group=f"{study}/{each.group}") for study, each in zip(studies, labels, strict=True)]
    if measure == "area":
        positive, families = [each.positive for each in labels], [each.family for each in labels]
        mean = area_gain(first, second, positive, families, strata=studies)
        return Estimate(mean.value, mean.low, mean.high, len(labels), "models")
    one, other = _events(measure, first, labels), _events(measure, second, labels)
    families = [family for _, family, _ in one]
    found = clustered_difference([e for _, _, e in one], [e for _, _, e in other], families)
    return Estimate(found.value, found.low, found.high, len(set(families)), "families")


def _events(measure: Measure, answers: Sequence[float], labels: Sequence[Label]) -> list[tuple[str, str, bool]]:
    """(group, family, whether it was caught or right) of each case that counts."""
    if len(answers) != len(labels):
        raise ValueError(f"{len(answers)} answers to {len(labels)} cases")
    pairs = list(zip(answers, labels, strict=True))
    if measure == "right":
        return [(each.group, each.family, answer != 0 and (answer > 0) == each.positive) for answer, each in pairs]
    limits = {}
    for group in dict.fromkeys(each.group for each in labels):
        clean = [(answer, each.family) for answer, each in pairs if each.group == group and not each.positive]
        limits[group] = set_threshold([a for a, _ in clean], [f for _, f in clean], TARGET).value
    return [(each.group, each.family, answer > limits[each.group]) for answer, each in pairs if each.positive]
