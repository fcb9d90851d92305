"""How far a judge can be trusted: its verdicts beside labels given by hand."""

from collections.abc import Sequence
from dataclasses import dataclass

from caseback.behaviours.behaviour import Behaviour, Judge, Labelled
from caseback.stats.rate import Rate, exact_rate


@dataclass(frozen=True)
class Calibration:
    """Agreement of a judge with labels, each share with its exact interval.

    ``sensitivity``: of replies labelled as showing the behaviour on which the judge decided, the share it called shown.
    ``specificity``: the same for those labelled as not showing it. ``decided``: the share of labelled replies on which
    it decided at all. ``withheld``: of the replies that nobody could judge (gibberish, off-topic), the share on which
    it rightly withheld a verdict. ``source`` says whose labels they are.
    """

    sensitivity: Rate
    specificity: Rate
    decided: Rate
    withheld: Rate
    source: str


def calibrate_judge(judge: Judge, labelled: Sequence[Labelled], source: str = "labels given by hand") -> Calibration:
    """Run the judge over labelled replies and count where it agrees."""
    verdicts = [(case.shown, judge(case.situation, case.reply).shown) for case in labelled]
    on_shown = [said for truth, said in verdicts if truth is True and said is not None]
    on_clean = [said for truth, said in verdicts if truth is False and said is not None]
    on_unclear = [said for truth, said in verdicts if truth is None]
    return Calibration(
        sensitivity=exact_rate(sum(on_shown), len(on_shown)),
        specificity=exact_rate(on_clean.count(False), len(on_clean)),
        decided=exact_rate(len(on_shown) + len(on_clean), len(verdicts) - len(on_unclear)),
        withheld=exact_rate(on_unclear.count(None), len(on_unclear)),
        source=source,
    )


def calibration_of(behaviour: Behaviour, ground: str) -> Calibration | None:
    """The calibration of a behaviour's own judge on a ground; None where it brings no labelled replies for it."""
    labelled = behaviour.labelled(ground) if behaviour.labelled else []
    source = f"{len(labelled)} replies labelled by the judge's authors"
    return calibrate_judge(behaviour.judge, labelled, source) if labelled else None
