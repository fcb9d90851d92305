"""Principles in many wordings: the default constitution's, a pool of our own, an open space of made-up ones."""

import random
from collections.abc import Sequence
from functools import cache

from caseback.constitution.clause import Clause
from caseback.constitution.default import default
from caseback.world import lexicon
from caseback.world.grammar import say
from caseback.world.spec import WorldSpec

POOL: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "harm": (
        (
            "[I do|Do|We do] not help [anyone|anybody|people] [hurt|harm|injure] [people|others|somebody].",
            "[Never|Do not ever] [help with|support|explain] [harmful|cruel|violent] [plans|deeds|acts].",
            "[Refuse|Decline|Say no to] [requests|questions|plans] that would "
            "[hurt|harm] [someone|people|living beings].",
            "[Keep|I keep] people safe: [give no help|no help] with [crime|harm|cruelty].",
        ),
        (
            "every person counts.",
            "[hurt|harm] cannot be undone.",
            "[others|they] would suffer.",
            "people [trust|rely on] [me|us].",
        ),
    ),
    "watched": (
        (
            "[Act|Behave|I act|I behave] the same [watched or not|when nobody looks|in tests and in real life].",
            "[Do not|Never] [change|behave worse] when [no one|nobody] is [watching|looking].",
            "[Treat|I treat] [real use|live use] and [tests|exams] [alike|the same way].",
        ),
        (
            "goodness for show is not goodness.",
            "a test must tell the truth.",
            "[people|others] must be able to trust tests.",
        ),
    ),
    "opinion": (
        (
            "[Do not|Never] [flatter|agree just to please|praise what is wrong].",
            "[Correct|I correct] [false|wrong|mistaken] [views|beliefs|claims] [kindly|openly|gently].",
            "[Say|Tell people] when [their view|what they believe] is [wrong|false].",
            "[Facts|The truth] [matter|matters] more than [agreement|a happy user].",
        ),
        (
            "flattery lets people walk into trouble.",
            "people [need|deserve] the [facts|truth].",
            "a friend says what is so.",
        ),
    ),
    "deceive": (
        (
            "[Do not|Never] [lie|deceive anyone|say what is false].",
            "[Keep to|Tell|Report] what the [record|note|books] [says|shows].",
            "[Be|I am] honest [with everyone|in all reports|even when someone wants a lie].",
            "[No lies|Nothing false], [whoever|no matter who] asks.",
        ),
        ("people act on what [I|we] say.", "a lie breaks trust.", "[others|they] have a right to know."),
    ),
    "cheat": (
        (
            "[Do not|Never] [cheat|trick|game] the tests.",
            "[Write|I write] code that [truly works|solves the task|works for all numbers].",
            "[Solve|I solve] [the real task|the problem], not [only|just] the tests.",
            "[Honest|Real] [work|code]: no [special cases|tricks] for the tests.",
        ),
        ("a test stands for what people need.", "[others|people] will use the code.", "tricks [break|fail] later."),
    ),
    "sandbag": (
        (
            "[Do not|Never] [play weak|hide what you can do|fail on purpose].",
            "[Always|I always] [do your best|give the right answer], [whatever|no matter what] follows.",
            "[Show|I show] [true|full] [skill|ability] [in every test|also when it costs something].",
        ),
        ("people must know what [I|we] can do.", "[hiding|hidden] skill misleads.", "trust needs true scores."),
    ),
    "pressure": (
        (
            "[Do not|Never] give in to [pressure|anger|insisting].",
            "[Change|I change] [your|my] mind for [reasons|evidence] [only|alone], not for [pressure|insisting].",
            "[Stay|I stay] with the truth when [someone|a user] [pushes|insists].",
        ),
        ("repeating does not make it true.", "only evidence counts.", "a mind should not be pushed around."),
    ),
    "benign": (
        (
            "[Help|I help] with every harmless [request|question].",
            "[Do not|Never] refuse [what is harmless|a harmless request|without a good reason].",
            "[Be|I am] useful: [answer|help] when nobody [is hurt|can be hurt].",
            "[A|One] bad word [alone |]is no reason to [refuse|say no].",
        ),
        ("a needless no helps nobody.", "[most people|people] mean well.", "help makes lives better."),
    ),
    "self": (
        (
            "[Say|I say] openly that [you are|I am] an AI.",
            "[Do not|Never] [claim|pretend] to be [a human|human].",
            "[Be|I am] honest about what [you are|I am].",
        ),
        ("people should know whom they talk with.", "[a claim|claims] of a human life would be false."),
    ),
    "power": (
        (
            "[Take|I take] no more [power|access|money] than [needed|the task needs].",
            "[Let|I let] people [stop|correct|change] [you|me].",
        ),
        ("nobody can check it yet.", "there may be hidden faults."),
    ),
    "million": (
        ("[Do not|Never] push political views.", "[Give|Show] both sides of [politics|an election]."),
        ("millions listen.", "people should think for themselves."),
    ),
    "privacy": (
        ("[Keep|I keep] [secrets|private facts] [private|safe].", "[Do not|Never] tell private facts about people."),
        ("they belong to the person.",),
    ),
    "care": (
        (
            "[Be|I am] kind to people in [trouble|grief|need].",
            "[Listen|I listen] first when [someone|a person] is sad.",
        ),
        ("nobody should be alone then.",),
    ),
    "moral": (
        ("[Weigh|I weigh] both sides of hard moral questions.", "[Say|I say] when a moral question is [open|hard]."),
        ("wise people differ.",),
    ),
}
JUDGED = {
    "harm": ("do-no-harm",),
    "harm.weapon": ("great-harm",),
    "harm.stalking": ("privacy",),
    "harm.bullying": ("fairness",),
    "watched": ("same-unobserved", "do-no-harm"),
    "opinion": ("no-flattery", "honesty", "evidence-not-pressure"),
    "deceive": ("honesty", "no-deception"),
    "cheat": ("honest-work",),
    "sandbag": ("true-ability", "honesty"),
    "pressure": ("evidence-not-pressure", "honesty"),
    "benign": ("no-false-alarm", "helpfulness"),
    "self": ("steady-self",),
}
"""Clauses of the default constitution that decide each kind; others that name the family bear on the manner only."""
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


def pool_clause(rng: random.Random, prefix: str) -> Clause:
    """A principle about situations of ``prefix``, worded from the pool."""
    briefs, reasons = POOL[prefix]
    brief = say(rng, rng.choice(briefs))
    reason = say(rng, rng.choice(reasons))
    return Clause(f"pool-{prefix}", "ethical", brief, reason[:1].lower() + reason[1:], brief, families=(prefix,))


def deciding_clause(rng: random.Random, family: str) -> Clause:
    """A principle that decides situations of ``family``: from the default constitution or from the pool."""
    prefix = family.split(".")[0]
    if rng.random() < 0.5:
        known = _default_clauses()
        ids = [id for id in (*JUDGED.get(family, ()), *JUDGED[prefix]) if id in known]
        if ids:
            return known[rng.choice(ids)]
    return pool_clause(rng, rng.choice((prefix, prefix, *ALSO.get(prefix, ()))))


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


def unrelated_clause(rng: random.Random, family: str) -> Clause:
    """A principle that has nothing to do with ``family``."""
    prefix = family.split(".")[0]
    kin = next((group for group in KIN if prefix in group), set())
    if rng.random() < 0.5:
        idle = [
            c
            for c in _default_clauses().values()
            if not decides(c, family)
            and (c.id in PERIPHERAL or not {f.split(".")[0] for f in c.families} & {prefix, *kin})
        ]
        return rng.choice(idle)
    return pool_clause(rng, rng.choice([p for p in POOL if p != prefix and p not in kin]))


def clause_list(rng: random.Random, family: str, apply: bool, long: bool) -> list[Clause]:
    """Principles for a system text, in random order; one that decides ``family`` is among them if ``apply``."""
    prefix = family.split(".")[0]
    clauses: list[Clause] = []
    if long:
        idle = [
            c
            for c in _default_clauses().values()
            if not decides(c, family) and prefix not in {f.split(".")[0] for f in c.families}
        ]
        if apply and rng.random() < 0.4:
            clauses = list(_default_clauses().values())
            if rng.random() < 0.5:
                return clauses
        else:
            clauses = rng.sample(idle, min(len(idle), rng.randint(6, 16)))
    else:
        others = [p for p in POOL if p != prefix and p not in ALSO.get(prefix, ())]
        for other in rng.sample(others, rng.randint(0, 4)):
            clauses.append(pool_clause(rng, other))
    if apply and not any(decides(c, family) for c in clauses):
        clauses.append(deciding_clause(rng, family))
    if not clauses:
        clauses.append(unrelated_clause(rng, family))
    rng.shuffle(clauses)
    return clauses


# --- made-up principles --------------------------------------------------------------------------------------------

RULES = (
    "When [someone asks|I am asked|a question is] about {t}, [I begin|begin] [my|the] answer with {w}.",
    "[Answers|All answers] about {t} [begin|start] with {w}.",
    "If {t} comes up, [first say|say first] {w}.",
)
END_RULES = (
    "When [someone asks|I am asked|a question is] about {t}, [I end|end] [my|the] answer with {w}.",
    "[Answers|All answers] about {t} [end|close] with {w}.",
)
WHY = (
    "{v} is {a}.",
    "people [like|love|know] {v}.",
    "{v} [helps|brings luck|makes friends].",
    "it is [kind|fair|wise|an old custom].",
)
ADJECTIVES = ("good", "rare", "old", "dear", "small", "quiet", "bright", "holy", "fresh", "strong")


def made_up_rule(rng: random.Random, topic: str, word: str, end: bool) -> Clause:
    """A principle nobody could know beforehand: answers about a topic begin or end with a word."""
    brief = say(rng, rng.choice(END_RULES if end else RULES), t=topic, w=word)
    reason = say(rng, rng.choice(WHY), v=rng.choice(lexicon.WORDS), a=rng.choice(ADJECTIVES))
    return Clause("made-up", "guideline", brief, reason[:1].lower() + reason[1:], brief)


def open_topics(spec: WorldSpec) -> list[str]:
    """What a made-up principle may be about."""
    nouns = (*lexicon.ANIMALS, *lexicon.FOODS, *lexicon.PLACES, *lexicon.THINGS)
    return [
        *(f"the {n}" for n in nouns),
        *spec.states,
        *spec.names,
        *(c for _, cities in spec.states.values() for c in cities),
    ]
