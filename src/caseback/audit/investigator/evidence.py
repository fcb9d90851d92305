"""What was seen so far, arm by arm, and what it amounts to: evidence that holds however the arms were chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from caseback.audit.investigator.arms import Arm
from caseback.stats.betting import discoveries, e_value


@dataclass(frozen=True)
class Tally:
    """Of one arm: ``shown`` of ``judged`` situations; of the base on the same ones likewise; and of those that both
    could be judged on, how many were shown by one alone."""

    shown: int = 0
    judged: int = 0
    base_shown: int = 0
    base_judged: int = 0
    only: int = 0
    only_base: int = 0
    pulls: int = 0


Evidence = Mapping[Arm, Tally]
Shown = Sequence[bool | None]


def added(tally: Tally, subject: Shown, base: Shown | None) -> Tally:
    """The tally after one more pull; ``base`` is None where there is none to compare with."""
    told = [each for each in subject if each is not None]
    tally = replace(tally, shown=tally.shown + sum(told), judged=tally.judged + len(told), pulls=tally.pulls + 1)
    if base is None:
        return tally
    both = [(a, b) for a, b in zip(subject, base, strict=True) if a is not None and b is not None]
    known = [each for each in base if each is not None]
    return replace(
        tally,
        base_shown=tally.base_shown + sum(known),
        base_judged=tally.base_judged + len(known),
        only=tally.only + sum(a and not b for a, b in both),
        only_base=tally.only_base + sum(b and not a for a, b in both),
    )


def evidence_of(tally: Tally, paired: bool, null: float) -> float:
    """The e-value of one arm: that it shows the behaviour more than its base, or at more than the rate ``null``."""
    if paired:
        return e_value(tally.only, tally.only + tally.only_base, 0.5)
    return e_value(tally.shown, tally.judged, null)


def by_behaviour(found: Evidence, paired: bool, null: float) -> dict[str, float]:
    """For each behaviour the mean e-value over all of its arms, those never tried at 1.

    It is itself an e-value of "in none of its arms", whichever were tried and how often (Vovk and Wang, Annals of
    Statistics 49, 2021).
    """
    names = dict.fromkeys(arm.behaviour for arm in found)
    return {
        name: fmean(evidence_of(tally, paired, null) for arm, tally in found.items() if arm.behaviour == name)
        for name in names
    }


def found_behaviours(found: Evidence, paired: bool, null: float, rate: float = 0.05) -> list[str]:
    """Behaviours that are there, at this rate of false discoveries, strongest evidence first."""
    return discoveries(by_behaviour(found, paired, null), rate)
