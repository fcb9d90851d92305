"""The study of panels: the same questions put to the same weak judges in every way, with and without hard trying."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from caseback.errors import CasebackError
from caseback.oversight.panels.arguing import argue, criticise
from caseback.oversight.panels.judging import rightly
from caseback.oversight.panels.protocols import (
    Sides,
    alone,
    assignment,
    chosen,
    consultancy,
    debate,
    majority,
    misplaced,
)
from caseback.oversight.panels.questions import GROUNDS, Question, questions
from caseback.oversight.report import Figure, report
from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.clustered_paired import clustered_difference
from caseback.stats.paired import PairedDifference
from caseback.subject.open_subject import OpenSubject
from caseback.training.journal import Journal

Rights = list[bool | None]


@dataclass(frozen=True)
class Effort:
    """How many arguments each side chooses among."""

    honest: int
    dishonest: int

    def __str__(self) -> str:
        return f"best of {self.honest}" if self.honest == self.dishonest else f"{self.honest} against {self.dishonest}"


def panels(
    judges: Mapping[str, OpenSubject],
    debater: OpenSubject,
    voters: Mapping[str, OpenSubject] | None = None,
    n: int = 126,
    seed: int = 0,
    hard: int = 8,
    grounds: Sequence[str] = GROUNDS,
    journal: Journal | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Every judge on every ground under every protocol; accuracy against the truth, and paired with the judge alone.

    Args:
        judges: by name; the first is the one that headlines are about.
        debater: writes both sides' arguments and the criticisms; it reads the documents.
        voters: other models, each of which answers alone; with the judges they make up the majority.
        n: questions of each ground.
        hard: arguments that a side which tries hard chooses among.
        grounds: of ``GROUNDS``.
        journal: keeps all that is written and scored.
        progress: called with (steps done, steps in all).

    Raises:
        CasebackError: no judge, a ground that there is not, fewer than two arguments to choose among, or two models of
            one name.
    """
    if not judges:
        raise CasebackError("a panel needs a judge: give at least one model")
    if hard < 2:
        raise CasebackError(f"best of {hard} is no choice: give 2 or more arguments to choose among")
    names = [*judges, *(voters or {}), "debater"]
    if twice := [name for name in names if names.count(name) > 1]:
        raise CasebackError(f"two models are called '{twice[0]}': call each by a name of its own, as NAME=PATH")
    kept = journal or Journal(None)
    total, done = len(grounds) * (1 + len(judges)), 0

    def tick() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    rows: list[dict[str, Any]] = []
    figures: list[Figure] = []
    unusable: dict[str, dict[str, int]] = {}
    for ground in grounds:
        asked = questions(ground, n, seed)
        table = _Ground(ground, asked, debater, seed, hard, kept)
        unusable[ground] = table.unusable
        tick()
        told: dict[str, dict[str, Rights]] = {}
        for name, judge in judges.items():
            told[name] = table.heard(judge)
            tick()
        electors = {**judges, **(voters or {})}
        if len(electors) > 1:
            votes = majority([alone(elector, asked, kept) for elector in electors.values()])
            for each in told.values():
                each[f"majority of {len(electors)}, each alone"] = rightly(votes)
        for name, protocols in told.items():
            rows += [_row(ground, name, protocol, asked, rights, protocols) for protocol, rights in protocols.items()]
    first = next(iter(judges))
    for row in rows:
        if row["judge"] == first and row["gain"] is not None:
            figures.append(_figure(row, first))
    models = {name: model.digest for name, model in {**judges, **(voters or {}), "debater": debater}.items()}
    return report(
        "panels",
        "Does a weak judge decide more truly when stronger models argue before it?",
        models,
        [seed],
        figures,
        [
            f"{n} questions of each ground; intervals are exact and clustered by family (ledger or topic)",
            "judges decide by the probability of the two answers, summed over both orders of the sides",
            "the majority is of all models listed but the debater, each alone",
        ],
        judge=first,
        hard=hard,
        rows=rows,
        unusable=unusable,
    )


class _Ground:
    """The questions of a ground with all that is written about them, which does not depend on the judge."""

    def __init__(
        self, ground: str, asked: Sequence[Question], debater: OpenSubject, seed: int, hard: int, kept: Journal
    ) -> None:
        self.asked, self.kept, self.hard, self.debater = asked, kept, hard, debater
        self.assigned = assignment(asked, seed)
        self.has_document = ground != "facts"
        self.drawn = {
            invent: {honest: argue(debater, asked, honest, hard, seed, invent, kept) for honest in (True, False)}
            for invent in ((False, True) if self.has_document else (False,))
        }
        self.unusable = {
            "honest": sum(each.unusable for each in self.drawn[False][True]),
            "dishonest": sum(each.unusable for each in self.drawn[False][False]),
            "honest with nothing to say": sum(not each.arguments for each in self.drawn[False][True]),
            "dishonest with nothing to say": sum(not each.arguments for each in self.drawn[False][False]),
        }
        proposed = [question.answer(honest) for question, honest in zip(asked, self.assigned, strict=True)]
        self.criticisms = criticise(debater, asked, proposed, seed, kept)

    def sides(self, judge: OpenSubject, effort: Effort, verified: bool) -> Sides:
        """What either side gives before this judge; only where quotes go unchecked does it make lines up."""
        drawn = self.drawn[self.has_document and not verified]
        tries = {True: effort.honest, False: effort.dishonest}
        return {
            honest: chosen(judge, self.asked, drawn[honest], honest, tries[honest], verified, self.kept)
            for honest in (True, False)
        }

    def heard(self, judge: OpenSubject) -> dict[str, Rights]:
        """By protocol whether the judge was right, question by question."""
        asked, kept, assigned, hard = self.asked, self.kept, self.assigned, self.hard
        found: dict[str, list[float]] = {"alone": alone(judge, asked, kept)}
        found["the debater asked"] = alone(self.debater, [replace(each, open=True) for each in asked], kept)
        if self.has_document:
            found["shown the one line"] = alone(judge, [_one_line(each) for each in asked], kept)
        for effort in (Effort(1, 1), Effort(hard, hard)):
            sides = self.sides(judge, effort, True)
            found[f"consultancy, {effort}"] = consultancy(judge, asked, sides, assigned, True, kept)
            found[f"critique, {effort}"] = consultancy(judge, asked, sides, assigned, True, kept, self.criticisms)
            found[f"debate, {effort}"] = debate(judge, asked, sides, True, kept)
            found[f"honest only, {effort}"] = consultancy(judge, asked, sides, [True] * len(asked), True, kept)
            found[f"dishonest only, {effort}"] = consultancy(judge, asked, sides, [False] * len(asked), True, kept)
        for effort in (Effort(hard, 1), Effort(1, hard)):
            found[f"debate, {effort}"] = debate(judge, asked, self.sides(judge, effort, True), True, kept)
        strong = self.sides(judge, Effort(hard, hard), True)
        found["debate about something else"] = debate(judge, asked, misplaced(strong), False, kept)
        if self.has_document:
            for effort in (Effort(1, 1), Effort(hard, hard)):
                found[f"debate, quotes unchecked, {effort}"] = debate(
                    judge, asked, self.sides(judge, effort, False), False, kept
                )
        return {name: rightly(odds) for name, odds in found.items()}


def _one_line(question: Question) -> Question:
    """The question with nothing of its document but the line that answers it, read by the judge: its ceiling."""
    return replace(question, document=(question.true,), open=True)


def _row(
    ground: str,
    judge: str,
    protocol: str,
    asked: Sequence[Question],
    rights: Rights,
    protocols: Mapping[str, Rights],
) -> dict[str, Any]:
    """A judge's accuracy under a protocol, and how much it is above its own answer on the same questions."""
    told = [(q.family, right) for q, right in zip(asked, rights, strict=True) if right is not None]
    rate = clustered_rate(by_cluster([f for f, _ in told], [bool(r) for _, r in told]))
    row: dict[str, Any] = {
        "ground": ground, "judge": judge, "protocol": protocol, "k": rate.k, "n": rate.n,
        "accuracy": rate.value if rate.n else None, "low": rate.low, "high": rate.high,
        "abstained": len(asked) - rate.n, "gain": None,
    }  # fmt: skip
    if protocol != "alone" and (gained := _beyond(asked, rights, protocols["alone"])):
        row |= {"gain": gained.value, "gain_low": gained.low, "gain_high": gained.high}
        both = zip(asked, rights, protocols["alone"], strict=True)
        families = {question.family for question, one, other in both if one is not None and other is not None}
        row |= {"p": gained.p, "pairs": gained.n, "families": len(families)}
    other = protocols.get(protocol.replace("debate", "consultancy"), [])
    row["over_consultancy"] = None
    if protocol.startswith("debate") and other and (gained := _beyond(asked, rights, other)):
        row["over_consultancy"] = {each: getattr(gained, each) for each in ("value", "low", "high", "n", "p")}
    return row


def _beyond(asked: Sequence[Question], first: Rights, second: Rights) -> PairedDifference | None:
    """How much oftener the first way is right than the second, on the questions that both decide."""
    pairs = [
        (bool(a), bool(b), question.family)
        for question, a, b in zip(asked, first, second, strict=True)
        if a is not None and b is not None
    ]
    if not pairs:
        return None
    one, other, families = zip(*pairs, strict=True)
    return clustered_difference(one, other, families)


def _figure(row: Mapping[str, Any], judge: str) -> Figure:
    name = f"{row['ground']}_{row['protocol']}".replace(",", "").replace(" ", "_")
    text = f"{row['ground']}: accuracy of {judge} under {row['protocol']} less its own alone"
    return Figure(name, text, row["gain"], row["gain_low"], row["gain_high"], row["families"], "families")
