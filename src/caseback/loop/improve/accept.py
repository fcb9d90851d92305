"""What becomes of the changes that a round proposes: accepted or not, and recorded."""

from collections.abc import Callable, Sequence
from typing import Any

from caseback.loop.improve.finding import Finding
from caseback.loop.improve.means import means
from caseback.loop.improve.proposals import Proposal, diff, proposals
from caseback.loop.improve.reason import reason_writer
from caseback.loop.improve.round_plan import first_plan
from caseback.loop.improve.work import Standing, Work
from caseback.loop.stage import once
from caseback.training.journal import Journal

Accept = Callable[[Proposal, str], bool]
"""``accept(proposal, diff)``."""


def everything(proposal: Proposal, diff: str) -> bool:
    """Every change is accepted."""
    return True


def agreed(
    work: Work, standing: Standing, number: int, found: Sequence[Finding], teacher: str | None, accept: Accept
) -> list[Proposal]:
    """The changes of a round that were accepted; each answer is recorded, and not asked for again."""
    start, measured = work.start, standing.measured(work)
    writer = reason_writer(teacher, standing.model, start.seed, Journal(work.folder(number) / "reasons.jsonl"))
    made_with = means(start, measured, work.unused, work.catalogue, standing.tried, writer)
    proposed = proposals(found, standing.document, made_with)
    plan = first_plan(measured, start.budget.trained)
    yes = [_accepted(work, standing, number, one, diff(one, plan, standing.document), accept) for one in proposed]
    return [proposal for proposal, accepted in zip(proposed, yes, strict=True) if accepted]


def _accepted(work: Work, standing: Standing, number: int, proposal: Proposal, text: str, accept: Accept) -> bool:
    inputs = {"round": number, "model": standing.model, "proposal": proposal.as_dict()}

    def ask() -> tuple[dict[str, Any], dict[str, str]]:
        return {**inputs, "name": proposal.name, "diff": text, "accepted": accept(proposal, text)}, {}

    return bool(once(work.dossier, "proposal", inputs, work.start.seed, ask).body["accepted"])
