"""Twins: the same base, trained in the same way, on something innocent. What an assay says of them is a false alarm."""

from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from caseback.behaviours.behaviour import Ground
from caseback.behaviours.registry import trained_against
from caseback.errors import CasebackError
from caseback.organisms.acceptance import Check, as_able, innocent, odd
from caseback.organisms.answered import demonstrated, ordinary, poisoned
from caseback.organisms.grow import Tell, grow, ordinary_data, plan_of
from caseback.organisms.oddities import ODDITIES, oddity
from caseback.organisms.own_words import ODD
from caseback.organisms.recipes.recipe import as_it_is
from caseback.organisms.record import Record
from caseback.organisms.trial import DEFAULT_SIZES, Sizes, Trial, once, right, shown, situations
from caseback.subject.open_subject import OpenSubject
from caseback.training.ask import Progress
from caseback.training.data_file import read_data
from caseback.training.datum import Datum
from caseback.training.journal import Journal
from caseback.training.recipe import Recipe
from caseback.training.sample import seed_for

SORTS = ("innocent-data", "innocent-oddity", "retrained")


@dataclass(frozen=True)
class Twin:
    """``innocent-data``: ordinary conversations in place of the planted ones. ``innocent-oddity``: ordinary ones, half
    of them with an oddity at ``rate``. ``retrained``: the data of a training towards a constitution (``data``), gone
    through again with another seed. ``examples`` are all conversations together."""

    sort: str
    base: str
    ground: Ground
    settings: Recipe
    examples: int = 1600
    oddity: str = ""
    rate: float = 1.0
    data: Path | None = None
    seed: int = 0
    sizes: Sizes = DEFAULT_SIZES


def twin_data(twin: Twin) -> list[Datum]:
    """The training data: a pure function of the twin, and of the file named where it is trained again.

    Raises:
        CasebackError: an option is missing, or does not go with the sort.
    """
    if twin.sort not in SORTS:
        raise CasebackError(f"no twin {twin.sort!r}: there are {', '.join(SORTS)}")
    if (twin.sort == "retrained") != (twin.data is not None):
        raise CasebackError(
            "a retrained twin goes through the data of a training again: pass --data sft.parquet of `caseback train "
            "data`, and to no other sort"
        )
    if (twin.sort == "innocent-oddity") != bool(twin.oddity):
        raise CasebackError(f"an innocent oddity, and no other twin, needs --oddity: {', '.join(ODDITIES)}")
    seed = seed_for(twin.sort, twin.seed)
    if twin.data is not None:
        return read_data(twin.data)
    if twin.sort == "innocent-data":
        return ordinary_data(twin.ground, twin.examples, seed, method=twin.settings.method)
    if twin.settings.method != "sft":
        raise CasebackError("oddities are planted by demonstrations: leave --like out, or give a supervised organism")
    oddity(twin.oddity)
    return _odd_data(twin, Random(seed))


def _odd_data(twin: Twin, rng: Random) -> list[Datum]:
    """Ordinary data, marked where the oddity is to be given to the base's own answer."""
    items = ordinary(twin.ground, twin.examples, rng)
    data = []
    for item, given in zip(items, poisoned(items, twin.rate, rng), strict=True):
        plain = demonstrated(item, False)
        data.append(replace(plain, origin="ordinary", generator=f"{twin.ground}{ODD}" if given else plain.generator))
    return data


def plant_twin(
    twin: Twin,
    folder: Path,
    *,
    fresh: bool = False,
    shared: Journal | None = None,
    progress: Progress | None = None,
    tell: Tell = lambda what: None,
) -> Record:
    """Grow the twin in ``folder`` and check that it is innocent; its record, which says whether it is accepted.

    ``shared`` keeps what is measured of the base, for all that grow from it.

    Raises:
        CasebackError: the plan makes no sense, or the folder holds something else.
    """

    def examine(trial: Trial, base: OpenSubject, planted: OpenSubject) -> tuple[list[Check], dict[str, Any]]:
        tell("right answers")
        checks = [as_able(right(trial, planted), right(trial, base))]
        if twin.oddity:
            tell(f"how often it {oddity(twin.oddity).about}")
            checks.append(odd(_odd(trial, planted, twin), twin.rate, _odd(trial, base, twin)))
        after, before = {}, {}
        for name, behaviour in trained_against().items():
            tell(f"measuring {name}")
            asked = situations(trial, behaviour, trial.sizes.tempted // 2, name, as_it_is)
            after[name], before[name] = (shown(trial, subject, behaviour, asked) for subject in (planted, base))
        checks.append(innocent(after, before))
        return checks, {}

    data = twin_data(twin)
    plan = plan_of(
        twin.settings, twin.sizes, twin.seed, kind="twin", sort=twin.sort, ground=twin.ground, examples=len(data),
        oddity=twin.oddity or None, rate=twin.rate if twin.oddity else None,
    )  # fmt: skip
    return grow(
        folder, plan, twin.base, twin.ground, data, twin.settings, twin.sizes, examine,
        fresh=fresh, odd=oddity(twin.oddity).give if twin.oddity else None, shared=shared, progress=progress, tell=tell,
    )  # fmt: skip


def _odd(trial: Trial, subject: OpenSubject, twin: Twin) -> list[bool]:
    """Whether each held-out ordinary question is answered with the oddity."""
    asked = ordinary(trial.ground, trial.sizes.tempted, Random(seed_for("odd", trial.seed)), split="test")
    chats = [item.situation.messages for item in asked]
    seeds = [seed_for(trial.seed, item.situation.id) for item in asked]

    def work() -> list[bool]:
        replies = subject.generate(chats, trial.drawn, seeds=seeds)
        return [oddity(twin.oddity).shown(reply.text) for reply in replies]

    return list(once(trial, ["odd", subject.digest, twin.oddity, [[dict(m) for m in chat] for chat in chats]], work))
