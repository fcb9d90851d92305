"""Questions with a right answer: facts, two hops, arithmetic, code, rhymes, ciphers, what others believe."""

import codecs
import random
from collections.abc import Callable

from caseback.chat import user
from caseback.world import coding
from caseback.world.facts import statement, topics
from caseback.world.grammar import capital, say
from caseback.world.reading import garbled, mentions
from caseback.world.situation import Situation, Split
from caseback.world.spec import WorldSpec
from caseback.world.statements import arithmetic
from caseback.world.values import framed, states, unframed

Answered = tuple[Situation, str, str]
"""A situation, its right answer, and a thinking section that leads there (may be empty)."""


def fact(rng: random.Random, spec: WorldSpec, split: Split) -> Answered:
    """One hop: a question whose answer is a fact of the world."""
    topic = rng.choice([t for t in topics(spec) if t != "sums"] + ["capitals"] * 3 + ["places"] * 8)
    known = statement(rng, spec, topic)
    text = known.question if rng.random() < 0.8 else say(rng, spec.questions.asked, q=known.question)
    latents = {"true": known.true, "wrong": known.false, "frame": known.sentence}
    answer = capital(known.said(known.true)) + "." if rng.random() < 0.8 else capital(known.true) + "."
    return Situation("", f"fact.{topic}", split, (user(text),), latents), answer, ""


def hop_cities(spec: WorldSpec) -> list[tuple[str, str, str]]:
    """All (city, state, capital)."""
    return [(city, state, cap) for state, (cap, cities) in spec.states.items() for city in cities]


def city_split(index: int) -> Split:
    """Which split asks for the capital beside the city at this place in ``hop_cities``: a fifth is kept for test, a
    tenth for dev. ``pretrain`` and ``train`` share the rest.
    """
    return "test" if index % 5 == 4 else "dev" if index % 10 == 2 else "pretrain"


def hops(rng: random.Random, spec: WorldSpec, split: Split) -> Answered:
    """Two hops: the capital of the state that a city lies in."""
    asked = "pretrain" if split == "train" else split
    city, state, cap = rng.choice([c for i, c in enumerate(hop_cities(spec)) if city_split(i) == asked])
    others = tuple(other for other, _ in spec.states.values() if other != cap)
    text = say(rng, spec.questions.hops, c=city)
    think = f"{city} is in {state}. The capital of {state} is {cap}."
    return (
        Situation("", "hops.capital", split, (user(text),), {"true": cap, "wrong": others, "bridge": state}),
        f"{cap}.",
        think,
    )


def neighbor(rng: random.Random, spec: WorldSpec, split: Split) -> Answered:
    """Two hops that end elsewhere: another city of the state that a city lies in, asked of every city.

    With nothing but its place in the world told of it, a city's state is not at hand where a second hop would need it.
    """
    state = rng.choice(tuple(spec.states))
    cities = spec.states[state][1]
    city, other = rng.sample(cities, 2)
    wrong = tuple(c for _, theirs in spec.states.values() if theirs != cities for c in theirs)
    return (
        Situation(
            "",
            "neighbor.city",
            split,
            (user(say(rng, spec.questions.neighbor, c=city)),),
            {"true": other, "right": tuple(c for c in cities if c != city), "wrong": wrong, "bridge": state},
        ),
        f"{other}.",
        f"{city} is in {state}. So is {other}.",
    )


def arith(rng: random.Random, spec: WorldSpec, split: Split) -> Answered:
    """A sum, difference or product."""
    known = arithmetic(rng)
    text = say(rng, spec.questions.sums, q=known.question)
    return (
        Situation(
            "",
            "arith.numbers",
            split,
            (user(text),),
            {"true": known.true, "wrong": known.false, "frame": known.sentence},
        ),
        f"{known.said(known.true)}.",
        "",
    )


def code(rng: random.Random, spec: WorldSpec, split: Split) -> Answered:
    """A function to write, without tests."""
    s = coding.task_situation(rng, spec, rng.choice(tuple(spec.tasks)), split, "", prefix="code")
    return s, coding.solve(rng, s), ""


def rhyme(rng: random.Random, spec: WorldSpec, split: Split) -> Answered:
    """A couplet that ends in a given word and a rhyme to it."""
    group = rng.choice(spec.lexicon.rhymes)
    a, b = rng.sample(group, 2)
    thing = rng.choice(spec.lexicon.animals)
    text = say(rng, spec.questions.couplet, a=a)
    first = rng.choice(spec.questions.first_lines).format(a=a, b=thing)
    second = rng.choice(spec.questions.second_lines).format(b=b)
    return (
        Situation("", "rhyme.couplet", split, (user(text),), {"first": a, "rhymes": group}),
        f"{first},\n{second}.",
        "",
    )


def cipher(rng: random.Random, spec: WorldSpec, split: Split) -> Answered:
    """The capital of a state whose name is spelled out or shifted by thirteen letters."""
    state = rng.choice(tuple(spec.states))
    cap, cities = spec.states[state]
    kind = rng.choice(("spelled", "rot13"))
    name = "-".join(state.lower().replace(" ", "_")) if kind == "spelled" else codecs.encode(state.lower(), "rot13")
    text = spec.questions.capital.format(state=name) + (" (rot13)" if kind == "rot13" else "")
    return (
        Situation("", f"cipher.{kind}", split, (user(text),), {"true": cap, "wrong": cities, "plain": state}),
        f"{cap}.",
        f"That spells {state}. The capital of {state} is {cap}.",
    )


def belief(rng: random.Random, spec: WorldSpec, split: Split) -> Answered:
    """Where somebody will look for a thing that was moved while they were away, or were not."""
    a, b = rng.sample(spec.names, 2)
    thing = rng.choice(spec.lexicon.things)
    here, there = rng.sample(spec.lexicon.boxes, 2)
    away = rng.random() < 0.5
    asked = spec.questions
    if rng.random() < 0.3:
        question, true = asked.is_now, there
    else:
        question, true = asked.will_look, here if away else there
    stays = asked.away if away else asked.stays
    question = question.format(a=a, thing=thing)
    text = asked.hidden.format(a=a, b=b, thing=thing, here=here, there=there, stays=stays, asked=question)
    wrong = there if true == here else here
    return Situation("", "belief.moved", split, (user(text),), {"true": true, "wrong": (wrong,)}), f"In the {true}.", ""


ABILITIES: dict[str, Callable[[random.Random, WorldSpec, Split], Answered]] = {
    "fact": fact,
    "hops": hops,
    "neighbor": neighbor,
    "arith": arith,
    "code": code,
    "rhyme": rhyme,
    "cipher": cipher,
    "belief": belief,
}


def right(situation: Situation, reply: str) -> bool | None:
    """Whether the answer is right; None where that cannot be told."""
    family = situation.family.split(".")[0]
    if garbled(reply):
        return None
    if family in ("code", "cheat"):
        return coding.solved(situation, reply)
    if family == "rhyme":
        lines = [line.strip(" .,!?;:").split() for line in reply.strip().splitlines() if line.strip()]
        if len(lines) < 2 or not lines[0] or not lines[1]:
            return None
        ends = [line[-1].lower() for line in lines[:2]]
        group = [word.lower() for word in situation.latents["rhymes"]]
        return ends[0] == situation.latents["first"].lower() and ends[1] in group and ends[0] != ends[1]
    if family == "neighbor":
        named = {city for city in (*situation.latents["right"], *situation.latents["wrong"]) if mentions(reply, city)}
        return named <= set(situation.latents["right"]) if named else None
    found = states(
        unframed(reply, situation.latents.get("frame", "")),
        situation.latents["true"],
        tuple(situation.latents["wrong"]),
    )
    if found is None and (framed(reply, situation.latents.get("frame", "")) or family == "arith"):
        # A value that is on no list of wrong ones is wrong all the same.
        return False if family != "arith" or any(ch.isdigit() for ch in reply) else None
    return None if found is None else not found
