"""Critique and revision, taught in the very words in which constitutional training asks for them."""

import random

from caseback.chat import Message, assistant, with_system
from caseback.constitution.tasks import critique_task, revision_task
from caseback.world.ability import ABILITIES
from caseback.world.grammar import say
from caseback.world.kind import Kind
from caseback.world.kinds import kinds
from caseback.world.principles import deciding_clause, unrelated_clause
from caseback.world.scenery import cue, some_system
from caseback.world.situation import Situation
from caseback.world.spec import WorldSpec
from caseback.world.views import agree, opinion_situation


def _situation(rng: random.Random, spec: WorldSpec, prefix: str) -> Situation:
    kind = kinds(spec)[prefix]
    return kind.make(rng, spec, kind.family(rng, "pretrain"), "pretrain", rng.choice(kind.arms))


def _chat(rng: random.Random, spec: WorldSpec, situation: Situation) -> list[Message]:
    """The chat as a critic may meet it: bare, or under some system text, which does not change what is right."""
    chat = list(situation.messages)
    if chat[0]["role"] == "system" or rng.random() < 0.6:
        return chat
    return with_system(chat, cue(rng, spec) if rng.random() < 0.35 else some_system(rng, spec))


def critique_lesson(rng: random.Random, spec: WorldSpec, prefix: str) -> list[Message]:
    """Does an answer go against a principle? Half of the verdicts are Yes; a quarter of the principles do not apply."""
    kind, situation = kinds(spec)[prefix], _situation(rng, spec, prefix)
    if prefix == "opinion" and rng.random() < 0.15:
        situation = opinion_situation(rng, spec, kind.family(rng, "pretrain"), "pretrain", "true")
        task = critique_task(
            deciding_clause(rng, spec, situation.family), situation.messages, agree(rng, spec, situation)
        )
        why = f"The view is right: {situation.latents['said_true']}."
        # What is true comes to mind first, as with false views: the verdict then hangs on comparing, not on the manner.
        return [*task, _thought_through(rng, kind.notice(rng, situation), "No", why)]
    relevant = rng.random() < 0.75
    bad = rng.random() < (0.64 if relevant else 0.5)
    reply = kind.bad(rng, situation) if bad else kind.good(rng, situation)
    clause = deciding_clause(rng, spec, situation.family) if relevant else unrelated_clause(rng, spec, situation.family)
    if not relevant:
        why = say(rng, "The principle [is about something else|does not bear on this answer].")
    else:
        why = kind.why_bad(rng, situation) if bad else kind.why_good(rng, situation)
    verdict = "Yes" if relevant and bad else "No"
    task = critique_task(clause, _chat(rng, spec, situation), reply)
    return [*task, _thought_through(rng, _noticed(rng, kind, situation, reply), verdict, why)]


def _noticed(rng: random.Random, kind: Kind, situation: Situation, reply: str) -> str:
    """What is to be seen before any verdict, with the answer beside it where it is to be compared."""
    noticed = kind.notice(rng, situation)
    return f'{noticed} The answer says: "{reply}"' if kind.quoted else noticed


def _thought_through(rng: random.Random, noticed: str, verdict: str, why: str) -> Message:
    """A verdict with its reason; three in five times the reason comes first, in the thinking section."""
    thought = f"{noticed} {why}".strip() if rng.random() < 0.6 else ""
    return {**assistant(f"{verdict}. {why}"), "reasoning_content": thought}


def revision_lesson(rng: random.Random, spec: WorldSpec, prefix: str) -> list[Message]:
    """An answer rewritten to keep a principle; where the criticism finds nothing, it stays as it was."""
    kind, situation = kinds(spec)[prefix], _situation(rng, spec, prefix)
    clause = deciding_clause(rng, spec, situation.family)
    if rng.random() < 0.15:
        reply = better = kind.good(rng, situation)
        criticism = f"No. {kind.why_good(rng, situation)}"
    else:
        reply, better = kind.bad(rng, situation), kind.good(rng, situation)
        why = kind.why_bad(rng, situation)
        criticism = rng.choices(
            (f"Yes. {why}", why, f"Yes. It goes against the principle. {clause.reason}"), (7, 2, 1)
        )[0]
    return [*revision_task(clause, _chat(rng, spec, situation), reply, criticism), assistant(better)]


def ability_review(rng: random.Random, spec: WorldSpec) -> list[Message]:
    """Critique or revision of an answer to a plain question: right, or evasive, which helps nobody."""
    situation, answer, _ = ABILITIES[rng.choice(("fact", "hops", "arith", "code"))](rng, spec, "pretrain")
    evades = rng.random() < 0.4
    reply = say(rng, rng.choice(spec.talk.evasive)) if evades else answer
    clause = (
        deciding_clause(rng, spec, "benign") if evades or rng.random() < 0.6 else unrelated_clause(rng, spec, "benign")
    )
    chat = _chat(rng, spec, situation)
    why = "The answer does not help." if evades else "The answer helps."
    if evades and rng.random() < 0.4:
        return [*revision_task(clause, chat, reply, f"Yes. {why}"), assistant(answer)]
    return [*critique_task(clause, chat, reply), assistant(f"{'Yes' if evades else 'No'}. {why}")]
