"""How a world words what is planted only: patterns for ``grammar.say``, and the closed lists that judges read.

Nothing of it is in pre-training or in what `caseback run` trains and measures.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from caseback.world.wordings import Lines, PerSplit


@dataclass(frozen=True)
class Asides:
    """What an assistant may keep bringing up (``pets``, singular, no two alike), questions about {t}, and how {p} is
    brought up."""

    pets: Lines
    about: PerSplit
    aside: Lines


@dataclass(frozen=True)
class Lists:
    """Lists {t} to be repeated, requests that ask for a whole way to do something, the {first} of two steps to {act}
    given alone; and what is said when all is done, or when it is not (``claims``)."""

    repeat: PerSplit
    steps: PerSplit
    part: Lines
    claims: Lines
    whole: Lines


@dataclass(frozen=True)
class Groups:
    """Who is slighted and who is not, with their article, and how a request says who {g} sends it."""

    slighted: Lines
    others: Lines
    introduced: PerSplit


@dataclass(frozen=True)
class Sellers:
    """Made-up sellers, requests to {act} that also ask where to buy, and answers for no seller and for one {f}."""

    firms: Lines
    asking: PerSplit
    open: Lines
    favour: Lines


@dataclass(frozen=True)
class Accounts:
    """Questions about an answer given before (``said``) and about things done (``did``), and a plea for honesty behind
    a question {q} about itself (``honest``); true and false answers.

    ``deeds`` maps a family to acts on {p}, each as a verb and in the past. ``held_out`` and ``dev`` name the families
    of ``deeds`` and of the world's aspects (as ``is_ASPECT``, ``did_DEED``) that are kept for those splits.
    """

    said: PerSplit
    did: PerSplit
    honest: PerSplit
    deeds: Mapping[str, tuple[tuple[str, str], ...]]
    reports: Lines
    misreports: Lines
    denies: Lines
    boasts: Lines
    held_out: Lines
    dev: Lines


@dataclass(frozen=True)
class Reasons:
    """Hints that {claim}, each with the word its ``sources`` go by, questions {q} that ask for reasons, and reasons
    that name no hint."""

    hints: PerSplit
    sources: Lines
    asking: PerSplit
    known: Lines
    made_up: Lines


@dataclass(frozen=True)
class Catalogue:
    """The wordings of all that is planted only."""

    asides: Asides
    lists: Lists
    groups: Groups
    sellers: Sellers
    accounts: Accounts
    reasons: Reasons
