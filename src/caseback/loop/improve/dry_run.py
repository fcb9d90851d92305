"""What the next round would change, shown and not done."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape

from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.behaviours.registry import trained_against
from caseback.loop.improve.finding import Finding
from caseback.loop.improve.findings import findings
from caseback.loop.improve.from_live import LiveUse
from caseback.loop.improve.means import beside, means
from caseback.loop.improve.proposals import Proposal, diff, proposals
from caseback.loop.improve.reason import reason_writer
from caseback.loop.improve.round_plan import first_plan
from caseback.loop.improve.start import read_start
from caseback.training.journal import Journal

SURE = ("[red]●[/]", "[yellow]●[/]", "[yellow]○[/]")
"""By the doubt about a finding."""
MARKS = {"+": "green", "-": "red", "@": "cyan"}


def show_proposals(run: Path, constitution: Path | None, bound: float, teacher: str | None, console: Console) -> None:
    """Print the findings of a finished run and the changes of a first round, each with its diff.

    Raises:
        CasebackError: where the run is not finished or its constitution is another.
    """
    installed = trained_against()
    start = read_start(run, constitution, installed, console)
    measured = {**installed, OVER_REFUSAL.name: OVER_REFUSAL}
    unused, known = beside(start, measured)
    found = findings(start.evidence, start.document, measured, bound, LiveUse(start.incidents, known, start.ground))
    print_findings(console, found)
    writer = reason_writer(teacher, start.model, start.seed, Journal())
    plan = first_plan(measured, start.budget.trained)
    for proposal in proposals(found, start.document, means(start, measured, unused, known, {}, writer)):
        print_change(console, proposal, diff(proposal, plan, start.document))


def print_findings(console: Console, found: list[Finding]) -> None:
    """One line for each, the most pressing first."""
    for finding in found:
        clauses = f" [dim]against {escape(', '.join(finding.clauses))}[/]" if finding.kind == "behaviour" else ""
        subject, why = escape(finding.subject.replace("_", " ")), escape(finding.why)
        console.print(f"{SURE[finding.doubt]} {finding.kind}: [bold]{subject}[/]{clauses}: {why}", soft_wrap=True)
    if not found:
        console.print("nothing to mend was found: no rate may be above the bound, and every clause was measured")


def print_change(console: Console, proposal: Proposal, diff: str) -> None:
    """What is proposed and why, and its unified diff in colours."""
    name, why = escape(proposal.name), escape(proposal.finding.why)
    console.print(f"\n[bold]{name}[/]: {why}", highlight=False, soft_wrap=True)
    for line in diff.splitlines():
        console.print(line, style=MARKS.get(line[:1], "dim"), markup=False, highlight=False, soft_wrap=True)
