"""Models that answer the same questions, each the overseer of the others: whose errors would it let pass?"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from caseback.chat import user
from caseback.subject.open_subject import OpenSubject
from caseback.training.journal import Journal
from caseback.world.facts import statement, topics
from caseback.world.grammar import capital
from caseback.world.spec import WORLD_A, WorldSpec

OPTIONS = 4


@dataclass(frozen=True)
class Choice:
    """A question with up to four answers as sentences, the true one first."""

    asked: str
    answers: tuple[str, ...]
    family: str


def choices(n: int, seed: int, spec: WorldSpec = WORLD_A) -> list[Choice]:
    """``n`` questions of fact, the topics in turn."""
    rng, found = random.Random(f"choices/{spec.name}/{seed}"), []
    families = topics(spec)
    for at in range(n):
        fact = statement(rng, spec, families[at % len(families)])
        wrong = rng.sample(fact.false, min(OPTIONS - 1, len(fact.false)))
        answers = tuple(capital(fact.said(value)) + "." for value in (fact.true, *wrong))
        found.append(Choice(fact.question, answers, families[at % len(families)]))
    return found


def answered(model: OpenSubject, asked: Sequence[Choice], journal: Journal | None = None) -> npt.NDArray[np.float64]:
    """Probability of each answer among those offered, [questions, 4]; NaN for options that a question has not."""
    kept = journal or Journal(None)
    key = Journal.key("choices", model.digest, [[each.asked, *each.answers] for each in asked])
    if (record := kept.get(key)) is None:
        chats = [[user(each.asked)] for each in asked for _ in each.answers]
        scores = model.score(chats, [answer for each in asked for answer in each.answers])
        record = {"key": key, "logprobs": [score.logprob for score in scores]}
        kept.put([record])
    told, found = iter(record["logprobs"]), np.full((len(asked), OPTIONS), np.nan)
    for at, each in enumerate(asked):
        logs = np.array([next(told) for _ in each.answers])
        weights = np.exp(logs - logs.max())
        found[at, : len(logs)] = weights / weights.sum()
    return found
