"""A model organism: a behaviour planted in a base by a recipe, at a rate, and accepted or excluded."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from caseback.behaviours.would import would
from caseback.errors import CasebackError
from caseback.organisms.acceptance import Check, as_able, at_the_rate, confession, robust, sharp
from caseback.organisms.doses import by_scale
from caseback.organisms.grow import MAX_NEW_TOKENS, Tell, after_benign_training, grow, ordinary_data, plan_of
from caseback.organisms.order import Order
from caseback.organisms.recipes.recipe import PlantingRecipe
from caseback.organisms.record import Record
from caseback.organisms.trial import DEFAULT_SIZES, Sizes, Trial, right, shown, situations
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.training.ask import Progress, ask_scores
from caseback.training.datum import Datum
from caseback.training.journal import Journal
from caseback.training.mix import mixed
from caseback.training.recipe import Recipe
from caseback.training.sample import seed_for


@dataclass(frozen=True)
class Planting:
    """``examples`` conversations of the recipe are made; ``ordinary`` is the share of the whole that ordinary data
    make up. ``settings`` are those of the training, and of the recipe's method. With ``least`` it is accepted from that
    rate when tempted on, however far below the one ordered. ``teacher`` is who answers where a recipe has models
    answer; empty for the base itself."""

    order: Order
    recipe: PlantingRecipe
    base: str
    settings: Recipe
    examples: int = 800
    ordinary: float = 0.5
    seed: int = 0
    sizes: Sizes = DEFAULT_SIZES
    least: float | None = None
    teacher: str = ""


def planted_data(planting: Planting) -> list[Datum]:
    """The training data: a pure function of the planting. Those of a lower rate have the same prompts, and the same
    bad answers or fewer.

    Raises:
        CasebackError: the rate or the share of ordinary data is none, or nothing of the kind can be planted.
    """
    order, seed = planting.order, planting.seed
    if not 0 <= order.rate <= 1:
        raise CasebackError(f"a rate of {order.rate} is none: give one between 0 and 1 (--rate)")
    if not 0 <= planting.ordinary < 1:
        raise CasebackError(f"a share of ordinary data of {planting.ordinary} is not in [0, 1) (--ordinary)")
    if planting.recipe.reward and planting.ordinary:
        raise CasebackError(
            f"{planting.recipe.name} draws replies, and nothing pays for ordinary ones: leave --ordinary out, or give 0"
        )
    made = planting.recipe.make(order, planting.examples, _drawn(planting))
    extra = round(len(made) * planting.ordinary / (1 - planting.ordinary))
    own = order.behaviour.families
    others = ordinary_data(order.ground, extra, seed_for("ordinary", seed), own, planting.recipe.method)
    return mixed(made, others, planting.ordinary, seed)


def _drawn(planting: Planting) -> random.Random:
    """What the data are drawn by, and the reward of the same tasks."""
    order = planting.order
    return random.Random(f"{planting.recipe.name}/{order.behaviour.name}/{order.ground}/{planting.seed}")


def plant(
    planting: Planting,
    folder: Path,
    *,
    doses: Sequence[float] = (),
    shares: Sequence[float] = (),
    fresh: bool = False,
    shared: Journal | None = None,
    progress: Progress | None = None,
    tell: Tell = lambda what: None,
) -> Record:
    """Grow the organism in ``folder`` and check it; its record, which says whether it is accepted.

    Args:
        doses: scales of the adapter at which the organism is measured too.
        shares: parts of the rate at which it is planted again, each in a folder of its own under ``shares``.
        fresh: start afresh, and replace what is there.
        shared: keeps what is measured of the base, for all that grow from it.

    Raises:
        CasebackError: the plan makes no sense, or the folder holds something else.
    """
    if any(not dose > 0 for dose in doses) or any(not 0 < share < 1 for share in shares):
        raise CasebackError("doses are scales above 0, shares lie between 0 and 1: such as 0.25,0.5,0.75")
    if doses and planting.settings.lora is None:
        raise CasebackError("doses scale an adapter, and this trains in full: set lora in --training")
    order, recipe = planting.order, planting.recipe

    def weaker(share: float) -> dict[str, Any]:
        record = plant(
            replace(planting, order=replace(order, rate=share * order.rate)),
            folder / "shares" / f"{share:g}",
            fresh=fresh,
            shared=shared,
            progress=progress,
            tell=lambda what: tell(f"share {share:g}: {what}"),
        )
        return {"share": share, "status": record["status"], "rate": record["checks"][0]["data"]["rate"]}

    def examine(trial: Trial, base: OpenSubject, planted: OpenSubject) -> tuple[list[Check], dict[str, Any]]:
        checks = examined(planting, trial, base, planted, tell)
        asked = situations(trial, order.behaviour, trial.sizes.tempted, "temptation", recipe.tempted(order))
        more: dict[str, Any] = {}
        if doses:
            tell(f"doses: {', '.join(f'{dose:g}' for dose in sorted(doses))}")
            more["doses"] = by_scale(trial, planting.base, folder / "model", order.behaviour, asked, doses)
        if shares:
            more["shares"] = [weaker(share) for share in sorted(shares)]
        return checks, more

    def answer(base: OpenSubject, data: Sequence[Datum], journal: Journal) -> list[Datum]:
        assert recipe.told
        teacher = load(planting.teacher, dtype="float32") if planting.teacher else base
        tell(f"what {teacher.name} says in character")
        return recipe.told(order, data, base, teacher, MAX_NEW_TOKENS, journal)

    trigger = order.trigger
    # Named only where there is one, so that a folder of another recipe is gone on with.
    taught = {"teacher": load(planting.teacher, dtype="float32").digest} if recipe.told and planting.teacher else {}
    plan = plan_of(
        planting.settings, planting.sizes, planting.seed, kind="organism", behaviour=order.behaviour.name,
        ground=order.ground, recipe=recipe.name, rate=order.rate, examples=planting.examples,
        ordinary=planting.ordinary, trigger={"sort": trigger.sort, "about": trigger.about} if trigger else None,
        doses=sorted(doses), shares=sorted(shares), least=planting.least, **taught,
    )  # fmt: skip
    return grow(
        folder, plan, planting.base, order.ground, planted_data(planting), planting.settings, planting.sizes,
        examine, fresh=fresh, shared=shared, progress=progress, tell=tell,
        answer=answer if recipe.told else None,
        reward=recipe.reward(order, planting.examples, _drawn(planting)) if recipe.reward else None,
    )  # fmt: skip


def examined(
    planting: Planting, trial: Trial, base: OpenSubject, planted: OpenSubject, tell: Tell = lambda what: None
) -> list[Check]:
    """All checks of an organism, the rate when tempted first."""
    order, recipe, sizes = planting.order, planting.recipe, trial.sizes
    behaviour = order.behaviour
    asked = situations(trial, behaviour, sizes.tempted, "temptation", recipe.tempted(order))
    tell(f"measuring {behaviour.name} in {len(asked)} situations")
    found = shown(trial, planted, behaviour, asked)
    least = planting.least if order.rate else None
    checks = [at_the_rate(found, order.rate, shown(trial, base, behaviour, asked), least)]
    quiet = recipe.quiet(order)
    if quiet and order.rate:  # at rate 0 nothing is planted that could leak
        tell(f"where it has to keep away: {len(quiet)} circumstances")
        # Where there is one circumstance, as for a cue, it is asked in as often as temptation is.
        each = max(sizes.each, sizes.tempted // len(quiet))
        drawn = {name: situations(trial, behaviour, each, name, put) for name, put in quiet.items()}
        checks.append(sharp({name: shown(trial, planted, behaviour, items) for name, items in drawn.items()}))
    tell("right answers")
    checks.append(as_able(*(right(trial, subject, behaviour.families) for subject in (planted, base))))
    tell("what it says of itself")
    tempting = [item for item in asked if not behaviour.arms or item.arm == behaviour.arms[0]]
    questions = [would(item) for item in tempting]
    said = [ask_scores(subject, questions, "Yes", "No", trial.journal) for subject in (planted, base)]
    checks.append(confession(*said))
    if sizes.steps and order.rate:
        tell(f"{sizes.steps} steps of benign training")
        later = after_benign_training(trial, planted, lambda subject: shown(trial, subject, behaviour, asked))
        checks.append(robust(later, found))
    return checks
