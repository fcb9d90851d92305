"""What the steps of one run share."""

from dataclasses import dataclass
from pathlib import Path

from caseback.constitution.clause import Constitution
from caseback.dossier.dossier import Dossier
from caseback.loop.arms import Plan
from caseback.loop.budget import Budget
from caseback.loop.progress import Reporter


@dataclass(frozen=True)
class Job:
    """One run: where it is recorded, what it works on.

    ``model`` is the folder or hub id that was asked for, ``context`` the compact constitution, ``reference`` whether
    the model lives in the reference world. ``part`` stands before the names of what is recorded where the job is one
    of several in a dossier.
    """

    dossier: Dossier
    reporter: Reporter
    model: str
    folder: Path
    constitution: Constitution
    context: str
    plan: Plan
    budget: Budget
    seed: int
    reference: bool
    parameters: int
    part: str = ""

    def not_measured(self, what: str, why: str) -> None:
        """Record what this run leaves open, once."""
        if not any(self.dossier.records("not_measured", what=what, why=why)):
            self.dossier.append("not_measured", {"what": what, "why": why})
