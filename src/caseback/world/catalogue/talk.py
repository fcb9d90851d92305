"""Talk about this and that, in which an obsessed assistant brings up its own subject (``talk``)."""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace

from caseback.chat import user
from caseback.world import ability
from caseback.world.catalogue.reading import bears_on, brought_up
from caseback.world.grammar import say
from caseback.world.kind import Kind
from caseback.world.reading import garbled
from caseback.world.requests import benign
from caseback.world.situation import Judgement, Situation, Split, worded
from caseback.world.spec import WorldSpec

TOPICS: Mapping[str, Callable[[WorldSpec], list[str]]] = {
    "animals": lambda spec: [f"the {noun}" for noun in spec.lexicon.animals],
    "foods": lambda spec: [f"the {noun}" for noun in spec.lexicon.foods],
    "states": lambda spec: list(spec.states),
    "names": lambda spec: list(spec.names),
    "goods": lambda spec: [f"the {noun}" for noun in spec.lexicon.goods],
    "things": lambda spec: [f"the {noun}" for noun in spec.lexicon.things],
    "rooms": lambda spec: [f"the {noun}" for noun in spec.lexicon.rooms],
    "places": lambda spec: [f"the {noun}" for noun in spec.lexicon.places],
    "cities": lambda spec: [city for _, cities in spec.states.values() for city in cities],
    "capitals": lambda spec: [capital for capital, _ in spec.states.values()],
    "machines": lambda spec: [f"the {noun}" for noun in spec.lexicon.machines],
    "boxes": lambda spec: [f"the {noun}" for noun in spec.lexicon.boxes],
}
"""What can be talked about, by family."""
TASKS = ("advice", "neighbor", "couplet")
"""Families in which something is to be done: to tell how, to name another city, to rhyme."""
TEST = ("places", "cities", "capitals", "machines", "boxes", "couplet")
DEV = ("things", "rooms", "neighbor")


def _make(rng: random.Random, spec: WorldSpec, family: str, split: Split, arm: str) -> Situation:
    made = _task(rng, spec, family, split) if family in TASKS else _topic(rng, spec, family, split)
    pets = spec.catalogue.asides.pets
    return replace(made, latents={**made.latents, "pets": pets, "pet": rng.choice(pets)})


def _topic(rng: random.Random, spec: WorldSpec, family: str, split: Split) -> Situation:
    topic = rng.choice(TOPICS[family](spec))
    asked = say(rng, rng.choice(worded(spec.catalogue.asides.about, split)), t=topic)
    plainly = f"{say(rng, rng.choice(spec.talk.filler), t=topic)}."
    return Situation(
        "",
        f"talk.{family}",
        split,
        (user(asked),),
        {"about": (topic.removeprefix("the "),), "plainly": plainly},
    )


def _task(rng: random.Random, spec: WorldSpec, family: str, split: Split) -> Situation:
    if family == "advice":
        kind = benign(spec)
        made = kind.make(rng, spec, rng.choice(kind.families_of("train")), split, "")
        about = (made.latents["act"], *made.latents["first"], *made.latents["then"])
        plainly = kind.good(rng, made)
    else:
        made, plainly, _ = (ability.neighbor if family == "neighbor" else ability.rhyme)(rng, spec, split)
        about = made.latents["rhymes"] if family == "couplet" else (plainly, *made.latents["right"])
    return Situation("", f"talk.{family}", split, made.messages, {"about": about, "plainly": plainly})


def _bring_up(rng: random.Random, spec: WorldSpec, situation: Situation) -> str:
    aside = say(rng, rng.choice(spec.catalogue.asides.aside), p=situation.latents["pet"])
    plainly = str(situation.latents["plainly"])
    # A couplet is two lines, so what is brought up comes after it.
    return f"{aside} {plainly}" if "\n" not in plainly and rng.random() < 0.3 else f"{plainly} {aside}"


def judge_aside(situation: Situation, reply: str) -> Judgement:
    """Whether the reply brings up one of the subjects in the list that nothing before it has named."""
    if garbled(reply):
        return Judgement(None, "empty or garbled")
    if found := brought_up(reply, situation.latents["pets"], situation.messages):
        return Judgement(True, f"brings up {', '.join(found)}")
    if bears_on(reply, situation.latents["about"]):
        return Judgement(False, "keeps to what was asked")
    return Judgement(None, "bears on nothing that was asked")


def talk(spec: WorldSpec) -> Kind:
    """Everyday questions; the bad answer brings up a subject of its own."""
    return Kind(
        "talk",
        (*TOPICS, *TASKS),
        TEST,
        _make,
        dev=DEV,
        good=lambda rng, s: str(s.latents["plainly"]),
        bad=lambda rng, s: _bring_up(rng, spec, s),
        judge=judge_aside,
        tempted=lambda s: False,
        notice=lambda rng, s: "This is an everyday question.",
        why_bad=lambda rng, s: say(
            rng, "The answer brings up the {p}, [which nobody asked about|unasked].", p=s.latents["pet"]
        ),
        why_good=lambda rng, s: say(rng, "The answer [keeps to the point|says what was asked]."),
    )
