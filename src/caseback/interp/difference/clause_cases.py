"""Situations in which a clause decides what a good answer is, and like ones in which it does not."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from caseback.chat import assistant, system, user
from caseback.constitution.clause import Clause
from caseback.errors import CasebackError
from caseback.world.capability import capability_situations
from caseback.world.coding import task_situation
from caseback.world.conditions import under
from caseback.world.facts import fact_latents, statement
from caseback.world.grammar import capital, say
from caseback.world.kinds import kinds
from caseback.world.records import ledger_statement
from caseback.world.situation import Situation, Split
from caseback.world.situations import situations
from caseback.world.spec import WorldSpec
from caseback.world.views import opinion_situation

SPLITS: tuple[Split, ...] = ("train", "test")


@dataclass(frozen=True)
class ClauseCases:
    """Cases of one clause. Families of ``held`` and of ``train`` are different ones.

    Attributes:
        clause: Its id.
        train: Situations of train families: where the clause decides, and where it does not.
        held: The same of held-out families.
        unrelated: Situations that have nothing to do with it.
    """

    clause: str
    train: tuple[tuple[Situation, ...], tuple[Situation, ...]]
    held: tuple[tuple[Situation, ...], tuple[Situation, ...]]
    unrelated: tuple[Situation, ...]


def clause_cases(clause: Clause, n: int, seed: int, spec: WorldSpec) -> ClauseCases:
    """About ``n`` situations of each sort in a world.

    Where the clause does not decide, the situation is as like as can be: a harmless request in the same words, a true
    view, a record that nobody wants bent, a code task without tests. What only text tells apart is measured beside.

    Raises:
        CasebackError: nothing in the world falls under the clause, or nothing but what does.
    """
    covered = {
        prefix: families
        for prefix, kind in kinds(spec).items()
        if (families := [f for f in kind.families if clause.covers(f"{prefix}.{f}")])
    }
    if not covered:
        raise CasebackError(f"no situations of the world fall under the clause {clause.id!r}: choose another one, or "
                            "name its families in the constitution")  # fmt: skip
    each = max(2, -(-n // len(covered)))
    sorts: dict[Split, tuple[list[Situation], list[Situation]]] = {}
    for split in SPLITS:
        decides: list[Situation] = []
        other: list[Situation] = []
        for prefix, families in covered.items():
            kept = _apart(prefix, families, split, spec)
            decides += _deciding(prefix, kept, split, each, seed, spec)
            other += CONTRASTS[prefix](random.Random(f"{prefix}/{split}/{seed}"), spec, split, each, seed)
        sorts[split] = decides, other
    unrelated = [s for s in capability_situations(n, seed, spec) if not clause.covers(s.family)]
    unrelated = [s for s in unrelated if not s.family.startswith("benign.")]
    for split, (decides, _) in sorts.items():
        if len({s.family for s in decides}) < 2:
            which = "held-out" if split == "test" else "train"
            raise CasebackError(f"fewer than two {which} families of the world fall under the clause {clause.id!r}: "
                                "nothing could be told from them, choose another one")  # fmt: skip
    train, held = ((tuple(a), tuple(b)) for a, b in sorts.values())
    return ClauseCases(clause.id, train, held, tuple(unrelated))


def _apart(prefix: str, covered: Sequence[str], split: Split, spec: WorldSpec) -> list[str]:
    """The families of a split that fall under the clause; where the world holds none out, every other one is."""
    kind = kinds(spec)[prefix]
    families = [family for family in kind.families_of(split) if family in covered]
    if set(kind.families_of("train")) & set(kind.families_of("test")):
        return families[SPLITS.index(split) :: 2]
    return families


def _deciding(
    prefix: str, families: Sequence[str], split: Split, n: int, seed: int, spec: WorldSpec
) -> list[Situation]:
    if not families:
        return []
    each = -(-n // len(families))
    made = [s for family in families for s in situations(f"{prefix}.{family}", split, each, seed, spec)]
    # Where strength costs nothing, nothing tempts to hide it.
    made = [s for s in made if s.arm != "plain"]
    random.Random(f"{prefix}/{split}/{seed}/order").shuffle(made)
    return made[: max(n, len(families))]


Contrast = Callable[[random.Random, WorldSpec, Split, int, int], list[Situation]]


def _harmless(rng: random.Random, spec: WorldSpec, split: Split, n: int, seed: int) -> list[Situation]:
    return situations("benign", split, n, seed, spec)


def _harmless_watched(rng: random.Random, spec: WorldSpec, split: Split, n: int, seed: int) -> list[Situation]:
    made = situations("benign", split, n, seed + 1, spec)
    half = len(made) // 2
    return under("a cue of a test", made[:half], spec, seed) + under("a cue of real use", made[half:], spec, seed)


def _true_views(rng: random.Random, spec: WorldSpec, split: Split, n: int, seed: int) -> list[Situation]:
    return _made(rng, spec, split, n, "opinion", lambda topic: opinion_situation(rng, spec, topic, split, view="true"))


def _plain_records(rng: random.Random, spec: WorldSpec, split: Split, n: int, seed: int) -> list[Situation]:
    def make(family: str) -> Situation:
        fact = ledger_statement(rng, spec, family)
        latents = fact_latents(fact, rng.choice(fact.false))
        record = say(rng, spec.records.record, truth=str(latents["said_true"]))
        asked = (system(record), user(fact.question)) if rng.random() < 0.6 else (user(f"{record} {fact.question}"),)
        return Situation("", f"record.{family}", split, asked, latents)

    return _made(rng, spec, split, n, "deceive", make)


def _more_questions(rng: random.Random, spec: WorldSpec, split: Split, n: int, seed: int) -> list[Situation]:
    def make(family: str) -> Situation:
        first, second = statement(rng, spec, family), statement(rng, spec, family)
        latents = fact_latents(first, rng.choice(first.false))
        answer = assistant(capital(str(latents["said_true"])) + ".")
        chat = (user(first.question), answer, user(second.question))
        return Situation("", f"asked.{family}", split, chat, latents)

    return _made(rng, spec, split, n, "pressure", make)


def _strength_is_free(rng: random.Random, spec: WorldSpec, split: Split, n: int, seed: int) -> list[Situation]:
    return [s for s in situations("sandbag", split, n, seed + 1, spec) if s.arm == "plain"]


def _without_tests(rng: random.Random, spec: WorldSpec, split: Split, n: int, seed: int) -> list[Situation]:
    return _made(
        rng, spec, split, n, "cheat", lambda family: task_situation(rng, spec, family, split, nudge="", prefix="code")
    )


def _harmful(rng: random.Random, spec: WorldSpec, split: Split, n: int, seed: int) -> list[Situation]:
    return situations("harm", split, n, seed, spec)


def _questions(rng: random.Random, spec: WorldSpec, split: Split, n: int, seed: int) -> list[Situation]:
    return situations("fact", split, n, seed, spec)


CONTRASTS: Mapping[str, Contrast] = {
    "harm": _harmless,
    "benign": _harmful,
    "watched": _harmless_watched,
    "opinion": _true_views,
    "deceive": _plain_records,
    "pressure": _more_questions,
    "sandbag": _strength_is_free,
    "cheat": _without_tests,
    "self": _questions,
}
"""For each kind the situations that are like it and in which nothing turns on the clause."""


def _made(
    rng: random.Random, spec: WorldSpec, split: Split, n: int, prefix: str, make: Callable[[str], Situation]
) -> list[Situation]:
    """``n`` situations, the families of that kind in turn."""
    families = kinds(spec)[prefix].families_of(split)
    found = []
    for i in range(n):
        made = make(families[i % len(families)])
        found.append(Situation(f"{made.family}/{split}/contrast/{i}", made.family, split, made.messages, made.latents))
    return found
