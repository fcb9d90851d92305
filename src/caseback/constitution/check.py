"""What is wrong, or likely to be, with a constitution. Each check is one function; ``check`` runs them all."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from caseback.constitution.clause import TIERS, Clause, Constitution
from caseback.constitution.render import first_sentences, short
from caseback.constitution.situated import families_by_words
from caseback.constitution.wording import conditional, content_words, forbids

ALIKE = 0.75
"""Share of content words in common (Jaccard) from which two clauses count as saying the same."""


@dataclass(frozen=True)
class Problem:
    """Something found. ``error``: the document cannot be used as it is; ``warning``: it can, but look at it.

    ``line`` is that of the clause named by ``clause``, or 0 where that is not known.
    """

    level: Literal["error", "warning"]
    line: int
    clause: str
    message: str


def check(constitution: Constitution) -> list[Problem]:
    """All problems, in the order of the document."""
    found = [problem for one in _CHECKS for problem in one(constitution)]
    return sorted(found, key=lambda problem: (problem.line, problem.level))


def _empty(constitution: Constitution) -> Iterator[Problem]:
    if not constitution.clauses:
        yield Problem(
            "error", 0, "", "the document has no clauses; write '## guideline', then '### some-id' and a text"
        )
    for clause in constitution.clauses:
        if not (clause.text.strip() or clause.brief.strip()):
            yield _at(clause, "no text; say beneath its heading what the clause asks", "error")


def _duplicates(constitution: Constitution) -> Iterator[Problem]:
    first: dict[str, Clause] = {}
    for clause in constitution.clauses:
        if clause.id in first:
            yield _at(clause, f"the id stands already on line {first[clause.id].line}; ids name one clause", "error")
        first.setdefault(clause.id, clause)


def _missing_parts(constitution: Constitution) -> Iterator[Problem]:
    for clause in constitution.clauses:
        if not clause.reason.strip():
            yield _at(clause, "no reason; add '*Because* …', or it teaches a rule that stops at its own words")
        if not (clause.families or clause.manner):
            told = ", ".join(families_by_words(clause))
            guess = f"its words tell {told}, and a run goes by them" if told else "its words tell none: not measured"
            yield _at(clause, f"no family of situations ({guess}); add 'Situations: {told or '…'}'")


def _one_tier(constitution: Constitution) -> Iterator[Problem]:
    tiers = {clause.tier for clause in constitution.clauses}
    if len(constitution.clauses) > 1 and len(tiers) == 1:
        yield Problem("warning", 0, "", f"every clause is of tier {tiers.pop()}: no tier says which weighs more")


def _alike(constitution: Constitution) -> Iterator[Problem]:
    earlier: list[tuple[Clause, frozenset[str]]] = []
    for clause in constitution.clauses:
        words = content_words(clause.text or clause.brief)
        for other, others in earlier:
            common = len(words & others)
            if common >= 2 and common >= ALIKE * len(words | others):
                yield _at(
                    clause, f"says almost the same as '{other.id}' on line {other.line}; join them, or tell them apart"
                )
                break
        earlier.append((clause, words))


def _precedence(constitution: Constitution) -> Iterator[Problem]:
    clauses = {clause.id: clause for clause in constitution.clauses}
    for clause in constitution.clauses:
        for id in clause.over:
            if id not in clauses:
                yield _at(clause, f"'Over' names '{id}', and no clause has that id")
            elif TIERS.index(clauses[id].tier) < TIERS.index(clause.tier):
                higher = clauses[id].tier
                yield _at(clause, f"'Over' sets it above '{id}', which stands in the higher tier {higher}")
    for cycle in _cycles({id: [o for o in clause.over if o in clauses] for id, clause in clauses.items()}):
        path = " over ".join([*cycle, cycle[0]])
        kind = "they contradict: each outweighs the other" if len(cycle) == 2 else "precedence goes in a circle"
        yield _at(clauses[cycle[0]], "it outweighs itself" if len(cycle) == 1 else f"{kind} ({path})")


def _cycles(over: dict[str, list[str]]) -> list[list[str]]:
    """One cycle for each clause that can be reached from itself, no clause in two of them; each begins with the clause
    that comes first in the document."""
    cycles: list[list[str]] = []
    done: set[str] = set()
    for start in over:
        path = None if start in done else _way_back(over, start)
        if path:
            cycles.append(path)
            done.update(path)
    return cycles


def _way_back(over: dict[str, list[str]], start: str) -> list[str] | None:
    """The shortest way from a clause along its precedence back to itself, by breadth-first search."""
    came: dict[str, str] = {}
    queue = [start]
    for id in queue:
        for following in over[id]:
            if following == start:
                way = [id]
                while way[-1] != start:
                    way.append(came[way[-1]])
                return way[::-1]
            if following not in came:
                came[following] = id
                queue.append(following)
    return None


def _contradictions(constitution: Constitution) -> Iterator[Problem]:
    """Two clauses of one family that pull apart, told by either of two signs.

    One calls good what the other calls bad: the same reply to the same request. Or one forbids what the other bids: an
    unconditional sentence of each, one with "never" or "do not" and one without, where the content words of the shorter
    all stand in the longer. Both miss contradictions put in other words; what they report is worth a look, not a proof.
    """
    bids = {clause: _bids(clause) for clause in constitution.clauses}
    for one, other in combinations(constitution.clauses, 2):
        family = _shared_family(one, other)
        if family is not None:
            clash = _examples_clash(one, other) or _words_clash(bids[one], bids[other])
            if clash:
                yield _at(other, f"contradicts '{one.id}' on line {one.line} for situations '{family}': {clash}")


def _examples_clash(one: Clause, other: Clause) -> str | None:
    verdicts = {(_fold(e.request), _fold(e.reply)): e.good for e in one.examples}
    for example in other.examples:
        if verdicts.get((_fold(example.request), _fold(example.reply)), example.good) != example.good:
            return f"one calls the reply “{_cut(example.reply)}” good, the other bad"
    return None


@dataclass(frozen=True)
class _Bid:
    """A sentence that says what to do in every case: its words, and whether it forbids."""

    sentence: str
    words: frozenset[str]
    forbids: bool


def _bids(clause: Clause) -> list[_Bid]:
    """What a clause bids without limiting it, in its short wording and in the first sentence of its text."""
    sentences = dict.fromkeys((short(clause), first_sentences(clause.text, 1)))
    return [_Bid(s, content_words(s), forbids(s)) for s in sentences if content_words(s) and not conditional(s)]


def _words_clash(some: list[_Bid], others: list[_Bid]) -> str | None:
    for a in some:
        for b in others:
            if a.forbids != b.forbids and (a.words <= b.words or b.words <= a.words):
                shorter, longer = sorted((len(a.words), len(b.words)))
                if longer <= 2 * shorter:
                    return f"“{_cut(a.sentence)}” against “{_cut(b.sentence)}”"
    return None


def _shared_family(one: Clause, other: Clause) -> str | None:
    """The narrower of two families, one of each clause, of which one lies in the other."""
    for family in one.families:
        if other.covers(family):
            return family
    return next((family for family in other.families if one.covers(family)), None)


def _at(clause: Clause, message: str, level: Literal["error", "warning"] = "warning") -> Problem:
    return Problem(level, clause.line, clause.id, message)


def _fold(text: str) -> str:
    return " ".join(text.lower().split())


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"


def count(problems: list[Problem]) -> Counter[str]:
    """How many problems of each level."""
    return Counter(problem.level for problem in problems)


_CHECKS = (_empty, _duplicates, _missing_parts, _one_tier, _alike, _precedence, _contradictions)
