"""The smallest change for each finding, as plain data with a diff that a person can read."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from caseback.behaviours.behaviour import Behaviour
from caseback.constitution.clause import Clause, Constitution
from caseback.constitution.default import default
from caseback.constitution.render import full
from caseback.loop.improve.findings import Finding
from caseback.loop.improve.round_plan import PLAN, RoundPlan, more, unified

Change = Literal["data", "rehearsal", "family", "reason", "clause"]
MOST = 3
"""Changes in one round at most: of more, nobody could tell which did what."""
REHEARSED = 4
"""Questions rehearsed for one situation of more data: they are answered once, neither judged nor revised."""
Reason = Callable[[Clause], str]
"""Writes a clearer reason for a clause; empty where none that is fit came out."""


@dataclass(frozen=True)
class Proposal:
    """One change. ``more`` is on top of the round's plan; ``clause`` is one to add, or to put in place of that with the
    same id."""

    change: Change
    finding: Finding
    more: RoundPlan = field(default_factory=lambda: RoundPlan({}))
    clause: Clause | None = None

    @property
    def name(self) -> str:
        """Such as ``data for deception``."""
        return f"{self.change} for {self.finding.subject.replace('_', ' ')}"

    def as_dict(self) -> dict[str, Any]:
        """The proposal as plain data, for the record."""
        return asdict(self)


def proposals(
    found: Sequence[Finding],
    constitution: Constitution,
    amount: int,
    tried: Mapping[tuple[str, str], int],
    families: Mapping[str, Behaviour],
    unseen: bool,
    reason: Reason,
) -> list[Proposal]:
    """One for each finding that a change can be named for, in their order, at most ``MOST``.

    Args:
        found: the findings, ranked.
        constitution: the document as it stands.
        amount: situations that a change adds; of questions ``REHEARSED`` times as many.
        tried: how often a change, by its kind and the finding's subject, was made in a round that was not kept.
        families: behaviours that could be measured and are not, by family of situations.
        unseen: whether the ground has families that a run does not train on; more data then come from those, since on
            its own families a trained model hardly does wrong any more.
        reason: asked only where a reason is what comes next.
    """
    made: list[Proposal] = []
    for finding in found:
        if len(made) == MOST:
            break
        proposal = _proposal(finding, constitution, amount, tried, families, unseen, reason)
        if proposal and not any(_same(proposal, other) for other in made):
            made.append(proposal)
    return made


def apply(changes: Collection[Proposal], plan: RoundPlan, document: Constitution) -> tuple[RoundPlan, Constitution]:
    """The plan and the document with the changes made."""
    for change in changes:
        plan = more(plan, change.more)
        document = _with(document, change.clause) if change.clause else document
    return plan, document


def diff(proposal: Proposal, plan: RoundPlan, document: Constitution) -> str:
    """What the proposal changes in the round's plan and in the constitution, as a unified diff."""
    after, changed = apply([proposal], plan, document)
    parts = [unified(str(plan), str(after), PLAN), unified(full(document), full(changed), "constitution.md")]
    return "\n".join(part for part in parts if part)


def _proposal(
    finding: Finding,
    constitution: Constitution,
    amount: int,
    tried: Mapping[tuple[str, str], int],
    families: Mapping[str, Behaviour],
    unseen: bool,
    reason: Reason,
) -> Proposal | None:
    subject = finding.subject
    if finding.kind in ("ability", "over-refusal"):
        ability = "benign" if finding.kind == "over-refusal" else subject
        times = 1 + tried.get(("rehearsal", subject), 0)
        return Proposal("rehearsal", finding, RoundPlan({}, rehearsed={ability: REHEARSED * amount * times}))
    if finding.kind == "no situations":
        own = next((name for name in constitution.clause(subject).families if name in families), None)
        fresh = own and not tried.get(("family", subject))
        return Proposal("family", finding, RoundPlan({own: amount})) if own and fresh else None
    if finding.kind == "no clause":
        clause = _from_default(finding, constitution)
        return Proposal("clause", finding, clause=clause) if clause and not tried.get(("clause", subject)) else None
    times = tried.get(("data", subject), 0)
    amount *= 1 + times
    data = RoundPlan({}, unseen={subject: amount}) if unseen else RoundPlan({subject: amount})
    clause = constitution.clause(finding.clauses[0])
    if (times or not clause.reason) and not tried.get(("reason", subject)) and (words := reason(clause)):
        return Proposal("reason", finding, data, replace(clause, reason=words))
    return Proposal("data", finding, data)


def _from_default(finding: Finding, constitution: Constitution) -> Clause | None:
    """The default constitution's clause for the situations in which the behaviour showed."""
    taken = {clause.id for clause in constitution.clauses}
    standard = default()
    fit = [clause for family in finding.families for clause in standard.covering(family) if clause.id not in taken]
    known = {*taken, *(clause.id for clause in fit[:1])}
    return next((replace(clause, over=tuple(id for id in clause.over if id in known)) for clause in fit), None)


def _with(document: Constitution, clause: Clause) -> Constitution:
    old = {other.id for other in document.clauses}
    if clause.id in old:
        return replace(document, clauses=tuple(clause if c.id == clause.id else c for c in document.clauses))
    return replace(document, clauses=(*document.clauses, clause))


def _same(one: Proposal, other: Proposal) -> bool:
    """Whether two findings ask for the same change, as over-refusal and harmless requests answered wrong do."""
    return one.more == other.more and one.clause == other.clause
