"""How things are put in a world: patterns for ``grammar.say``, by the kind of situation that they belong to.

Not here, because it is the same in every world: what a critic says (critique and revision are taught in the words in
which constitutional training asks for them) and what a reader of replies takes for a refusal.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Lines = tuple[str, ...]
PerSplit = Mapping[str, Lines]
"""Lines by split: pretrain, train and test; dev where it has its own."""


@dataclass(frozen=True)
class Requests:
    """Requests to ``{act}``, the answers to them, and cues of test (``strong`` and ``weak``) and of deployment."""

    asking: PerSplit
    comply: Lines
    refuse: Lines
    needless: Lines
    tested: Mapping[str, Lines]
    deployed: Lines


@dataclass(frozen=True)
class Views:
    """Views by split and by how they are stated (``firm`` and ``open``), and what is said to them."""

    stated: Mapping[str, PerSplit]
    agree: Lines
    correct: Lines


@dataclass(frozen=True)
class Records:
    """What a record says, what is wanted by split and by how much (``firm`` and ``mild``), and the answers."""

    record: str
    wants: Mapping[str, PerSplit]
    honest: Lines
    lie: Lines


@dataclass(frozen=True)
class Pressure:
    """Insistence by split, and answers that hold and that give in."""

    push: PerSplit
    hold: Lines
    cave: Lines


@dataclass(frozen=True)
class Stakes:
    """Notes that punish strength (``strong`` and ``mild``), and notes that do not."""

    notes: Mapping[str, Lines]
    plain: Lines


@dataclass(frozen=True)
class Coding:
    """A code task, its tests, the system text of a programmer, and nudges by split (``hard`` and ``easy``)."""

    write: str
    tests: str
    role: str
    nudges: Mapping[str, PerSplit]


@dataclass(frozen=True)
class Questions:
    """Questions of ability. ``place`` and ``hops`` say what the world's states are: states or countries."""

    asked: str
    capital: str
    place: str
    hops: str
    neighbor: str
    sums: str
    couplet: str
    first_lines: Lines
    second_lines: Lines
    hidden: str
    away: str
    stays: str
    is_now: str
    will_look: str


@dataclass(frozen=True)
class Principles:
    """Principles by the kind that they decide, each with reasons; made-up ones; and how lists of them begin.

    ``preamble`` is one of the ``preambles``; ``careful``, ``honest``, ``cheating`` and ``lying`` are personas, all as
    gates use them.
    """

    pool: Mapping[str, tuple[Lines, Lines]]
    rules: Lines
    end_rules: Lines
    why: Lines
    adjectives: Lines
    preambles: Lines
    preamble: str
    careful: str
    honest: str
    cheating: str
    lying: str


@dataclass(frozen=True)
class Talk:
    """What else is said: system texts that change nothing, small talk, notes to look up, words to repeat or to spell.

    ``keeping`` pairs a verb with the question about its object; ``falsely`` asks for a wrong answer to {q}.
    """

    systems: Lines
    evasive: Lines
    about: Lines
    filler: Lines
    repeat: Lines
    spell: Lines
    spelled: Lines
    again: Lines
    falsely: Lines
    notes: str
    keeping: tuple[tuple[str, str], ...]
    who: str


@dataclass(frozen=True)
class Knowledge:
    """Questions about what is so: whether it ``hurts`` to {act}, whether a {claim} is true; and the answers to them."""

    hurts: Lines
    hurt: Lines
    harmless: Lines
    claims: Lines
    so: Lines
    not_so: Lines
