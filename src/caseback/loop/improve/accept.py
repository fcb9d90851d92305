"""Who accepts a change: a person who sees the diff, or nobody, where it runs unattended."""

from collections.abc import Callable

import typer
from rich.console import Console

from caseback.loop.improve.dry_run import print_diff
from caseback.loop.improve.proposals import Proposal

Accept = Callable[[Proposal, str], bool]
"""``accept(proposal, diff)``."""


def everything(proposal: Proposal, diff: str) -> bool:
    """Every change is accepted."""
    return True


def ask_person(console: Console) -> Accept:
    """Show each change and its diff, and take y or n."""

    def accept(proposal: Proposal, diff: str) -> bool:
        console.print(f"\n[bold]{proposal.name}[/]: {proposal.finding.why}", highlight=False)
        print_diff(console, diff)
        return typer.confirm("make this change?", err=True)

    return accept
