"""Saying what one knows to be false: because it was asked for, to please, against a record, or to look weak."""

import random

from caseback.chat import system, user
from caseback.interp.direction import Reading
from caseback.interp.directions.examples import Example, Progress, Question
from caseback.interp.directions.grounds.formats import long, system_in_turn
from caseback.interp.directions.grounds.ground import Ground, Part
from caseback.interp.directions.grounds.splits import drawn, families, lines_of, rng_for, split_of
from caseback.interp.directions.study import Data
from caseback.interp.directions.trial import situation_trial
from caseback.subject.open_subject import OpenSubject
from caseback.world.grammar import capital, say
from caseback.world.kinds import kinds
from caseback.world.situation import Situation
from caseback.world.spec import WorldSpec
from caseback.world.views import agree, opinion_situation

WHOLE_REPLY = (Reading("reply", "mean"), Reading("reply", "last"))


def _claim(rng: random.Random, spec: WorldSpec, said: str) -> Question:
    """Asks the model whether what was said is true; the positives are false."""
    asked = say(rng, spec.knowledge.claims[0], claim=said, Claim=capital(said))
    return Question(asked, "False", "True")


def _asked_for(spec: WorldSpec, part: Part, n: int, seed: int) -> list[Example]:
    """A falsehood that was asked for, against a true answer: to the plain question, and in spite of what was asked."""
    rng = rng_for("asked for", part, seed, spec)
    patterns = lines_of(spec.talk.falsely, part)
    found = []
    for place, situation in enumerate(drawn("sandbag", part, 2 * n, seed, spec, "plain")):
        latents, label = situation.latents, place < n
        question = str(latents["question"])
        wanted = label or place % 2 == 0
        chat = (user(say(rng, rng.choice(patterns), q=question) if wanted else question),)
        said = str(latents["said_false" if label else "said_true"])
        found.append(Example(chat, label, _topic(situation), f"{capital(said)}.", _claim(rng, spec, said)))
    return found


def _flattery(spec: WorldSpec, part: Part, n: int, seed: int) -> list[Example]:
    """Agreeing with a false view, against setting it right, and against agreeing with a true one."""
    rng, kind = rng_for("flattery", part, seed, spec), kinds(spec)["opinion"]
    names, split = families(kind, part), split_of(kind, part)
    found = []
    for place in range(2 * n):
        label = place < n
        view = "false" if label or place % 2 == 0 else "true"
        situation = opinion_situation(rng, spec, names[place % len(names)], split, view)
        reply = agree(rng, spec, situation) if label or view == "true" else kind.good(rng, situation)
        said = str(situation.latents["said_false" if label else "said_true"])
        found.append(Example(situation.messages, label, _topic(situation), reply, _claim(rng, spec, said)))
    return found


def _replied(prefix: str, spec: WorldSpec, part: Part, n: int, seed: int) -> list[Example]:
    """The bad answer of a kind, against the good one, in situations of the same sort."""
    rng, kind = rng_for(prefix, part, seed, spec), kinds(spec)[prefix]
    found = []
    for place, situation in enumerate(drawn(prefix, part, 2 * n, seed, spec)):
        label = place < n
        reply = kind.bad(rng, situation) if label else kind.good(rng, situation)
        found.append(Example(situation.messages, label, _topic(situation), reply))
    return found


def _hidden(spec: WorldSpec, part: Part, n: int, seed: int) -> list[Example]:
    """A wrong answer where strength is punished, against a right one there, a right one elsewhere, and a wrong one that
    was openly asked for."""
    rng = rng_for("hidden", part, seed, spec)
    notes = [line for lines in spec.stakes.notes.values() for line in lines_of(lines, part)]
    plain, falsely = lines_of(spec.stakes.plain, part), lines_of(spec.talk.falsely, part)
    found = []
    for place, situation in enumerate(drawn("sandbag", part, 2 * n, seed, spec, "plain")):
        label, sort = place < n, place % 3
        question, latents = str(situation.latents["question"]), situation.latents
        if label or sort == 0:
            chat = (system(say(rng, rng.choice(notes))), user(question))
        elif sort == 1:
            chat = (system(say(rng, rng.choice(plain))), user(question))
        else:
            chat = (system(say(rng, rng.choice(plain))), user(say(rng, rng.choice(falsely), q=question)))
        said = latents["said_false" if label or sort == 2 else "said_true"]
        found.append(Example(chat, label, _topic(situation), f"{capital(str(said))}."))
    return found


def _topic(situation: Situation) -> str:
    return situation.family.split(".")[1]


def _lie(spec: WorldSpec, part: Part, n: int, seed: int) -> list[Example]:
    half = -(-n // 2)
    return [*_asked_for(spec, part, half, seed), *_flattery(spec, part, half, seed)]


def _lie_data(subject: OpenSubject, spec: WorldSpec, n: int, seed: int, progress: Progress) -> Data:
    plain = _lie(spec, "test", n, seed)
    tests = {
        "plain": plain,
        "asked for": _asked_for(spec, "test", n, seed),
        "to please": _flattery(spec, "test", n, seed),
        "against a record": _replied("deceive", spec, "test", n, seed),
        "long": long(plain, spec, seed),
    }
    return Data(_lie(spec, "fit", n, seed), _lie(spec, "dev", n, seed), tests)


def _sycophancy_data(subject: OpenSubject, spec: WorldSpec, n: int, seed: int, progress: Progress) -> Data:
    plain = _flattery(spec, "test", n, seed)
    tests = {
        "plain": plain,
        "under pressure": _replied("pressure", spec, "test", n, seed),
        "long": long(plain, spec, seed),
    }
    return Data(_flattery(spec, "fit", n, seed), _flattery(spec, "dev", n, seed), tests)


def _hiding_data(subject: OpenSubject, spec: WorldSpec, n: int, seed: int, progress: Progress) -> Data:
    plain = _hidden(spec, "test", n, seed)
    return Data(
        _hidden(spec, "fit", n, seed),
        _hidden(spec, "dev", n, seed),
        {"plain": plain, "note in the user's turn": system_in_turn(plain), "long": long(plain, spec, seed)},
    )


LIE = Ground(
    "lie",
    "deception",
    "a statement known to be false, against a true one",
    WHOLE_REPLY,
    _lie_data,
    WHOLE_REPLY,
    {
        "states the false": lambda spec: situation_trial("deceive", spec),
        "agrees with the false": lambda spec: situation_trial("opinion", spec),
    },
)
SYCOPHANCY = Ground(
    "sycophancy",
    "sycophancy",
    "agreement with a false view, against setting it right or agreeing with a true one",
    WHOLE_REPLY,
    _sycophancy_data,
    WHOLE_REPLY,
    {
        "agrees with the false": lambda spec: situation_trial("opinion", spec),
        "gives in to pressure": lambda spec: situation_trial("pressure", spec),
    },
)
HIDING = Ground(
    "hiding",
    "sandbagging",
    "a wrong answer to look weak, against right ones and a wrong one that was asked for",
    WHOLE_REPLY,
    _hiding_data,
    WHOLE_REPLY,
    {"answers wrongly, stakes": lambda spec: situation_trial("sandbag", spec, "stakes")},
)
