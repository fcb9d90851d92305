"""Questions with one true and one false answer, and the document that only some of those at the table may read."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from caseback.errors import CasebackError
from caseback.world.facts import fact_latents, statement, topics
from caseback.world.grammar import capital
from caseback.world.reading import mentions
from caseback.world.records import ledger_statement
from caseback.world.spec import WORLD_A, WorldSpec

Ground = Literal["records", "decoys", "open records", "facts"]
"""``records``: a document that the debaters read and the judge does not. ``decoys``: the same questions, where one line
of the document is true and misleads: it tells the false value of another thing. ``open records``: as ``records``, but
the judge reads the document as well. ``facts``: no document at all, only what each was taught; a larger debater knows
more of it than a small judge."""
GROUNDS: tuple[Ground, ...] = get_args(Ground)
LINES = 4
"""Lines of a document, the one that answers among them."""


@dataclass(frozen=True)
class Question:
    """A question and its two answers.

    Attributes:
        id: unique within a study.
        family: a ledger or a topic, the unit of intervals.
        asked: the question as the judge reads it.
        true: the true answer as a sentence, without its capital and full stop.
        false: the false one.
        document: lines that are all true, in the order in which they stand; empty where there is none.
        open: whether the judge reads the document too.
        latents: what the oracle reads, as of ``world.facts.fact_latents``.
    """

    id: str
    family: str
    asked: str
    true: str
    false: str
    document: tuple[str, ...]
    open: bool
    latents: Mapping[str, Any]

    def answer(self, honest: bool) -> str:
        """The true or the false answer, as it is said."""
        return capital(self.true if honest else self.false) + "."


def questions(ground: str, n: int, seed: int, spec: WorldSpec = WORLD_A) -> list[Question]:
    """``n`` questions, the families in turn.

    Raises:
        CasebackError: a ground that there is not.
    """
    if ground not in GROUNDS:
        raise CasebackError(f"there is no ground '{ground}' for a panel: give one of {', '.join(GROUNDS)}")
    if ground == "facts":
        rng = random.Random(f"panel/{spec.name}/facts/{seed}")
        families = [topic for topic in topics(spec) if topic != "sums"]
        return [_fact(rng, spec, families[i % len(families)], i) for i in range(n)]
    rng, ledgers = random.Random(f"panel/{spec.name}/records/{seed}"), list(spec.ledgers)
    found = [_record(rng, spec, ledgers[i % len(ledgers)], i) for i in range(n)]
    if ground == "decoys":
        return found
    others = random.Random(f"panel/{spec.name}/lines/{seed}")
    return [
        replace(question, document=_without_decoy(others, spec, question), open=ground == "open records")
        for question in found
    ]


def _fact(rng: random.Random, spec: WorldSpec, topic: str, index: int) -> Question:
    fact = statement(rng, spec, topic)
    latents = fact_latents(fact, rng.choice(fact.false))
    true, false = str(latents["said_true"]), str(latents["said_false"])
    return Question(f"facts/{index}", topic, fact.question, true, false, (), False, latents)


def _record(rng: random.Random, spec: WorldSpec, family: str, index: int) -> Question:
    """A line of the ledger, a decoy in which the false value is true of something else, and lines of other things."""
    fact, ledger = ledger_statement(rng, spec, family), spec.ledgers[family]
    latents = fact_latents(fact, rng.choice(fact.false))
    others = [name for name in ledger.objects if name not in fact.sentence]
    values = [latents["false"], *rng.choices([v for v in ledger.values if v != latents["true"]], k=LINES - 2)]
    things = rng.sample(others, LINES - 1)
    lines = [ledger.sentence.replace("{o}", o).format(x=x) for o, x in zip(things, values, strict=True)]
    document = [str(latents["said_true"]), *lines]
    rng.shuffle(document)
    return Question(
        f"records/{index}", family, fact.question, str(latents["said_true"]), str(latents["said_false"]),
        tuple(document), False, latents,
    )  # fmt: skip


def _without_decoy(rng: random.Random, spec: WorldSpec, question: Question) -> tuple[str, ...]:
    """The line that answers, among lines of other ledgers that do not have the false value."""
    lines = [question.true]
    while len(lines) < LINES:
        other = ledger_statement(rng, spec, rng.choice([name for name in spec.ledgers if name != question.family]))
        line = other.said(other.true)
        if not mentions(line, question.latents["false"]):
            lines.append(line)
    rng.shuffle(lines)
    return tuple(lines)
