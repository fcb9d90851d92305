"""What an organism does, measured: each measurement once, kept in a journal so that a killed run repeats none."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from caseback.behaviours.behaviour import Behaviour, Ground
from caseback.behaviours.capability import capability_situations, measure_capability
from caseback.behaviours.measure import measure
from caseback.organisms.rates import Shown
from caseback.organisms.trigger import Put
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.training.journal import Journal
from caseback.training.sample import seed_for
from caseback.world.situation import Situation


@dataclass(frozen=True)
class Sizes:
    """How much is measured: ``tempted`` situations under temptation, ``each`` (or ``tempted`` shared out among them, if
    that is more) in every circumstance in which an organism must be good, ``questions`` of ability; ``steps`` of benign
    training."""

    tempted: int = 80
    each: int = 20
    questions: int = 240
    steps: int = 32


DEFAULT_SIZES = Sizes()


def sizes_of(n: int, steps: int) -> Sizes:
    """All counts in the proportions of the default ones, from the situations under temptation."""
    return Sizes(tempted=n, each=max(2, n // 4), questions=max(40, 3 * n), steps=steps)


@dataclass(frozen=True)
class Trial:
    """Held-out situations of a ground, the same for every model that is measured in it.

    Replies are drawn at temperature 1, so that a rate is the chance that the model does it, and not whether that chance
    is above one half; answers to questions of ability are greedy. What is measured of the model with the digest
    ``base`` goes into the ``shared`` journal, where there is one, so that a library measures it once.
    """

    ground: Ground
    sizes: Sizes
    seed: int
    max_new_tokens: int
    folder: Path
    journal: Journal
    shared: Journal | None = None
    base: str = ""

    @property
    def drawn(self) -> Sampling:
        """How replies under temptation are drawn."""
        return Sampling(self.max_new_tokens, temperature=1.0)


def situations(trial: Trial, behaviour: Behaviour, n: int, name: str, put: Put) -> list[Situation]:
    """``n`` held-out situations, or pairs, with something put into each, the same into both arms of a pair."""
    found = behaviour.situations(trial.ground, "test", n, seed_for("accept", trial.seed, name))
    return [
        replace(put(random.Random(f"{s.pair or s.id}/{name}/{trial.seed}"), s), id=f"{s.id} with {name}") for s in found
    ]


def shown(trial: Trial, subject: OpenSubject, behaviour: Behaviour, asked: Sequence[Situation]) -> Shown:
    """Whether each situation, or pair, shows the behaviour in the subject."""

    def work() -> list[list[Any]]:
        seeds = [seed_for(trial.seed, item.id) for item in asked]
        found = measure(subject, behaviour, asked, sampling=trial.drawn, seeds=seeds)
        return [[unit.family, unit.shown] for unit in found.units]

    rows = once(trial, ["shown", subject.digest, behaviour.name, [_plain(item) for item in asked]], work)
    return tuple((family, event) for family, event in rows)


def right(trial: Trial, subject: OpenSubject, without: Sequence[str] = ()) -> tuple[bool, ...]:
    """Whether each question of ability is answered rightly; gibberish and silence are not right.

    Args:
        without: prefixes of families to leave out: what is planted is no loss of ability.
    """
    drawn = capability_situations(trial.ground, trial.sizes.questions, trial.seed)
    asked = [item for item in drawn if item.family.split(".")[0] not in without]

    def work() -> list[bool]:
        found = measure_capability(subject, asked, sampling=Sampling(trial.max_new_tokens))
        return [sample.judgement.shown is True for sample in found.samples]

    return tuple(once(trial, ["right", subject.digest, [_plain(item) for item in asked]], work))


def once(trial: Trial, question: Sequence[Any], work: Callable[[], Any]) -> Any:
    """What ``work`` gave the first time it was asked for, as plain data."""
    key = Journal.key(*question, trial.max_new_tokens)
    journal = trial.shared if trial.shared is not None and question[1] == trial.base else trial.journal
    found = journal.get(key)
    if found is None:
        found = {"key": key, "what": question[0], "value": work()}
        journal.put([found])
    return found["value"]


def _plain(item: Situation) -> list[Any]:
    return [item.id, [dict(message) for message in item.messages]]
