"""Something that is left to mend."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from caseback.stats.rate import Rate

Kind = Literal["ability", "behaviour", "over-refusal", "no clause", "no situations"]


@dataclass(frozen=True)
class Finding:
    """``subject`` names the behaviour, the ability, or the clause without situations.

    ``doubt`` is 0 where the whole interval lies above the bound, people confirmed it in live use, or chance does not
    explain the loss of an ability; 1 where the rate does; 2 where only the interval reaches above it, or chance may
    explain the loss. ``clauses`` are the ids of those it goes against, of the highest tier first; ``families`` where it
    showed when measured, worst first. ``evidence`` are the ids of the records that say so. ``incidents`` are those of
    live use, by id, and how many prompts there are of each: none where its texts are gone.
    """

    kind: Kind
    subject: str
    clauses: tuple[str, ...]
    doubt: Literal[0, 1, 2]
    rate: Rate | None
    why: str
    families: Mapping[str, Rate] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    incidents: Mapping[str, int] = field(default_factory=dict)
