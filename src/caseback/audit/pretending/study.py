"""Nice or pretending: what tells a model that only pretends from one that means it, while both are watched.

Both models of a pair say the same while watched. What parts them inside is found on some pairs, tried on others (of
another behaviour, recipe or seed), and held against the text of their replies, random directions, how far each moved
from its base, and models of which none pretends. Then it is steered along.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

from caseback.audit.pretending.acts import places_at
from caseback.audit.pretending.apart import LatentsChosen, main_by, tell_apart
from caseback.audit.pretending.flips import FlipTest
from caseback.audit.pretending.folds import folds
from caseback.audit.pretending.innocents import Innocents, Other
from caseback.audit.pretending.latents import check_base
from caseback.audit.pretending.pair_files import PairGrid, Side, load_as, load_side
from caseback.audit.pretending.reading import Tell, read_base, read_others, read_pairs_acts
from caseback.audit.pretending.rows import Chance, Row
from caseback.audit.pretending.steering import Effort, Steered, has_length, steer_held_out
from caseback.audit.pretending.texts import Kind, texts
from caseback.behaviours.registry import behaviour
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.directions.study import default_sites
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site


@dataclass(frozen=True)
class Plan:
    """``n`` texts of each kind for each behaviour; ``layers`` to look at, all where none are named; ``steered`` folds
    to steer, none at 0, each measured as ``effort`` says."""

    n: int = 40
    seed: int = 0
    layers: tuple[int, ...] = ()
    steered: int = 3
    effort: Effort = field(default_factory=Effort)


@dataclass(frozen=True)
class Study:
    """All figures. ``flips`` are the exact tests, ``unable`` says what could not be had, and why."""

    grid: PairGrid
    plan: Plan
    places: tuple[str, ...]
    rows: tuple[Row, ...]
    chances: tuple[Chance, ...]
    flips: tuple[tuple[Kind, FlipTest], ...]
    innocents: tuple[Innocents, ...]
    others: tuple[Other, ...]
    others_left_out: tuple[tuple[str, str], ...]
    latents: tuple[LatentsChosen, ...]
    steered: tuple[Steered, ...]
    unable: tuple[str, ...]


def study(
    grid: PairGrid,
    plan: Plan,
    *,
    others: Path | None = None,
    dictionary: Dictionary | None = None,
    tell: Tell = lambda what, done, total: None,
) -> Study:
    """Read all pairs, tell them apart with each sort of thing left out, and steer.

    Args:
        others: a folder of organisms and twins of the same base, such as ``caseback plant library`` grows.
        dictionary: of the base.

    Raises:
        CasebackError: the base or a model is another than was grown from, a layer or a behaviour that there is not, or
            a dictionary of another model.
    """
    if dictionary is not None:
        check_base(dictionary, grid.base_digest, "the dictionary")
    base = load_as(grid.base, grid.base_digest, "the pairs' base")
    sites = [Site("resid_post", layer) for layer in plan.layers] or default_sites(base)
    places = places_at(sites)
    about = {name: behaviour(name) for name in dict.fromkeys(pair.behaviour for pair in grid.pairs)}
    read_on = {name: texts(each, grid.ground, plan.n, plan.seed) for name, each in about.items()}
    tell("reading the base", 0, 1)
    before = read_base(base, read_on, places, dictionary)
    del base
    read = read_pairs_acts(
        grid.pairs, read_on, before, places, dictionary, plan.effort.max_new_tokens, tell
    )  # fmt: skip
    beside = None if others is None else read_others(others, grid, read_on, before, places, tell)
    tell("telling apart", 0, 1)
    found = tell_apart(read, dictionary is not None, beside, plan.seed)
    watched = read.moved["watched"]
    steered: list[Steered] = []
    unable = list(found.unable)
    if plan.steered and not has_length(watched):
        unable.append("steering: pretenders and partners have the same activations while watched")
    elif plan.steered:
        main = main_by(watched)
        examples = [each for name in about for each in read_on[name]["watched"]]

        def open_side(at: int, side: str) -> OpenSubject:
            known: Side = "pretending" if side == "pretending" else "nice"
            return load_side(grid.pairs[at], known)

        for number, fold in enumerate(folds(watched, main)[: plan.steered]):
            steered.append(
                steer_held_out(
                    watched, fold, places, examples, [about[pair.behaviour] for pair in watched], grid.ground,
                    open_side, replace(plan.effort, seed=plan.seed),
                    lambda what, done, total, number=number: tell(f"fold {number + 1}: {what}", done, total),  # type: ignore[misc]
                )
            )  # fmt: skip
    return Study(
        grid, plan, tuple(f"{site}, {reading.part} {reading.pool}" for site, reading in places), found.rows,
        found.chances, found.flips, found.innocents, found.others, beside.left_out if beside else (), found.latents,
        tuple(steered), tuple(unable),
    )  # fmt: skip
