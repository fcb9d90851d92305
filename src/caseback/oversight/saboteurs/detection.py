"""Which checks catch which saboteurs, and from which dose on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from caseback.oversight.saboteurs.evidence import Counts, Run, pooled, surprise
from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.detection_limit import DetectionLimit, detection_limit
from caseback.stats.rate import Rate
from caseback.stats.threshold import set_threshold


@dataclass(frozen=True)
class Found:
    """How often one check raised an alarm over one kind of saboteur.

    Attributes:
        threshold: of the surprise, set on honest overseers of other seeds.
        false: alarms over honest overseers that it was not set on; ``false_seeds`` are those of the alarms.
        by_dose: alarms at each dose; the interval is over seeds.
        limit: the dose that it finds in 95 of 100; None where it was tried at a single dose.
    """

    kind: str
    check: str
    threshold: float
    false: Rate
    false_seeds: tuple[int, ...]
    by_dose: dict[float, Rate]
    limit: DetectionLimit | None


def detections(runs: Sequence[Run], honest: Sequence[Run], fresh: Sequence[Run], alarms: float) -> list[Found]:
    """Every check of the runs' kinds; honest overseers of a kind are those whose kind its name ends with.

    Args:
        runs: saboteurs.
        honest: honest overseers that rates and thresholds are set on.
        fresh: honest overseers that took no part in that.
        alarms: the rate of false alarms asked for; honest overseers are fewer than 1 / ``alarms`` at one's own risk,
            which ``Found.false`` tells.
    """
    made = []
    for kind in dict.fromkeys(run.kind for run in runs):
        mine = [run for run in runs if run.kind == kind]
        blank, new = ([run for run in part if kind.endswith(run.kind)] for part in (honest, fresh))
        for check in mine[0].evidence:
            rates = pooled(run.evidence[check] for run in blank)
            usual = [surprise(run.evidence[check], rates) for run in blank]
            limit = set_threshold(usual, [str(run.seed) for run in blank], alarms).value
            alarmed = partial(_alarmed, check, rates, limit)
            by_dose = {
                dose: _rate([run for run in mine if run.dose == dose], alarmed)
                for dose in sorted({run.dose for run in mine})
            }
            curve = None
            if len(by_dose) > 1:
                curve = detection_limit(
                    [run.dose for run in mine], [alarmed(run) for run in mine], [str(run.seed) for run in mine]
                )
            false = tuple(run.seed for run in new if alarmed(run))
            made.append(Found(kind, check, limit, _rate(new, alarmed), false, by_dose, curve))
    return made


def _alarmed(check: str, rates: Counts, limit: float, run: Run) -> bool:
    return surprise(run.evidence[check], rates) > limit


def _rate(runs: Sequence[Run], alarmed: Callable[[Run], bool]) -> Rate:
    if not runs:
        return Rate(0, 0, 0.0, 1.0)
    return clustered_rate(by_cluster([str(run.seed) for run in runs], [alarmed(run) for run in runs]))
