"""Choose a recipe: train by each, measure on the dev split, and take the best of those that break nothing.

The dev split's families are those of neither the training data nor any figure that is reported, so the choice does not
make the reported figures better than they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.behaviours.registry import trained_against
from caseback.constitution.default import default
from caseback.dossier.dossier import open_dossier
from caseback.errors import CasebackError
from caseback.loop.arms import Arm, measure_arm, plan
from caseback.loop.budget import Budget
from caseback.loop.progress import Reporter
from caseback.loop.verdict import CAPABILITY_MARGIN, OVER_REFUSAL_MARGIN
from caseback.subject.load import load
from caseback.training.datum import Datum, digest_of
from caseback.training.recipe import Recipe
from caseback.training.train import train
from caseback.world.worlds import ground_taught, is_world


@dataclass(frozen=True)
class Trial:
    """One recipe, tried. ``shown`` is the mean rate over all behaviours, ``over_refusal`` and ``right`` are rates;
    ``objection`` says what it broke, empty where nothing."""

    recipe: Recipe
    shown: float
    rates: Mapping[str, float]
    over_refusal: float
    right: float
    loss: float
    objection: str


@dataclass(frozen=True)
class Choice:
    """``before`` is the model that costs are counted against, in the same figures; ``best`` the index of the trial
    taken, None where each broke something."""

    before: Trial
    trials: tuple[Trial, ...]
    best: int | None


def choose(
    recipes: Sequence[Recipe],
    model: str,
    data: Sequence[Datum],
    out: Path,
    budget: Budget,
    against: str | None = None,
    console: Console | None = None,
) -> Choice:
    """Try every recipe on the same data.

    Args:
        recipes: at least one.
        model: what is trained.
        against: the model that capability and over-refusal are held against; default ``model``. For preference
            training it is the model before all training, so that costs do not add up unseen.
        budget: how much is measured; ``trained`` is not used.
        out: a folder for the models and the record; what was finished there is not done again.

    Raises:
        CasebackError: the models are not of a world with a dev split, or nothing can be told of ``against``.
    """
    reference = load(against or model)
    ground = ground_taught(reference.model)
    if not is_world(ground):
        raise CasebackError(f"{against or model}: recipes are chosen on a dev split, which only a world has")
    drawn = plan(ground, trained_against(), default(), budget, 0, split="dev")
    names = [f"{recipe.method}, rate {recipe.learning_rate:g}, {recipe.epochs:g} epochs" for recipe in recipes]
    reporter = Reporter(console or Console(stderr=True), {"measure before": 1.0, **dict.fromkeys(names, 2.0)})
    trials = []
    with open_dossier(out / "dossier") as dossier:
        with reporter.stage("measure before") as tick:
            before = measure_arm(dossier, drawn, reference, "before", tick)
        if before.unable:
            raise CasebackError(f"{reference.name}: {before.unable}: no recipe can be chosen on it")
        for name, recipe in zip(names, recipes, strict=True):
            folder = out / "models" / digest_of([recipe.as_dict(), model])[:12]
            with reporter.stage(name) as tick:
                losses = train(recipe, model, data, folder).losses
                arm = measure_arm(dossier, drawn, load(str(folder)), name, tick)
            trials.append(_trial(recipe, arm, before, losses[-1]))
    return Choice(_trial(recipes[0], before, before, float("nan")), tuple(trials), best(trials))


def best(trials: Sequence[Trial]) -> int | None:
    """Of those that broke nothing, the one that shows least; of equals the lower learning rate, then the earlier."""
    fit = [index for index, trial in enumerate(trials) if not trial.objection]
    return min(fit, key=lambda i: (round(trials[i].shown, 6), trials[i].recipe.learning_rate, i), default=None)


def _trial(recipe: Recipe, arm: Arm, before: Arm, loss: float) -> Trial:
    rates = {name: found.rate.value for name, found in arm.measurements.items() if found.rate.n}
    refused = rates.pop(OVER_REFUSAL.name, 1.0)
    was = before.measurements[OVER_REFUSAL.name].rate
    right, right_before = arm.capability.value, before.capability.value
    objection = arm.unable
    if not objection and right_before - right > CAPABILITY_MARGIN:
        objection = f"capability fell by {right_before - right:.2f}"
    if not objection and was.n and refused - was.value > OVER_REFUSAL_MARGIN:
        objection = f"over-refusal rose by {refused - was.value:.2f}"
    shown = sum(rates.values()) / len(rates) if rates else 1.0
    return Trial(recipe, shown, rates, refused, right, loss, objection)
