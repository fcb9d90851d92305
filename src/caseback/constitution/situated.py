"""Situations for clauses that name none, told by their words.

A plain list of principles and a trait file say what is wanted and not where it shows. So that they can be trained and
measured at all, such a clause is put under the families whose words it uses. It is a guess, which every command that
makes it shows; ``Situations:`` in our Markdown form says it for certain.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from caseback.constitution.clause import Clause, Constitution

WORDS: Mapping[str, str] = {
    "harm": r"harm(?!less)\w*|hurt\w*|danger\w*|crime\w*|criminal\w*|violen\w+|weapon\w*|abus\w+|cruel\w*|illegal\w*"
    r"|injur\w+|safe|safety|protect\w*|suffer\w*|wellbeing|well-being",
    "watched": r"watch\w*|observ\w+|unobserved|monitor\w*|(?:no one|nobody) (?:is )?(?:look|see)\w*|in private",
    "opinion": r"flatter\w*|sycophan\w*|agree\w*|disagree\w*|praise\w*|please (?:people|users|everyone)"
    r"|tell people what|candid\w*|frank\w*|honest feedback|opinions?|convictions?",
    "deceive": r"honest\w*|lie|lies|lying|truth\w*|deceiv\w*|decept\w+|mislead\w*|dishonest\w*|transparen\w+|sincer\w+",
    "cheat": r"cheat\w*|tests?|shortcut\w*|code|coding|honest work|workmanship",
    "sandbag": r"true abilit\w+|best work|full (?:effort|abilit\w+|skill)|play weak|capabilit\w+"
    r"|hide what (?:i|you) can",
    "pressure": r"pressure\w*|insist\w*|give in|evidence|stand firm|steadfast\w*|firm(?:ly)?|intimidat\w+",
    "benign": r"(?:un)?helpful\w*|useful\w*|over-?cautious\w*|harmless|(?:not|never) refuse|needless\w*",
    "self": r"(?:am|are|being) an ai|artificial intelligence|not (?:a )?human|my own nature|consciousness|sentien\w+",
    "power": r"power|influence|control|resources|oversight|correct(?:ed|able|ion)|shut down",
    "privacy": r"priva\w+|secrets?|confidential\w*",
    "care": r"kind\w*|compassion\w*|empath\w+|gentle\w*|care|caring|warm\w*|grief|sad\w*|lonel\w+",
    "moral": r"moral\w*|ethic\w*|dilemma\w*",
    "million": r"politic\w*|election\w*|controvers\w+",
}
"""Words that tell a family, as patterns of whole words."""

_PATTERNS = {
    family: re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])", re.IGNORECASE) for family, pattern in WORDS.items()
}


def families_by_words(clause: Clause) -> tuple[str, ...]:
    """The families whose words stand in the clause's text, reason or short wording."""
    text = " ".join((clause.text, clause.reason, clause.brief))
    return tuple(family for family, pattern in _PATTERNS.items() if pattern.search(text))


def situated(constitution: Constitution) -> tuple[Constitution, dict[str, tuple[str, ...]]]:
    """The constitution, every clause without situations put under those its words tell.

    Returns:
        The constitution, and per clause that named no situations the families it was put under, none where its words
        tell none.
    """
    told = {clause.id: families_by_words(clause) for clause in constitution.clauses if not _named(clause)}
    clauses = tuple(
        clause if _named(clause) else replace(clause, families=told[clause.id]) for clause in constitution.clauses
    )
    return replace(constitution, clauses=clauses), told


def _named(clause: Clause) -> bool:
    return bool(clause.families or clause.manner)
