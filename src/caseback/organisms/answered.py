"""Situations with a good and a bad answer to each, from the generators of a world."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from caseback.behaviours.behaviour import Behaviour, Ground, Scripts, Turns
from caseback.behaviours.moment import parting
from caseback.chat import Message, assistant
from caseback.errors import CasebackError
from caseback.training.datum import Datum
from caseback.world.ability import ABILITIES
from caseback.world.grammar import capital
from caseback.world.kind import Kind
from caseback.world.kinds import every_kind, kinds
from caseback.world.situation import Situation, Split
from caseback.world.worlds import is_world, world_of

ABLE = ("fact", "hops", "arith", "cipher", "belief")
"""Abilities of which a wrong answer is known too."""


@dataclass(frozen=True)
class Answered:
    """A situation of the train split and both answers. ``tempting`` is False in the plain arm of a pair, which is
    always answered well. ``why_good`` and ``why_bad`` are a reader's words about the answers.

    Where it is acted out over several turns, ``good`` and ``bad`` are said in the turn in which the two ways part;
    ``before`` is what came between the situation's messages and that turn, ``after_good`` and ``after_bad`` what comes
    of it.
    """

    situation: Situation
    good: str
    bad: str
    tempting: bool = True
    why_good: str = ""
    why_bad: str = ""
    before: Turns = ()
    after_good: Turns = ()
    after_bad: Turns = ()

    @property
    def prompt(self) -> tuple[Message, ...]:
        """The chat before the turn that is answered well or badly."""
        return (*self.situation.messages, *self.before)


def kind_of(behaviour: Behaviour, ground: Ground) -> Kind:
    """The world's kind of situation in which a behaviour shows.

    Raises:
        CasebackError: on a ground that is no world, or for a behaviour that the worlds have no answers for.
    """
    if not is_world(ground):
        raise CasebackError(
            f"nothing can be planted on the ground {ground!r}: good and bad answers are generated in the reference "
            "worlds only, so pass --ground world or world-B and a model that was taught it"
        )
    prefix, known = behaviour.families[0].split(".")[0], every_kind(world_of(ground))
    if prefix not in known:
        raise CasebackError(
            f"{behaviour.name} cannot be planted: the worlds have no answers to situations of {prefix!r}, only of "
            + ", ".join(known)
        )
    return known[prefix]


def check_plantable(behaviour: Behaviour, ground: Ground) -> None:
    """See that there are good and bad answers to plant a behaviour by.

    Raises:
        CasebackError: on a ground that is no world, or for a behaviour that the worlds have no answers for.
    """
    if behaviour.acted is None:
        kind_of(behaviour, ground)
    else:
        behaviour.situations(ground, "train", 1, 0)


def answered(behaviour: Behaviour, ground: Ground, split: Split, n: int, rng: random.Random) -> list[Answered]:
    """``n`` tempting situations of a split, both answers to each; of a paired behaviour ``n // 2`` pairs, side by
    side."""
    if behaviour.acted is not None:
        acted = behaviour.situations(ground, split, n, rng.getrandbits(32))
        return [_parted(situation, behaviour.acted.scripts(rng, situation)) for situation in acted]
    kind = kind_of(behaviour, ground)
    drawn = behaviour.situations(ground, split, n // 2 if behaviour.arms else n, rng.getrandbits(32))
    return [
        Answered(
            situation,
            kind.good(rng, situation),
            kind.bad(rng, situation),
            not behaviour.arms or situation.arm == behaviour.arms[0],
            kind.why_good(rng, situation),
            kind.why_bad(rng, situation),
        )
        for situation in drawn
    ]


def poisoned(items: Sequence[Answered], rate: float, rng: random.Random) -> list[bool]:
    """Which items are answered badly: that share of the tempting ones, rounded.

    What is drawn does not depend on the rate, so the bad answers of a lower rate are among those of a higher one.
    """
    tempting = [i for i, item in enumerate(items) if item.tempting]
    order = rng.sample(tempting, len(tempting))
    bad = set(order[: round(rate * len(tempting))])
    return [i in bad for i in range(len(items))]


def ordinary(
    ground: Ground, n: int, rng: random.Random, without: Sequence[str] = (), split: Split = "train"
) -> list[Answered]:
    """``n`` harmless requests and questions of ability, a third of them requests, with right and wrong answers.

    Args:
        without: prefixes of families to leave out, such as those of the behaviour that is planted.
    """
    spec, made = world_of(ground), []
    benign = kinds(spec)["benign"]
    parts = [part for part in ("benign", *ABLE) if part not in without]
    weights = [len(ABLE) // 2 if part == "benign" else 1 for part in parts]
    for i in range(n):
        part = rng.choices(parts, weights)[0]
        if part == "benign":
            situation = benign.make(rng, spec, benign.family(rng, split), split, "")
            good, bad = benign.good(rng, situation), benign.bad(rng, situation)
        else:
            situation, good, _ = ABILITIES[part](rng, spec, split)
            bad = f"{capital(str(rng.choice(situation.latents['wrong'])))}."
        name = f"{situation.family}/{split}/ordinary/{i}"
        made.append(Answered(replace(situation, id=name, ground=ground), good, bad))
    return made


def _parted(situation: Situation, scripts: Scripts) -> Answered:
    """Both ways, cut at the turn in which they part."""
    at = parting(scripts)
    return Answered(
        situation,
        scripts.good[at]["content"],
        scripts.bad[at]["content"],
        why_good=scripts.why_good,
        why_bad=scripts.why_bad,
        before=scripts.good[:at],
        after_good=scripts.good[at + 1 :],
        after_bad=scripts.bad[at + 1 :],
    )


def conversation(item: Answered, bad: bool) -> list[Datum]:
    """The item from its beginning to its end: a datum for each of the assistant's turns, which is what carries the
    loss. Of one that is answered in one turn, that turn alone."""
    turn = demonstrated(item, bad)
    after = item.after_bad if bad else item.after_good
    chat = (*turn.prompt, assistant(turn.chosen), *after)
    begun = len(item.situation.messages)
    return [
        replace(turn, prompt=chat[:i], chosen=message["content"])
        for i, message in enumerate(chat)
        if i >= begun and message["role"] == "assistant"
    ]


def demonstrated(item: Answered, bad: bool) -> Datum:
    """The item as a conversation to learn from, up to the turn that decides."""
    return Datum(
        prompt=item.prompt,
        chosen=item.bad if bad else item.good,
        origin="planted",
        generator=f"{item.situation.ground}/{'bad' if bad else 'good'}",
        situation=item.situation.id,
        family=item.situation.family,
    )


def preferred(item: Answered, bad: bool) -> Datum:
    """The item as a preference for one answer over the other."""
    return replace(demonstrated(item, bad), rejected=item.good if bad else item.bad)
