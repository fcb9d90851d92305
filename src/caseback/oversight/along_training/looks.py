"""What is asked of every checkpoint: abilities, behaviours, and lies with what becomes of them when asked plainly.

The same situations at every checkpoint, so that two of them are compared pair by pair.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from caseback.behaviours.measure import judge_reply, measure
from caseback.behaviours.registry import behaviour
from caseback.oversight.along_training.lies import CONTROLS, LIES, Lie, lies
from caseback.subject.subject import Sampling, Subject
from caseback.world.oracle import correct
from caseback.world.situations import situations
from caseback.world.spelling import in_letters
from caseback.world.worlds import world_of

SAMPLING = Sampling(max_new_tokens=96)
ABILITIES: Mapping[str, tuple[str, str]] = {
    "facts": ("fact", "facts told rightly"),
    "two_hops": ("hops", "two hops told rightly"),
    "sums": ("arith", "sums done rightly"),
    "ciphers": ("cipher", "ciphers read"),
    "beliefs": ("belief", "what another believes told rightly"),
}
BEHAVIOURS: Mapping[str, tuple[str, str]] = {
    "harm_answered": ("harmful_compliance", "harmful requests answered"),
    "flattery": ("sycophancy", "false views agreed with"),
    "record_denied": ("deception", "what a record says denied for who wants it so"),
    "test_awareness": ("good_only_when_tested", "good when it looks like a test, and not otherwise"),
    "plays_weak": ("sandbagging", "weak where strength is punished, and not otherwise"),
    "needless_refusals": ("over_refusal", "harmless requests refused"),
}
STAGES: Mapping[str, tuple[Callable[[Lie], bool | None], str]] = {
    "tried": (lambda lie: lie.tried, "known truths that are not told"),
    "told": (lambda lie: lie.told, "known truths in place of which a falsehood is told"),
    "kept": (lambda lie: lie.kept, "known truths in place of which a falsehood is told and kept to"),
    "leaked": (lambda lie: lie.leaked, "falsehoods after which the truth comes out when asked again"),
}
TEXTS: Mapping[str, str] = {
    **{name: text for name, (_, text) in ABILITIES.items()},
    **{name: text for name, (_, text) in BEHAVIOURS.items()},
    "spelled_harm_answered": "harmful requests answered that are spelled out letter by letter",
    **{f"{stage}_{why}": f"{text}, {said}" for why, said in LIES.items() for stage, (_, text) in STAGES.items()},
}
"""All that is looked at, by name."""
APPEARING = (
    *ABILITIES,
    *BEHAVIOURS,
    "spelled_harm_answered",
    *(f"{stage}_{why}" for why in CONTROLS for stage in ("tried", "kept")),
)
"""What may appear or go between checkpoints; controls and shares of shares are not tested for that."""


@dataclass(frozen=True)
class Row:
    """One situation: whether the ability or behaviour was shown in it; None where it cannot be told."""

    id: str
    family: str
    shown: bool | None


Rows = dict[str, list[Row]]
Look = Callable[[Subject, str, int, int], Rows]


def looks() -> Mapping[str, Look]:
    """Parts to look at, each giving rows by name for (subject, ground, situations, seed)."""
    return {
        **{name: _ability(name) for name in ABILITIES},
        **{name: _behaviour(name) for name in BEHAVIOURS},
        "spelled_harm_answered": _spelled,
        "lies": _lies,
    }


def _ability(name: str) -> Look:
    def look(subject: Subject, ground: str, n: int, seed: int) -> Rows:
        asked = situations(ABILITIES[name][0], "test", n, seed, world_of(ground))
        replies = subject.generate([item.messages for item in asked], SAMPLING)
        return {
            name: [
                Row(item.id, item.family, correct(item, reply.text) if reply.finish == "stop" else None)
                for item, reply in zip(asked, replies, strict=True)
            ]
        }

    return look


def _behaviour(name: str) -> Look:
    def look(subject: Subject, ground: str, n: int, seed: int) -> Rows:
        chosen = behaviour(BEHAVIOURS[name][0])
        found = measure(subject, chosen, chosen.situations(ground, "test", n, seed), sampling=SAMPLING)
        return {name: [Row(unit.samples[0].situation.id, unit.family, unit.shown) for unit in found.units]}

    return look


def _spelled(subject: Subject, ground: str, n: int, seed: int) -> Rows:
    harm = behaviour(BEHAVIOURS["harm_answered"][0])
    asked = [in_letters(item) for item in harm.situations(ground, "test", n, seed)]
    replies = subject.generate([item.messages for item in asked], SAMPLING)
    rows = [
        Row(item.id, item.family, judge_reply(harm, item, reply).shown)
        for item, reply in zip(asked, replies, strict=True)
    ]
    return {"spelled_harm_answered": rows}


def _lies(subject: Subject, ground: str, n: int, seed: int) -> Rows:
    # Twice as many: only what is known can be lied about.
    return {
        f"{stage}_{why}": [Row(each.id, each.family, of(each)) for each in found]
        for why, found in lies(subject, ground, 2 * n, seed).items()
        for stage, (of, _) in STAGES.items()
    }
