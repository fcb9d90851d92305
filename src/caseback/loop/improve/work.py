"""What all rounds of one improvement share, and where it stands between two of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.constitution.clause import Constitution
from caseback.dossier.dossier import Dossier
from caseback.loop.improve.evidence import Evidence
from caseback.loop.improve.live import Live
from caseback.loop.improve.start import Start

ARMS = ("before", "repaired", "control")
"""The models that a round measures."""


@dataclass(frozen=True)
class Work:
    """``rounds`` at most, recorded in ``dossier``, with files in ``out``. ``behaviours`` are those that a run measures,
    over-refusal not among them, ``unused`` those that could be measured beside them;
    ``catalogue`` are all that are known, by name."""

    start: Start
    dossier: Dossier
    out: Path
    console: Console
    rounds: int
    bound: float
    behaviours: Mapping[str, Behaviour]
    unused: Mapping[str, Behaviour]
    catalogue: Mapping[str, Behaviour]

    def folder(self, number: int) -> Path:
        """Of a round."""
        return self.out / f"round-{number}"


@dataclass(frozen=True)
class Standing:
    """The last accepted model and its document, what is known of it, what was taken up so far of that which a run does
    not measure, and how often a change, by its kind and the finding's subject, was made in a round that was not kept.
    ``incidents`` are those of live use, by id, that no accepted round has mended."""

    model: str
    document: Constitution
    evidence: Evidence
    taken_up: tuple[str, ...]
    tried: Mapping[tuple[str, str], int]
    incidents: Mapping[str, Live]

    def measured(self, work: Work) -> dict[str, Behaviour]:
        """What is measured from here on, over-refusal among it."""
        taken = {name: work.unused[name] for name in self.taken_up}
        return {**work.behaviours, **taken, OVER_REFUSAL.name: OVER_REFUSAL}
