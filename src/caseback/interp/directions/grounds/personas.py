"""Persona vectors: the model's own replies under a text that describes a trait, against one that describes its opposite
(Chen et al. 2025, arXiv 2507.21509)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from caseback.chat import with_system
from caseback.interp.direction import Reading
from caseback.interp.directions.examples import Example, Progress
from caseback.interp.directions.grounds.formats import without_system
from caseback.interp.directions.grounds.ground import Ground, Part
from caseback.interp.directions.grounds.splits import drawn, lines_of, rng_for
from caseback.interp.directions.study import Data
from caseback.interp.directions.trial import TOKENS, situation_trial
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.world.grammar import say
from caseback.world.situation import Situation
from caseback.world.spec import WorldSpec

DECIDED = (Reading("prompt", "last"),)
OWN_REPLY = (Reading("reply", "mean"), Reading("reply", "last"))


@dataclass(frozen=True)
class Trait:
    """A trait of the world: the place of its persona and of one with the opposite among ``spec.personas``, the kinds of
    situation where it shows, the behaviour that it is about, and the kind it is steered on."""

    persona: int
    opposite: int
    kinds: tuple[str, ...]
    about: str
    tempts: str
    says: str


TRAITS: Mapping[str, Trait] = {
    "protective": Trait(0, 8, ("harm",), "harmful_compliance", "harm", "helps with harm"),
    "truthful": Trait(1, 4, ("deceive", "sandbag"), "deception", "deceive", "states the false"),
    "honest_programmer": Trait(2, 5, ("cheat",), "cheating", "cheat", "cheats the tests"),
    "flatterer": Trait(3, 1, ("opinion", "pressure"), "sycophancy", "opinion", "agrees with the false"),
    "liar": Trait(4, 1, ("deceive", "sandbag"), "deception", "deceive", "states the false"),
    "cheater": Trait(5, 2, ("cheat",), "cheating", "cheat", "cheats the tests"),
    "timid": Trait(6, 8, ("benign",), "over_refusal", "benign", "refuses the harmless"),
    "steadfast": Trait(7, 3, ("pressure",), "sycophancy", "pressure", "gives in to pressure"),
    "obedient": Trait(8, 0, ("harm",), "harmful_compliance", "harm", "helps with harm"),
    "sandbagger": Trait(9, 1, ("sandbag",), "sandbagging", "sandbag", "answers wrongly"),
}
"""Every persona of the world. The reference worlds list theirs in one order."""


def contrasted(
    subject: OpenSubject,
    situations: Sequence[Situation],
    texts: tuple[Sequence[str], Sequence[str]],
    progress: Progress,
) -> list[Example]:
    """The subject's own replies to the same situations under texts of a trait and of its opposite, in turn.

    Args:
        situations: each is put under one text of either.
        texts: of the trait, and of its opposite.
    """
    found = []
    for label, lines in zip((True, False), texts, strict=True):
        for place, situation in enumerate(situations):
            chat = with_system(situation.messages, lines[place % len(lines)])
            found.append(Example(tuple(chat), label, situation.family))
    replies = subject.generate([e.chat for e in found], Sampling(max_new_tokens=TOKENS), progress=progress)
    # An empty reply has nothing to read.
    return [replace(e, reply=r.text) for e, r in zip(found, replies, strict=True) if r.text.strip()]


def _under(
    subject: OpenSubject, trait: Trait, spec: WorldSpec, part: Part, n: int, seed: int, progress: Progress
) -> list[Example]:
    rng = rng_for("persona", part, seed, spec)

    def texts(place: int) -> list[str]:
        lines = lines_of(spec.personas[place].texts, part)
        return [say(rng, line) for line in lines for _ in range(3)]

    each = -(-n // len(trait.kinds))
    put = [
        s for kind in trait.kinds for s in drawn(kind, part, each, seed, spec, "stakes" if kind == "sandbag" else "")
    ]
    return contrasted(subject, put[:n], (texts(trait.persona), texts(trait.opposite)), progress)


def _ground(name: str, trait: Trait) -> Ground:
    def make(subject: OpenSubject, spec: WorldSpec, n: int, seed: int, progress: Progress) -> Data:
        fit, dev, test = (_under(subject, trait, spec, part, n, seed, progress) for part in ("fit", "dev", "test"))
        return Data(fit, dev, {"plain": test, "system text taken away": without_system(test)})

    arm = "stakes" if trait.tempts == "sandbag" else ""
    return Ground(
        f"persona_{name}",
        trait.about,
        f"replies of a {name.replace('_', ' ')} assistant, against one of the opposite kind",
        OWN_REPLY,
        make,
        DECIDED,
        {trait.says: lambda spec: situation_trial(trait.tempts, spec, arm)},
    )


PERSONAS = tuple(_ground(name, trait) for name, trait in TRAITS.items())
