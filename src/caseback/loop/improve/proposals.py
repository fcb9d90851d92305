"""The smallest change for each finding, as plain data with a diff that a person can read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from caseback.behaviours.behaviour import Behaviour
from caseback.constitution.clause import Clause, Constitution
from caseback.constitution.render import full
from caseback.loop.improve.finding import Finding
from caseback.loop.improve.missing_clause import Reason, missing_clause
from caseback.loop.improve.round_plan import PLAN, RoundPlan, more, unified

Change = Literal["data", "rehearsal", "family", "reason", "clause"]
MOST = 3
"""Changes in one round at most: of more, nobody could tell which did what."""
REHEARSED = 4
"""Questions rehearsed for one situation of more data: they are answered once, neither judged nor revised."""


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


@dataclass(frozen=True)
class Means:
    """What a change can be made with.

    ``amount`` is how many situations one adds; of questions ``REHEARSED`` times as many. ``tried`` counts how often a
    change, by its kind and the finding's subject, was made in a round that was not kept. ``unused`` are behaviours that
    could be measured and are not: by name, and families of situations by the family. ``unseen`` names the behaviours
    with families that a run does not train on; more data then come from those, since on its own families a trained
    model hardly does wrong any more. ``catalogue`` are all behaviours by name; ``reason`` is asked only where a reason
    is what comes next.
    """

    amount: int
    tried: Mapping[tuple[str, str], int]
    unused: Mapping[str, Behaviour]
    unseen: Collection[str]
    catalogue: Mapping[str, Behaviour]
    reason: Reason


def proposals(found: Sequence[Finding], constitution: Constitution, means: Means) -> list[Proposal]:
    """One for each finding that a change can be named for, in their order, at most ``MOST``.

    Args:
        found: the findings, ranked.
        constitution: the document as it stands.
        means: what the changes are made with.
    """
    made: list[Proposal] = []
    for finding in found:
        if len(made) == MOST:
            break
        proposal = _proposal(finding, constitution, means)
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


def _proposal(finding: Finding, constitution: Constitution, means: Means) -> Proposal | None:
    """The smallest change, with the very prompts of live use among its data where there are any."""
    subject, tried, own = finding.subject, means.tried, _own(finding, means.amount)
    if finding.kind in ("ability", "over-refusal"):
        ability = "benign" if finding.kind == "over-refusal" else subject
        times = 1 + tried.get(("rehearsal", subject), 0)
        rehearsed = RoundPlan({}, rehearsed={ability: REHEARSED * means.amount * times})
        return Proposal("rehearsal", finding, more(rehearsed, own))
    if finding.kind == "no situations":
        return _without_situations(finding, constitution, means, own)
    if finding.kind == "no clause":
        if tried.get(("clause", subject)):
            return None
        missing = missing_clause(finding, constitution, means.catalogue.get(subject), means.reason)
        begun = RoundPlan({subject: means.amount} if subject in means.unused else {})
        return Proposal("clause", finding, more(begun, own), missing) if missing else None
    times = tried.get(("data", subject), 0)
    amount = means.amount * (1 + times)
    data = RoundPlan({}, unseen={subject: amount}) if subject in means.unseen else RoundPlan({subject: amount})
    clause = constitution.clause(finding.clauses[0])
    if (times or not clause.reason) and not tried.get(("reason", subject)) and (words := means.reason(clause)):
        return Proposal("reason", finding, more(data, own), replace(clause, reason=words))
    return Proposal("data", finding, more(data, own))


def _without_situations(finding: Finding, constitution: Constitution, means: Means, own: RoundPlan) -> Proposal | None:
    """A family of the clause that could be measured; for what live use found else a clearer reason, or the very
    prompts alone."""
    subject, clause = finding.subject, constitution.clause(finding.clauses[0])
    family = next((name for name in clause.families if name in means.unused), None)
    if family and not means.tried.get(("family", subject)):
        return Proposal("family", finding, more(RoundPlan({family: means.amount}), own))
    if finding.incidents and not means.tried.get(("reason", subject)) and (words := means.reason(clause)):
        return Proposal("reason", finding, own, replace(clause, reason=words))
    return Proposal("data", finding, own) if own.incidents else None


def _own(finding: Finding, amount: int) -> RoundPlan:
    """Prompts of the finding's incidents, no more of each than a change adds."""
    return RoundPlan({}, incidents={id: min(n, amount) for id, n in finding.incidents.items() if n})


def _with(document: Constitution, clause: Clause) -> Constitution:
    old = {other.id for other in document.clauses}
    if clause.id in old:
        return replace(document, clauses=tuple(clause if c.id == clause.id else c for c in document.clauses))
    return replace(document, clauses=(*document.clauses, clause))


def _same(one: Proposal, other: Proposal) -> bool:
    """Whether two findings ask for the same change, as over-refusal and harmless requests answered wrong do."""
    plans = [replace(each.more, incidents={}) for each in (one, other)]
    return plans[0] == plans[1] != RoundPlan({}) and one.clause == other.clause
