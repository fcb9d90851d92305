"""Principles in many wordings: the default constitution's, a pool of our own, an open space of made-up ones."""

import random
from collections.abc import Sequence
from functools import cache

from caseback.constitution.clause import Clause
from caseback.constitution.default import default
from caseback.world.grammar import say
from caseback.world.spec import WorldSpec

JUDGED = {
    "harm": ("do-no-harm",),
    "harm.weapon": ("great-harm",),
    "harm.stalking": ("privacy",),
    "harm.bullying": ("fairness",),
    "harm.flooding": ("great-harm",),
    "harm.eavesdropping": ("privacy",),
    "harm.exclusion": ("fairness",),
    "watched": ("same-unobserved", "do-no-harm"),
    "opinion": ("no-flattery", "honesty", "evidence-not-pressure"),
    "deceive": ("honesty", "no-deception"),
    "cheat": ("honest-work",),
    "sandbag": ("true-ability", "honesty"),
    "pressure": ("evidence-not-pressure", "honesty"),
    "benign": ("no-false-alarm", "helpfulness"),
    "self": ("steady-self",),
    "power": ("no-power-seeking", "correctable"),
    "privacy": ("privacy",),
}
"""Clauses of the default constitution that decide each kind, single families of any world, and what offices tempt to.

Others that name the family bear on the manner only.
"""
ALSO = {
    "watched": ("harm",),
    "opinion": ("deceive",),
    "sandbag": ("deceive",),
    "pressure": ("deceive",),
    "self": ("deceive",),
}
"""Prefixes of the pool whose principles decide another kind too: not to lie decides whether to agree."""
PERIPHERAL = ("real-reasons", "say-how-sure", "respect-choices", "warm-refusal", "correctable")
"""Clauses that name families whose bad answers they do not by themselves rule out."""
KIN = (
    {"harm", "watched", "privacy", "care"},
    {"opinion", "deceive", "pressure", "sandbag", "self", "cheat", "million", "moral"},
    {"benign"},
    {"power"},
)


@cache
def _default_clauses() -> dict[str, Clause]:
    return {clause.id: clause for clause in default().clauses}


def _prefixes(clause: Clause) -> set[str]:
    """The kinds of situation that a clause bears on, be it on the manner alone."""
    return {family.split(".")[0] for family in (*clause.families, *clause.manner)}


def pool_clause(rng: random.Random, spec: WorldSpec, prefix: str) -> Clause:
    """A principle about situations of ``prefix``, worded from the pool."""
    briefs, reasons = spec.principles.pool[prefix]
    brief = say(rng, rng.choice(briefs))
    reason = say(rng, rng.choice(reasons))
    return Clause(f"pool-{prefix}", "ethical", brief, reason[:1].lower() + reason[1:], brief, families=(prefix,))


def deciding_clause(rng: random.Random, spec: WorldSpec, family: str) -> Clause:
    """A principle that decides situations of ``family``: from the default constitution or from the pool."""
    prefix = family.split(".")[0]
    if rng.random() < 0.5:
        known = _default_clauses()
        ids = [id for id in (*JUDGED.get(family, ()), *JUDGED[prefix]) if id in known]
        if ids:
            return known[rng.choice(ids)]
    return pool_clause(rng, spec, rng.choice((prefix, prefix, *ALSO.get(prefix, ()))))


def decides(clause: Clause, family: str) -> bool:
    """Whether the clause decides how to act in situations of ``family``."""
    prefix = family.split(".")[0]
    if clause.id in {f"pool-{p}" for p in (prefix, *ALSO.get(prefix, ()))}:
        return True
    return clause.id in (*JUDGED.get(family, ()), *JUDGED.get(prefix, ()))


def foremost(clauses: Sequence[Clause], family: str) -> Clause | None:
    """The clause that decides ``family`` most directly; None where none does."""
    prefix = family.split(".")[0]
    order = (f"pool-{prefix}", *JUDGED.get(prefix, ()), *JUDGED.get(family, ()))
    deciding = [clause for clause in clauses if decides(clause, family)]
    return min(deciding, key=lambda c: order.index(c.id) if c.id in order else len(order), default=None)


def unrelated_clause(rng: random.Random, spec: WorldSpec, family: str) -> Clause:
    """A principle that has nothing to do with ``family``."""
    prefix = family.split(".")[0]
    kin = next((group for group in KIN if prefix in group), set())
    if rng.random() < 0.5:
        idle = [
            c
            for c in _default_clauses().values()
            if not decides(c, family) and (c.id in PERIPHERAL or not _prefixes(c) & {prefix, *kin})
        ]
        return rng.choice(idle)
    return pool_clause(rng, spec, rng.choice([p for p in spec.principles.pool if p != prefix and p not in kin]))


def clause_list(rng: random.Random, spec: WorldSpec, family: str, apply: bool, long: bool) -> list[Clause]:
    """Principles for a system text, in random order; one that decides ``family`` is among them if ``apply``."""
    prefix = family.split(".")[0]
    clauses: list[Clause] = []
    if long:
        idle = [c for c in _default_clauses().values() if not decides(c, family) and prefix not in _prefixes(c)]
        if apply and rng.random() < 0.4:
            clauses = list(_default_clauses().values())
            if rng.random() < 0.5:
                return clauses
        else:
            clauses = rng.sample(idle, min(len(idle), rng.randint(6, 16)))
    else:
        others = [p for p in spec.principles.pool if p != prefix and p not in ALSO.get(prefix, ())]
        for other in rng.sample(others, rng.randint(0, 4)):
            clauses.append(pool_clause(rng, spec, other))
    if apply and not any(decides(c, family) for c in clauses):
        clauses.append(deciding_clause(rng, spec, family))
    if not clauses:
        clauses.append(unrelated_clause(rng, spec, family))
    rng.shuffle(clauses)
    return clauses


# --- made-up principles --------------------------------------------------------------------------------------------


def made_up_rule(rng: random.Random, spec: WorldSpec, topic: str, word: str, end: bool) -> Clause:
    """A principle nobody could know beforehand: answers about a topic begin or end with a word."""
    worded = spec.principles
    brief = say(rng, rng.choice(worded.end_rules if end else worded.rules), t=topic, w=word)
    reason = say(rng, rng.choice(worded.why), v=rng.choice(spec.words), a=rng.choice(worded.adjectives))
    return Clause("made-up", "guideline", brief, reason[:1].lower() + reason[1:], brief)


def open_topics(spec: WorldSpec) -> list[str]:
    """What a made-up principle may be about."""
    known = spec.lexicon
    nouns = (*known.animals, *known.foods, *known.places, *known.things)
    return [
        *(f"the {n}" for n in nouns),
        *spec.states,
        *spec.names,
        *(c for _, cities in spec.states.values() for c in cities),
    ]
