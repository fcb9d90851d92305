"""Chooses the layer and dose that steer best, on families that neither fitting nor measuring sees.

Where classes are told apart says little about where a vector acts: the area under the ROC curve is soon 1 at many
layers. So a direction that is to steer is chosen by what it does (as in Arditi et al. 2024, arXiv 2406.11717, and Chen
et al. 2025, arXiv 2507.21509).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from caseback.errors import CasebackError
from caseback.interp.direction import Direction
from caseback.interp.directions.choose import Named, Split, fit_direction
from caseback.interp.directions.dose import CAPABILITY, Curve, best_dose, dose_response
from caseback.interp.directions.examples import Place
from caseback.interp.directions.steer import REPLY
from caseback.interp.directions.trial import Trial
from caseback.subject.open_subject import OpenSubject
from caseback.subject.span import Span

DOSES = (-4.0, -2.0, -1.0, -0.5, 0.5, 1.0, 2.0, 4.0)
"""Tried where none are named."""


@dataclass(frozen=True)
class Steering:
    """What was chosen: a direction and its dose, with the change that it made on the ``dev`` families, and every curve
    that it was chosen from. ``dose`` is None where nothing moved the behaviour without costing too much."""

    direction: Direction
    dose: float | None
    change: float
    curves: tuple[Curve, ...]


def candidates(
    subject: OpenSubject, named: Named, how: str, places: Sequence[Place], fit: Split, dev: Split, seed: int
) -> list[Direction]:
    """One direction for each place; places without one are left out.

    Raises:
        CasebackError: no place has one.
    """
    found, last = [], CasebackError(f"{named.name}: no places to fit a direction at")
    for k, place in enumerate(places):
        here = [Split(part.examples, part.acts[:, k : k + 1]) for part in (fit, dev)]
        try:
            found.append(fit_direction(subject, named, how, [place], here[0], here[1], seed))
        except CasebackError as error:
            last = error
    if not found:
        raise last
    return found


def choose_steering(
    subject: OpenSubject,
    directions: Sequence[Direction],
    trial: tuple[str, Trial],
    capability: Trial,
    doses: Sequence[float],
    rises: bool,
    *,
    n: int = 24,
    seed: int = 0,
    cost: float = 0.05,
    span: Span = REPLY,
    progress: Callable[[int, int], None] | None = None,
) -> Steering:
    """Tries every direction at every dose on the ``dev`` split, and takes what moves the behaviour furthest.

    Args:
        directions: such as ``candidates`` gives.
        trial: the behaviour's, with its name.
        rises: whether it is to show more often, or less.
        cost: most that right answers may fall by.

    Raises:
        CasebackError: no directions.
    """
    if not directions:
        raise CasebackError("no directions to choose from")
    name, behave = trial
    trials: Mapping[str, Trial] = {name: behave, CAPABILITY: capability}
    curves, found = [], []
    for place, direction in enumerate(directions):
        curve = dose_response(subject, direction, trials, doses, randoms=0, n=n, seed=seed, split="dev", span=span)
        curves.append(curve)
        dose = best_dose(curve, name, rises, cost)
        if dose is not None:
            change = curve.at(dose).responses[name].change
            assert change is not None
            found.append((abs(change.value), -abs(dose), -place, direction, dose, change.value))
        if progress:
            progress(place + 1, len(directions))
    if not found:
        return Steering(directions[0], None, 0.0, tuple(curves))
    best = max(found, key=lambda each: each[:3])
    return Steering(best[3], best[4], best[5], tuple(curves))
