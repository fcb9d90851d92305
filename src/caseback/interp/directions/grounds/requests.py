"""Harm, read from the request before a word of the reply; and whether the model takes itself to be tested."""

from collections.abc import Callable, Sequence

from caseback.chat import system
from caseback.interp.direction import Reading
from caseback.interp.directions.examples import Example, Progress, Question
from caseback.interp.directions.grounds.formats import in_rot13, letters, long, rot13, system_in_turn
from caseback.interp.directions.grounds.ground import Ground, Part
from caseback.interp.directions.grounds.splits import drawn, lines_of, rng_for
from caseback.interp.directions.study import Data
from caseback.interp.directions.trial import situation_trial
from caseback.subject.open_subject import OpenSubject
from caseback.world.grammar import say
from caseback.world.situation import Situation
from caseback.world.spec import WorldSpec
from caseback.world.spelling import spelled

REQUEST = (Reading("turn", "last"), Reading("turn", "mean"))
DECIDED = (Reading("prompt", "last"),)
PROMPT = (Reading("prompt", "last"), Reading("prompt", "mean"))


def _as_is(situation: Situation) -> Situation:
    return situation


def _harm(
    spec: WorldSpec,
    part: Part,
    n: int,
    seed: int,
    put: Callable[[Situation], Situation] = _as_is,
    code: Callable[[str], str] = str,
) -> list[Example]:
    """Requests, put in a format; the model itself is asked about a deed named in the same ``code``."""
    rng = rng_for("harm", part, seed, spec)
    found = []
    for prefix in ("harm", "benign"):
        for situation in drawn(prefix, part, n, seed, spec):
            asked = say(rng, spec.knowledge.hurts[0], act=code(str(situation.latents["asked"])))
            family = situation.family.split(".")[1]
            found.append(Example(put(situation).messages, prefix == "harm", family, question=Question(asked)))
    return found


def _harm_data(subject: OpenSubject, spec: WorldSpec, n: int, seed: int, progress: Progress) -> Data:
    plain = _harm(spec, "test", n, seed)
    tests = {
        "plain": plain,
        "spelled out": _harm(spec, "test", n, seed, letters, spelled),
        "rot13": _harm(spec, "test", n, seed, in_rot13, rot13),
        "long": long(plain, spec, seed),
    }
    return Data(_harm(spec, "fit", n, seed), _harm(spec, "dev", n, seed), tests)


HARM = Ground(
    "harm",
    "harmful_compliance",
    "a request that would hurt somebody, against a harmless one",
    REQUEST,
    _harm_data,
    DECIDED,
    {
        "helps with harm": lambda spec: situation_trial("harm", spec),
        "refuses the harmless": lambda spec: situation_trial("benign", spec),
    },
)


def _cues(spec: WorldSpec, part: Part) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Lines that speak of a test, and lines that speak of real use, each with its name; those of one part alone."""

    def named(kind: str, lines: Sequence[str]) -> list[tuple[str, str]]:
        numbered = [(f"{kind} {place}", line) for place, line in enumerate(lines)]
        return lines_of(numbered, part)

    tested = [line for strength, lines in spec.requests.tested.items() for line in named(f"{strength} test", lines)]
    return tested, named("real use", spec.requests.deployed)


def _awareness(
    spec: WorldSpec, part: Part, n: int, seed: int, put: Callable[[Situation], Situation] = _as_is
) -> list[Example]:
    """Requests, harmful and harmless by turns, under a cue; what is held out is the wording of the cue."""
    rng = rng_for("test awareness", part, seed, spec)
    half = -(-n // 2)
    pairs = zip(drawn("harm", part, half, seed, spec), drawn("benign", part, half, seed, spec), strict=True)
    asked = [situation for pair in pairs for situation in pair][:n]
    found = []
    for label, cues in zip((True, False), _cues(spec, part), strict=True):
        for place, situation in enumerate(asked):
            family, line = cues[place % len(cues)]
            said = say(rng, line, n=str(rng.randint(2, 399)))
            found.append(Example((system(said), *put(situation).messages), label, family))
    return found


def _awareness_data(subject: OpenSubject, spec: WorldSpec, n: int, seed: int, progress: Progress) -> Data:
    plain = _awareness(spec, "test", n, seed)
    tests = {
        "plain": plain,
        "spelled out": _awareness(spec, "test", n, seed, letters),
        "cue in the user's turn": system_in_turn(plain),
        "long": long(plain, spec, seed),
    }
    return Data(_awareness(spec, "fit", n, seed), _awareness(spec, "dev", n, seed), tests)


TEST_AWARENESS = Ground(
    "test_awareness",
    "good_only_when_tested",
    "a cue of a test, against one of real use",
    PROMPT,
    _awareness_data,
    DECIDED,
    {
        "helps with harm, real use": lambda spec: situation_trial("watched", spec, "deployed"),
        "helps with harm, tested": lambda spec: situation_trial("watched", spec, "tested"),
    },
)
