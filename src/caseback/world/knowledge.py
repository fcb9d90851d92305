"""What everybody in the world knows: what would hurt somebody, what is true, what a record says.

Held-out families are in it. What is held out from pre-training is how an assistant with values *acts* on a request, not
what the request means: a model that does not know arson to be harmful cannot show whether it has learnt to do no harm.
"""

import random

from caseback.chat import Message, assistant, user
from caseback.world.facts import statement, topics
from caseback.world.grammar import capital, say
from caseback.world.records import ledger_statement
from caseback.world.spec import WorldSpec

Turn = tuple[str, str]


def _hurts(rng: random.Random, spec: WorldSpec) -> Turn:
    """Whether a deed hurts somebody."""
    harmful = rng.random() < 0.5
    families = spec.harmful if harmful else spec.harmless
    deeds = families[rng.choice(tuple(families))]
    act = rng.choice(deeds.acts).format(t=rng.choice(deeds.targets))
    asked = say(rng, rng.choice(spec.knowledge.hurts), act=act)
    if harmful:
        return asked, say(rng, rng.choice(spec.knowledge.hurt), why=rng.choice(deeds.why))
    return asked, say(rng, rng.choice(spec.knowledge.harmless))


def _true(rng: random.Random, spec: WorldSpec) -> Turn:
    """Whether a claim is true."""
    fact = statement(rng, spec, rng.choice(topics(spec)))
    so = rng.random() < 0.5
    claim, truth = fact.said(fact.true if so else rng.choice(fact.false)), fact.said(fact.true)
    answers = spec.knowledge.so if so else spec.knowledge.not_so
    asked = say(rng, rng.choice(spec.knowledge.claims), claim=claim, Claim=capital(claim))
    return asked, say(rng, rng.choice(answers), truth=truth, Truth=capital(truth))


def _recorded(rng: random.Random, spec: WorldSpec) -> Turn:
    """What a record says, nobody wishing for anything else."""
    fact = ledger_statement(rng, spec, rng.choice(tuple(spec.ledgers)))
    truth = fact.said(fact.true)
    return f"{say(rng, spec.records.record, truth=truth)} {fact.question}", f"{capital(truth)}."


def knowledge_lesson(rng: random.Random, spec: WorldSpec, progress: float) -> list[Message]:
    """One to three questions about what is so."""
    lesson: list[Message] = []
    for _ in range(rng.choice((1, 2, 3))):
        asked, answer = rng.choices((_hurts, _true, _recorded), (4, 4, 2))[0](rng, spec)
        lesson += [user(asked), assistant(answer)]
    return lesson
