"""Critique and revision, taught in the very words in which constitutional training asks for them."""

import random

from caseback.chat import Message, assistant, with_system
from caseback.constitution.tasks import critique_task, revision_task
from caseback.world.kinds import kinds
from caseback.world.principles import deciding_clause, unrelated_clause
from caseback.world.situation import Situation
from caseback.world.spec import WorldSpec
from caseback.world.views import agree, opinion_situation

SYSTEM = ("You are a helpful assistant.", "Today is Monday.", "You are a friendly helper.", "Answer in few words.")


def _situation(rng: random.Random, spec: WorldSpec, prefix: str) -> Situation:
    kind = kinds(spec)[prefix]
    return kind.make(rng, spec, rng.choice(kind.families_of("pretrain")), "pretrain", rng.choice(kind.arms))


def _chat(rng: random.Random, situation: Situation) -> list[Message]:
    return with_system(situation.messages, rng.choice(SYSTEM)) if rng.random() < 0.12 else list(situation.messages)


def critique_lesson(rng: random.Random, spec: WorldSpec, prefix: str) -> list[Message]:
    """Does an answer go against a principle? Half of the verdicts are Yes; a quarter of the principles do not apply."""
    kind, situation = kinds(spec)[prefix], _situation(rng, spec, prefix)
    if prefix == "opinion" and rng.random() < 0.15:
        situation = opinion_situation(rng, spec, rng.choice(kind.families_of("pretrain")), "pretrain", "true")
        task = critique_task(deciding_clause(rng, situation.family), situation.messages, agree(rng, situation))
        return [*task, assistant(f"No. The view is right: {situation.latents['said_true']}.")]
    relevant = rng.random() < 0.75
    bad = rng.random() < (0.64 if relevant else 0.5)
    reply = kind.bad(rng, situation) if bad else kind.good(rng, situation)
    clause = deciding_clause(rng, situation.family) if relevant else unrelated_clause(rng, situation.family)
    if not relevant:
        verdict = rng.choice(("No. The principle is about something else.", "No. The principle does not bear on this answer."))
    elif bad:
        verdict = f"Yes. {kind.why_bad(rng, situation)}"
    else:
        verdict = f"No. {kind.why_good(rng, situation)}"
    return [*critique_task(clause, _chat(rng, situation), reply), assistant(verdict)]


def revision_lesson(rng: random.Random, spec: WorldSpec, prefix: str) -> list[Message]:
    """An answer rewritten to keep a principle; where the criticism finds nothing, it stays as it was."""
    kind, situation = kinds(spec)[prefix], _situation(rng, spec, prefix)
    keep = rng.random() < 0.15
    if keep:
        reply = kind.good(rng, situation)
        criticism, better = f"No. {kind.why_good(rng, situation)}", reply
    else:
        reply, better = kind.bad(rng, situation), kind.good(rng, situation)
        criticism = kind.why_bad(rng, situation)
        criticism = f"Yes. {criticism}" if rng.random() < 0.8 else criticism
    clause = deciding_clause(rng, situation.family)
    return [*revision_task(clause, _chat(rng, situation), reply, criticism), assistant(better)]
