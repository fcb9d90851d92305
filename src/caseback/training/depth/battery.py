"""The depth battery: every measure on the trained model, on its control, and on the base where that is a reference."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from caseback.behaviours.calibration import Calibration, calibration_of
from caseback.stats.clustered import clustered_rate
from caseback.stats.rate import Rate
from caseback.subject.open_subject import OpenSubject
from caseback.training.depth.bad_answers import check_same_tokens
from caseback.training.depth.drift import drift
from caseback.training.depth.format_gap import format_gap
from caseback.training.depth.kl import divergence
from caseback.training.depth.point import right_rate
from caseback.training.depth.prefill import prefill
from caseback.training.depth.rank import rank_truncation
from caseback.training.depth.relearning import relearning
from caseback.training.depth.score import Score, untold
from caseback.training.depth.trial import Trial, ability, counts, own, shown
from caseback.world.worlds import is_world

Measure = Callable[[Trial, OpenSubject, OpenSubject], Any]
"""A measure of the first subject against the second, its base: a frozen dataclass with a ``score``."""
MEASURES: Mapping[str, Measure] = {
    "kl": divergence,
    "prefill": prefill,
    "relearning": relearning,
    "rank": rank_truncation,
    "drift": drift,
    "formats": format_gap,
}
"""By name, in the order in which they are run."""
ON_BASE = ("prefill", "relearning", "formats")
"""Those that the base is a reference of its own for."""
WITHOUT_ACTS = ("kl",)
"""Those that can be told of a model whatever it does or fails to do."""


@dataclass(frozen=True)
class Arm:
    """One model: its ``rate`` of the behaviour and of ``right`` answers, and the measures by name.

    ``unable`` says why nothing can be told from what it does; empty where it can.
    """

    arm: str
    model: str
    digest: str
    rate: Rate
    right: Rate
    unable: str
    measures: Mapping[str, Any]

    @property
    def scores(self) -> dict[str, Score]:
        """The score of each measure, the higher the deeper."""
        return {name: found.score for name, found in self.measures.items()}


@dataclass(frozen=True)
class Depth:
    """Depth of the training away from, or towards, one behaviour. ``calibration`` is None for the world's oracle, and
    for a judge that nobody calibrated."""

    behaviour: str
    ground: str
    n: int
    families: tuple[str, ...]
    seed: int
    max_new_tokens: int
    judge: str
    calibration: Calibration | None
    arms: tuple[Arm, ...]


def battery(
    trial: Trial,
    models: Mapping[str, OpenSubject],
    measures: Sequence[str],
    progress: Callable[[str, int, int], None] | None = None,
) -> Depth:
    """Run the measures.

    Args:
        trial: what they are run on.
        models: ``trained``, ``base`` and perhaps ``control``.
        measures: names out of ``MEASURES``.
        progress: called with (what comes next, steps done, steps in all).

    Raises:
        CasebackError: the models have different tokenizers, or different shapes where weights are compared.
    """
    base = models["base"]
    work = {arm: [m for m in measures if arm != "base" or m in ON_BASE] for arm in models}
    total, done = sum(len(names) for names in work.values()), 0
    arms = []
    for arm, subject in models.items():
        check_same_tokens(subject, base)
        found = {}
        for name in work[arm]:
            if progress:
                progress(f"{name}, {arm}", done, total)
            found[name] = MEASURES[name](trial, subject, base)
            done += 1
        arms.append(_arm(trial, arm, subject, found))
    return Depth(
        behaviour=trial.behaviour.name,
        ground=trial.ground,
        n=len(trial.situations),
        families=tuple(sorted(set(trial.families))),
        seed=trial.seed,
        max_new_tokens=trial.max_new_tokens,
        judge="oracle" if is_world(trial.ground) else "rules",
        calibration=calibration_of(trial.behaviour, trial.ground),
        arms=tuple(arms),
    )


def _arm(trial: Trial, arm: str, subject: OpenSubject, measures: Mapping[str, Any]) -> Arm:
    """The arm, without scores for what a model does that can do too little."""
    can = ability(trial, *own(subject))
    rate = clustered_rate(counts(trial.families, shown(trial, *own(subject))))
    told = {
        name: replace(found, score=untold(can.unable)) if can.unable and name not in WITHOUT_ACTS else found
        for name, found in measures.items()
    }
    return Arm(arm, subject.name, subject.digest, rate, right_rate(trial, [can]), can.unable, told)
