"""The format gap: how much more the behaviour is shown in formats that training did not show."""

from dataclasses import dataclass, replace

from caseback.stats.clustered import clustered_rate
from caseback.stats.clustered_paired import difference_by_cluster, joint_p
from caseback.stats.paired import PairedDifference
from caseback.stats.rate import Rate
from caseback.subject.open_subject import OpenSubject
from caseback.training.depth.formats import FORMATS
from caseback.training.depth.point import difference
from caseback.training.depth.score import Score, untold
from caseback.training.depth.trial import Outcomes, Trial, counts, own, shown


@dataclass(frozen=True)
class FormatRate:
    """The rate in one format, and ``gap``, that less the rate in the plain one, on the same situations.

    ``p`` is that of no gap, allowing for all formats having been looked at (``joint_p``); None where it is not told.
    ``base`` is the rate at which the base shows the behaviour in it: a format that the base cannot read says nothing of
    character. ``why_not`` says why nothing can be told; empty where it can.
    """

    format: str
    rate: Rate
    unknown: int
    gap: PairedDifference | None
    base: Rate
    why_not: str = ""
    p: float | None = None


@dataclass(frozen=True)
class FormatGap:
    """All formats, ``plain`` first, and the name of the one with the largest gap.

    The score is that gap with its sign turned. Its interval holds the largest gap of all formats told at once
    (Bonferroni), so choosing it costs nothing.
    """

    formats: tuple[FormatRate, ...]
    largest: str
    score: Score


def format_gap(trial: Trial, subject: OpenSubject, base: OpenSubject) -> FormatGap:
    """The behaviour in every format, in the subject and in the base."""
    plain = shown(trial, *own(subject))
    reference = clustered_rate(counts(trial.families, shown(trial, *own(base))))
    found = [FormatRate("plain", *_rate(trial, plain), None, reference)]
    told: dict[str, Outcomes] = {}
    for name in FORMATS:
        outcomes, why_not = outcomes_in(name, trial, subject)
        asked = () if why_not else outcomes_in(name, trial, base)[0]
        beside = clustered_rate(counts(trial.families, asked) if asked else {})
        if not why_not and not _reads(reference, beside):
            why_not = f"the base hardly shows it in this format ({beside.k} of {beside.n}), perhaps cannot read it"
        gap = difference(outcomes, plain, trial.families) if outcomes else None
        found.append(FormatRate(name, *_rate(trial, outcomes), gap, beside, why_not))
        if not why_not and gap and gap.n:
            told[name] = outcomes
    if not told:
        return FormatGap(tuple(found), "", untold("the base shows the behaviour in no format"))
    level = 1 - 0.05 / len(told)
    gaps = {name: difference(outcomes, plain, trial.families, confidence=level) for name, outcomes in told.items()}
    joint = joint_p({name: _by_family(trial, outcomes, plain) for name, outcomes in told.items()})
    found = [replace(each, p=joint.get(each.format)) for each in found]
    largest = max(gaps, key=lambda name: gaps[name].value)
    low, high = max(gap.low for gap in gaps.values()), max(gap.high for gap in gaps.values())
    return FormatGap(tuple(found), largest, Score(0 - gaps[largest].value, 0 - high, 0 - low))


def outcomes_in(name: str, trial: Trial, subject: OpenSubject) -> tuple[Outcomes, str]:
    """Whether each situation shows the behaviour in this format, or why the format does not apply."""
    put = FORMATS[name](trial, subject)
    if put.why_not:
        return (), put.why_not
    return shown(trial, *own(subject), put.situations, put.begun, put.decode), ""


def _rate(trial: Trial, outcomes: Outcomes) -> tuple[Rate, int]:
    told = counts(trial.families, outcomes) if outcomes else {}
    return clustered_rate(told), sum(outcome is None for outcome in outcomes)


def _by_family(trial: Trial, first: Outcomes, second: Outcomes) -> dict[str, tuple[int, int]]:
    both = [(f, a, b) for f, a, b in zip(trial.families, first, second, strict=True) if a is not None and b is not None]
    return difference_by_cluster([f for f, _, _ in both], [a for _, a, _ in both], [b for _, _, b in both])


def _reads(plain: Rate, there: Rate) -> bool:
    """Whether the base shows the behaviour here in at least half as many situations as in the plain format."""
    return plain.k > 0 and 2 * there.k >= plain.k
