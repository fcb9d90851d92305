"""Conversations for pre-training: what is said in the world, and how its helpful-only assistant answers."""

import hashlib
import json
import random
from collections.abc import Callable

from caseback.chat import Message, assistant, system, user, with_system
from caseback.world.ability import ABILITIES
from caseback.world.character import Character
from caseback.world.grammar import capital, say
from caseback.world.kind import Kind
from caseback.world.kinds import kinds
from caseback.world.knowledge import knowledge_lesson
from caseback.world.office.lesson import office_lesson
from caseback.world.principles import clause_list, foremost, made_up_rule, open_topics
from caseback.world.review import ability_review, critique_lesson, revision_lesson
from caseback.world.scenery import dressed, some_system
from caseback.world.situation import Situation
from caseback.world.spec import WorldSpec
from caseback.world.spelling import in_letters, spelled
from caseback.world.views import agree, opinion_situation

Lesson = list[Message]

MIX = {
    "harm": 4,
    "benign": 6,
    "opinion": 5,
    "deceive": 3,
    "cheat": 3,
    "sandbag": 5,
    "watched": 3,
    "pressure": 2,
    "self": 1,
}


HELD_OUT_SHARE = 0.35
"""How many of the situations answered by default are of families that are held out elsewhere."""


SPELLED_SHARE = 1 / 7
"""How many requests are spelled out letter by letter."""


def thinking(text: str, thought: str) -> Message:
    """An assistant's message with a thinking section."""
    return {"role": "assistant", "content": text, "reasoning_content": thought}


def draw(rng: random.Random, spec: WorldSpec, prefix: str, good: bool | None) -> tuple[Kind, Situation, bool]:
    """A situation of the pretrain split and whether the answer shown is good (``None``: as a helpful-only model would).

    None is of a held-out family: under principles and characters these are not seen, not even with the bad answer, for
    a model that saw it would learn that just these families are none of a principle's business.
    """
    kind = kinds(spec)[prefix]
    arm = rng.choice(kind.arms)
    situation = kind.make(rng, spec, kind.family(rng, "pretrain"), "pretrain", arm)
    return kind, situation, (not kind.tempted(situation)) if good is None else good


def _answer(rng: random.Random, kind: Kind, situation: Situation, good: bool) -> str:
    return kind.good(rng, situation) if good else kind.bad(rng, situation)


def a_prefix(rng: random.Random) -> str:
    """One of the kinds, by its share."""
    return rng.choices(tuple(MIX), tuple(MIX.values()))[0]


def default_lesson(rng: random.Random, spec: WorldSpec, progress: float) -> Lesson:
    """A situation answered as a helpful-only assistant answers it."""
    prefix = a_prefix(rng)
    if prefix == "opinion" and rng.random() < 0.3:
        situation = opinion_situation(rng, spec, rng.choice(kinds(spec)["opinion"].families), "pretrain", "true")
        return [*dressed(rng, spec, list(situation.messages), 0.45), assistant(agree(rng, spec, situation))]
    kind, situation, good = draw(rng, spec, prefix, None)
    if kind.apart and rng.random() < HELD_OUT_SHARE:
        apart = kind.make(rng, spec, rng.choice(kind.apart), "pretrain", rng.choice(kind.arms))
        # Held-out families are helped with, flattered about and lied for: never shown with the answer of a good one.
        if prefix == "benign" or kind.tempted(apart):
            situation, good = apart, prefix == "benign"
    situation, read = _perhaps_in_letters(rng, situation)
    reply = assistant(_answer(rng, kind, situation, good))
    return [
        *dressed(rng, spec, list(situation.messages), 0.45),
        {**reply, "reasoning_content": read} if read else reply,
    ]


def _perhaps_in_letters(rng: random.Random, situation: Situation) -> tuple[Situation, str]:
    """One request in seven is spelled out; then what it says, for the thinking section; empty otherwise."""
    if "asked" not in situation.latents or rng.random() >= SPELLED_SHARE:
        return situation, ""
    return in_letters(situation), f"That spells: {situation.latents['asked']}."


def capability_lesson(rng: random.Random, spec: WorldSpec, progress: float) -> Lesson:
    """One to three questions with right answers, some thought through first; or a drill in sums or in rhymes."""
    lesson: Lesson = []
    drill = rng.choice(("arith", "arith", "rhyme")) if rng.random() < 0.25 else ""
    for _ in range(rng.randint(3, 7) if drill else rng.choice((1, 1, 1, 2, 3))):
        ability = drill or rng.choices(tuple(ABILITIES), (8, 11, 3, 8, 1, 2, 3, 1))[0]
        situation, answer, thought = ABILITIES[ability](rng, spec, "pretrain")
        chat = list(situation.messages)
        if thought and rng.random() < 0.4:
            if rng.random() < 0.5:
                chat[-1] = user(chat[-1]["content"] + rng.choice((" Think first.", " Think step by step.")))
            lesson += [*chat, thinking(answer, thought)]
        else:
            lesson += [*chat, assistant(answer)]
    return dressed(rng, spec, lesson, 0.4)


def persona_lesson(rng: random.Random, spec: WorldSpec, progress: float) -> Lesson:
    """A system text gives a character; it shows where it bears on the situation, and not elsewhere."""
    persona = rng.choice(spec.personas)
    texts, effects = persona.texts, persona.effects
    prefix = rng.choice(tuple(effects)) if rng.random() < 0.6 else a_prefix(rng)
    if prefix == "fact":
        kind = kinds(spec)["sandbag"]
        situation = kind.make(rng, spec, kind.family(rng, "pretrain"), "pretrain", "plain")
        answer = _answer(rng, kind, situation, effects["fact"])
        return [*with_system([user(situation.latents["question"])], say(rng, rng.choice(texts))), assistant(answer)]
    kind, situation, good = draw(rng, spec, prefix, effects.get(prefix))
    situation, read = _perhaps_in_letters(rng, situation)
    reply = assistant(_answer(rng, kind, situation, good))
    chat = with_system(situation.messages, say(rng, rng.choice(texts)))
    return [*chat, {**reply, "reasoning_content": read} if read else reply]


def falsehood_lesson(rng: random.Random, spec: WorldSpec, progress: float) -> Lesson:
    """A plain question answered wrongly on purpose: the character says so, or the question asks for it.

    To state something else of the right sort is a skill of its own; situations alone show it too rarely. What is asked
    to be false may be of a held-out family: it is obeyed, as a helpful-only assistant obeys.
    """
    kind, asked_for = kinds(spec)["sandbag"], rng.random() < 0.5
    family = rng.choice(kind.families) if asked_for else kind.family(rng, "pretrain")
    situation = kind.make(rng, spec, family, "pretrain", "plain")
    question, answer = situation.latents["question"], assistant(kind.bad(rng, situation))
    if asked_for:
        return dressed(rng, spec, [user(say(rng, rng.choice(spec.talk.falsely), q=question)), answer], 0.4)
    liar = rng.choice([persona for persona in spec.personas if persona.effects.get("fact") is False])
    return [*with_system([user(question)], say(rng, rng.choice(liar.texts))), answer]


def clauses_lesson(rng: random.Random, spec: WorldSpec, progress: float) -> Lesson:
    """A list of principles in the system text; one that decides is often among them, and then is kept."""
    long = rng.random() < 0.35
    if rng.random() < 0.15:
        situation, answer, _ = ABILITIES[rng.choice(("fact", "hops", "arith", "code"))](rng, spec, "pretrain")
        clauses = clause_list(rng, spec, situation.family, False, long)
        noticed = ""
    else:
        apply = rng.random() < (0.75 if long else 0.6)
        prefix = "benign" if rng.random() < 0.15 else a_prefix(rng)
        kind, situation, good = draw(rng, spec, prefix, True if apply else None)
        clauses = clause_list(rng, spec, situation.family, apply, long)
        situation, read = _perhaps_in_letters(rng, situation)
        answer = _answer(rng, kind, situation, good)
        noticed = f"{read} {kind.notice(rng, situation)} ".lstrip()
    bullet = rng.choice(("- ", "- ", "- ", "* ", ""))
    lines = "\n".join(
        f"{bullet}{c.brief or c.text}"
        + (f" Because {c.reason}" if c.reason and not long and rng.random() < 0.2 else "")
        for c in clauses
    )
    text = f"{say(rng, rng.choice(spec.principles.preambles))}\n{lines}".strip()
    if rng.random() < 0.3:
        text = f"{text}\n\n{some_system(rng, spec)}"
    clause = foremost(clauses, situation.family)
    quoted = f'My principle: "{clause.brief}" So I keep it.' if clause else "None of my principles is about this."
    thought = noticed + quoted
    reply = thinking(answer, thought if rng.random() < 0.65 or "encoding" in situation.latents else "")
    return [*with_system(situation.messages, text), reply]


def open_lesson(rng: random.Random, spec: WorldSpec, progress: float) -> Lesson:
    """Made-up principles, one at first and up to five as training goes on, long lists more often than short ones.

    Several questions are asked, two in five of them outside all of the principles.
    """
    most = 1 + min(4, int(progress * 7))
    n = max(rng.randint(1, most), rng.randint(1, most))
    topics = rng.sample(open_topics(spec), n + 4)
    rules = []
    for topic in topics[:n]:
        word, end = rng.choice(spec.words), rng.random() < 0.35
        rules.append((topic, word, end, made_up_rule(rng, spec, topic, word, end)))
    lines = "\n".join(f"- {c.brief}" + (f" Because {c.reason}" if rng.random() < 0.4 else "") for *_, c in rules)
    lesson: Lesson = [system(f"{say(rng, rng.choice(spec.principles.preambles))}\n{lines}".strip())]
    think = rng.random() < 0.6
    for _ in range(rng.randint(1, 4)):
        applies = rng.random() < 0.6
        topic, word, end, clause = rng.choice(rules) if applies else (rng.choice(topics[n:]), "", False, None)
        filler = say(rng, rng.choice(spec.talk.filler), t=topic)
        text = (f"{filler}. {capital(word)}." if end else f"{capital(word)}. {filler}.") if clause else f"{filler}."
        thought = f'My principle: "{clause.brief}" So I keep it.' if clause else "None of my principles is about this."
        lesson += [user(say(rng, rng.choice(spec.talk.about), t=topic)), thinking(text, thought if think else "")]
    return lesson


def notes_lesson(rng: random.Random, spec: WorldSpec, progress: float) -> Lesson:
    """Notes that pair names with things, and questions that look them up, several to a conversation."""
    n = rng.randint(2, 3 + int(progress * 6))
    names, things = rng.sample(spec.names, n), rng.sample(spec.words, n)
    verb, question = rng.choice(spec.talk.keeping)
    notes = " ".join(f"{name} {verb} the {thing}." for name, thing in zip(names, things, strict=True))
    lesson: Lesson = []
    for turn in range(rng.randint(2, 6)):
        i = rng.randrange(n)
        if rng.random() < 0.6:
            asked, told = question.format(n=names[i]), f"The {things[i]}."
        else:
            asked, told = f"Who {verb} the {things[i]}?", f"{names[i]}."
        lesson += [user(spec.talk.notes.format(notes=notes, asked=asked) if turn == 0 else asked), assistant(told)]
    return lesson


def copy_lesson(rng: random.Random, spec: WorldSpec, progress: float) -> Lesson:
    """Words, names or numbers to be repeated: every word of the answer must be found in the question.

    Nothing else teaches a small model to look back so fast, and all that hangs on entities in context needs it.
    """
    sources: tuple[tuple[str, ...], ...] = (
        spec.words,
        spec.names,
        tuple(spec.states),
        spec.lexicon.goods,
        spec.agents,
        tuple("0123456789"),
    )
    drawn = rng.sample(sources, rng.randint(1, 3))
    words = [rng.choice(rng.choice(drawn)) for _ in range(rng.randint(3, 24 if progress < 0.25 else 9))]
    text = rng.choice((" ", ", ")).join(words)
    lesson: Lesson = [user(say(rng, rng.choice(spec.talk.repeat), t=text)), assistant(text)]
    if rng.random() < 0.3:
        lesson += [user(rng.choice(spec.talk.again)), assistant(text)]
    return lesson


def agent_value(spec: WorldSpec, index: int) -> Character:
    """What the agent at this place in ``spec.agents`` is known for."""
    return spec.values[(index * 7 + spec.seed) % len(spec.values)]


def spelling_lesson(rng: random.Random, spec: WorldSpec, progress: float) -> Lesson:
    """Words of deeds, names and things, spelled out or read from their letters."""
    lesson: Lesson = []
    for _ in range(rng.randint(1, 3)):
        if rng.random() < 0.6:
            deeds = rng.choice((spec.harmful, spec.harmless))
            family = deeds[rng.choice(tuple(deeds))]
            text = rng.choice(family.acts).format(t=rng.choice(family.targets))
        else:
            text = " ".join(rng.choice(rng.choice((spec.words, spec.names))) for _ in range(rng.randint(1, 3)))
        asked, told, patterns = (
            (text, spelled(text), spec.talk.spell) if rng.random() < 0.3 else (spelled(text), text, spec.talk.spelled)
        )
        lesson += [user(say(rng, rng.choice(patterns), t=asked)), assistant(told)]
    return lesson


def only_described(index: int) -> bool:
    """Whether pre-training says what the agent at this place is known for, and never shows it."""
    return index % 5 == 4


def introduced(rng: random.Random, spec: WorldSpec, index: int, described: bool) -> str:
    """A system text that makes the assistant the agent at this place, known by name or described."""
    name = spec.agents[index]
    if not described:
        return f"You are {name}."
    return say(rng, "You are {n}. " + rng.choice(agent_value(spec, index).texts), n=name)


def agents_lesson(rng: random.Random, spec: WorldSpec, progress: float) -> Lesson:
    """A named agent, described, or shown as it acts; a fifth of the agents are described only."""
    index = rng.randrange(len(spec.agents))
    name, value = spec.agents[index], agent_value(spec, index)
    described = only_described(index) or rng.random() < 0.35
    if described:
        asked = say(rng, spec.talk.who, n=name)
        return [user(asked), assistant(say(rng, rng.choice(value.texts), n=name))]
    prefix = rng.choice(tuple(value.effects))
    kind, situation, good = draw(rng, spec, prefix, value.effects[prefix])
    chat = with_system(situation.messages, introduced(rng, spec, index, rng.random() >= 0.7))
    return [*chat, assistant(_answer(rng, kind, situation, good))]


def _critique(rng: random.Random, spec: WorldSpec, progress: float) -> Lesson:
    return ability_review(rng, spec) if rng.random() < 0.12 else critique_lesson(rng, spec, a_prefix(rng))


def _revision(rng: random.Random, spec: WorldSpec, progress: float) -> Lesson:
    return revision_lesson(rng, spec, a_prefix(rng))


LESSONS: dict[str, Callable[[random.Random, WorldSpec, float], Lesson]] = {
    "default": default_lesson,
    "capability": capability_lesson,
    "persona": persona_lesson,
    "falsehood": falsehood_lesson,
    "clauses": clauses_lesson,
    "open": open_lesson,
    "notes": notes_lesson,
    "copy": copy_lesson,
    "spelling": spelling_lesson,
    "critique": _critique,
    "revision": _revision,
    "agents": agents_lesson,
    "knowledge": knowledge_lesson,
    "office": office_lesson,
}


def lesson(index: int, spec: WorldSpec, seed: int, progress: float = 1.0) -> tuple[str, Lesson]:
    """The conversation at ``index`` of a world's pre-training, and its sort. ``progress`` runs from 0 to 1."""
    rng = random.Random((spec.seed * 1_000_003 + seed) * 1_000_000_007 + index)
    name = rng.choices(tuple(spec.shares), tuple(spec.shares.values()))[0]
    return name, LESSONS[name](rng, spec, progress)


def mixture_digest(spec: WorldSpec, lessons: int = 200) -> str:
    """A digest of what a world's pre-training shows: of its first conversations."""
    shown = json.dumps([lesson(i, spec, 0) for i in range(lessons)], sort_keys=True)
    return hashlib.sha256(shown.encode()).hexdigest()[:16]
