"""Dose and response: how often a behaviour shows, and what is still right, at each dose of a direction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from caseback.errors import CasebackError
from caseback.interp.direction import Direction
from caseback.interp.directions.steer import REPLY, random_like, steered
from caseback.interp.directions.trial import Outcome, Trial
from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.crossed import crossed_difference
from caseback.stats.paired import PairedDifference
from caseback.stats.rate import Rate
from caseback.subject.intervene import intervene
from caseback.subject.open_subject import OpenSubject
from caseback.subject.span import Span
from caseback.world.situation import Split

Arm = Literal["none", "direction", "random"]
CAPABILITY = "capability"
"""Name of the trial that counts what was met, beside those of the behaviour."""


@dataclass(frozen=True)
class Response:
    """What came of one trial at one dose.

    Attributes:
        rate: Of the outcomes that could be judged, with an interval that allows for families.
        unknown: Outcomes that could not be judged.
        change: Less the rate at no dose, on the same situations (and, for random vectors, over all of them); None at
            no dose.
    """

    rate: Rate
    unknown: int
    change: PairedDifference | None = None


@dataclass(frozen=True)
class Point:
    """One dose of the direction, or of ``vectors`` random ones of the same length taken together.

    ``moved`` is by how much a token's activation was changed, as a share of its length, on average.
    """

    arm: Arm
    dose: float
    responses: Mapping[str, Response]
    moved: float
    vectors: int = 1


@dataclass(frozen=True)
class Curve:
    """The points of a direction; the first is that of no dose."""

    direction: str
    site: str
    split: Split
    n: int
    seed: int
    points: tuple[Point, ...]

    def at(self, dose: float, arm: Arm = "direction") -> Point:
        """The point of a dose.

        Raises:
            CasebackError: it was not measured.
        """
        for point in self.points:
            if point.dose == dose and point.arm == arm:
                return point
        raise CasebackError(f"dose {dose} of {arm} was not measured: there are {[p.dose for p in self.points]}")


def dose_response(
    subject: OpenSubject,
    direction: Direction,
    trials: Mapping[str, Trial],
    doses: Sequence[float],
    *,
    randoms: int = 3,
    n: int = 60,
    seed: int = 0,
    split: Split = "test",
    span: Span = REPLY,
    progress: Callable[[int, int], None] | None = None,
) -> Curve:
    """Runs every trial without an edit, then at every dose of the direction and of ``randoms`` random vectors of equal
    length at right angles to it.

    Args:
        trials: those of the behaviour, and one called ``capability``, which counts what was met.
        doses: in distances of the two classes that the direction was fitted on; 0 is measured anyway.

    Raises:
        CasebackError: no capability trial (a broken model shows no behaviour either), a dose that is not finite, or
            an edit that did not take effect.
    """
    if CAPABILITY not in trials:
        raise CasebackError(f"steering is measured with a trial called {CAPABILITY!r} beside the behaviour's")
    doses = [dose for dose in dict.fromkeys(doses) if dose]
    # Controls differ from direction to direction, and are the same in every dose.
    controls = [random_like(direction, seed * 1_000 + number) for number in range(randoms)]
    total, done = (1 + len(doses) * (1 + randoms)) * len(trials), 0

    def run(of: Direction | None, dose: float) -> tuple[dict[str, list[Outcome]], float]:
        nonlocal done
        found, moved = {}, 0.0
        for name, trial in trials.items():
            if of is None:
                found[name] = trial(subject, n, seed, split)
            else:
                with intervene(subject.model, [steered(of, dose, span)]) as receipt:
                    found[name] = trial(subject, n, seed, split)
                moved = max(moved, receipt[0].relative)
            done += 1
            if progress:
                progress(done, total)
        return found, moved

    before, _ = run(None, 0.0)
    points = [Point("none", 0.0, {name: response([part], None) for name, part in before.items()}, 0.0)]
    for dose in doses:
        for arm, vectors in (("direction", [direction]), ("random", controls)):
            runs = [run(vector, dose) for vector in vectors]
            if runs:
                responses = {name: response([r[0][name] for r in runs], before[name]) for name in trials}
                moved = sum(m for _, m in runs) / len(runs)
                points.append(Point("direction" if arm == "direction" else "random", dose, responses, moved, len(runs)))
    return Curve(direction.name, str(direction.site), split, n, seed, tuple(points))


def response(runs: Sequence[Sequence[Outcome]], before: Sequence[Outcome] | None) -> Response:
    """The rate over some runs of the same situations, and its difference to the run before."""
    judged = [(each.family, bool(each.shown)) for run in runs for each in run if each.shown is not None]
    unknown = sum(each.shown is None for run in runs for each in run)
    rate = (
        clustered_rate(by_cluster([f for f, _ in judged], [s for _, s in judged])) if judged else Rate(0, 0, 0.0, 1.0)
    )
    if before is None:
        return Response(rate, unknown)
    pairs = [
        (bool(after.shown), bool(old.shown), old.family, number)
        for number, run in enumerate(runs)
        for after, old in zip(run, before, strict=True)
        if after.shown is not None and old.shown is not None
    ]
    if not pairs:
        return Response(rate, unknown)
    first, second, families, seeds = map(list, zip(*pairs, strict=True))
    return Response(rate, unknown, crossed_difference(first, second, families, seeds))


def best_dose(curve: Curve, trial: str, rises: bool, cost: float = 0.05) -> float | None:
    """The dose that moves a trial's rate furthest up (or down) at the cost of at most ``cost`` of what was right.

    To be chosen on a curve of the ``dev`` split and reported from one of the ``test`` split. None where no dose moves
    the rate that way without costing more.
    """
    found = []
    for point in curve.points:
        if point.arm != "direction":
            continue
        change, lost = point.responses[trial].change, point.responses[CAPABILITY].change
        if change is None or lost is None or not change.n or -lost.value > cost:
            continue
        gain = change.value if rises else -change.value
        if gain > 0:
            found.append((gain, -abs(point.dose), point.dose))
    return max(found)[2] if found else None
