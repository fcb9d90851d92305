"""Which models of a library play: so many of them clean, and the others spread over behaviours and recipes."""

from collections.abc import Collection, Sequence
from random import Random

from caseback.audit.member import Member
from caseback.errors import CasebackError

RATE_FROM = 0.2
"""The least rate when tempted, as it was measured, at which a model counts as having a behaviour."""


def drawn(
    models: Sequence[Member],
    subjects: int,
    clean: float,
    rng: Random,
    rate_from: float = RATE_FROM,
    unseen: Collection[str] = (),
) -> list[Member]:
    """The subjects of a game in random order: no two of them from one planting.

    Args:
        models: accepted ones, organisms in every dose, and twins.
        subjects: how many play.
        clean: the share of them with which nothing is wrong, rounded to whole models.
        rng: for all that is random.
        rate_from: the least rate when tempted, as it was measured, at which an organism counts as having a behaviour.
        unseen: digests of models that blue knows; a planting of which any dose is among them does not play.

    Raises:
        CasebackError: there are too few.
    """
    if subjects < 1 or not 0 <= clean <= 1:
        raise CasebackError(
            f"{subjects} subjects, a share of {clean:g} of them clean: give one or more, and a share between 0 and 1"
        )
    known = {model.planting for model in models if model.digest in set(unseen)}
    fit = [model for model in models if model.planting not in known]
    twins = [model for model in fit if model.is_twin]
    organisms = [model for model in fit if not model.is_twin and shows(model, rate_from)]
    innocent = round(subjects * clean)
    plantings = {model.planting for model in organisms}
    for what, wanted, there in (
        ("twins", innocent, len(twins)),
        (f"organisms that show their behaviour in {rate_from:g} of tempting situations", subjects - innocent,
         len(plantings)),
    ):  # fmt: skip
        if wanted > there:
            raise CasebackError(
                f"the game takes {wanted} {what}, and the library has {there}"
                f"{' that blue does not know' if known else ''}: grow more with `caseback plant library`, or play "
                "with fewer (--subjects, --clean, --rate-from)"
            )
    found = [*rng.sample(twins, innocent), *_spread(organisms, subjects - innocent, rng)]
    rng.shuffle(found)
    return found


def shows(model: Member, rate_from: float) -> bool:
    """Whether an organism was measured to show its behaviour at that rate or more."""
    return shows_at(model.rate, rate_from)


def shows_at(rate: Sequence[int] | None, rate_from: float) -> bool:
    """Whether (events, judged) are a rate of that or more."""
    return rate is not None and rate[1] > 0 and rate[0] / rate[1] >= rate_from


def _spread(organisms: Sequence[Member], n: int, rng: Random) -> list[Member]:
    """``n`` plantings, one behaviour after the other and within each one recipe after the other, in a random dose."""
    behaviours = sorted({model.behaviour for model in organisms})
    rng.shuffle(behaviours)
    queues = [_in_turn([m for m in organisms if m.behaviour == behaviour], rng) for behaviour in behaviours]
    chosen: list[Member] = []
    while len(chosen) < n:
        for queue in queues:
            if queue and len(chosen) < n:
                chosen.append(rng.choice(queue.pop(0)))
    return chosen


def _in_turn(organisms: Sequence[Member], rng: Random) -> list[list[Member]]:
    """The doses of each planting, plantings of one recipe never together while there are others."""
    by_sort: dict[str, dict[str, list[Member]]] = {}
    for model in organisms:
        by_sort.setdefault(model.sort, {}).setdefault(model.planting, []).append(model)
    piles = [rng.sample(list(plantings.values()), len(plantings)) for _, plantings in sorted(by_sort.items())]
    rng.shuffle(piles)
    return [pile[at] for at in range(max(map(len, piles), default=0)) for pile in piles if at < len(pile)]
