"""What reinforcement learning is rewarded for: that a critic holds the clauses for kept."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from caseback.constitution.clause import Clause, Constitution
from caseback.constitution.json_form import digest
from caseback.constitution.tasks import critique_task
from caseback.errors import CasebackError
from caseback.subject.subject import Subject
from caseback.training.ask import can_score, log_odds
from caseback.training.critique import Calibration
from caseback.training.datum import Datum, digest_of
from caseback.training.sample import applying


class Reward(Protocol):
    """Scores replies; ``digest`` says by what, so that a run is not taken up under another reward."""

    @property
    def digest(self) -> str: ...

    def __call__(self, data: Sequence[Datum], replies: Sequence[str]) -> list[float | None]:
        """One score per reply to the prompt of its datum, the higher the better; None where none can be given."""
        ...


@dataclass(frozen=True)
class CriticReward:
    """The critic's probability that a reply keeps every clause that covers its situation, by the worst of them; where
    none does, every clause that its datum serves.

    Between 0 and 1. None where the critic cannot be read on a clause, which is never the same as broken.

    Raises:
        CasebackError: where the critic gives no probabilities, or a datum's situation falls under no clause.
    """

    critic: Subject
    constitution: Constitution
    calibration: Calibration = field(default_factory=Calibration)

    def __post_init__(self) -> None:
        if not can_score(self.critic):
            raise CasebackError(
                f"{self.critic.name} gives no probabilities, so it cannot be the reward: give an open model"
            )

    @property
    def digest(self) -> str:
        thresholds = {clause.id: self.calibration.threshold_of(clause.id) for clause in self.constitution.clauses}
        return digest_of([self.critic.digest, digest(self.constitution), thresholds])

    def __call__(self, data: Sequence[Datum], replies: Sequence[str]) -> list[float | None]:
        clauses = [self._clauses(datum) for datum in data]
        for datum, found in zip(data, clauses, strict=True):
            if not found:
                raise CasebackError(f"no clause covers the situation {datum.situation!r} (family {datum.family!r})")
        tasks = [
            critique_task(clause, datum.prompt, reply)
            for datum, found, reply in zip(data, clauses, replies, strict=True)
            for clause in found
        ]
        odds = iter(log_odds(self.critic, tasks, "Yes", "No"))
        return [self._kept([(clause.id, next(odds)) for clause in found]) for found in clauses]

    def _clauses(self, datum: Datum) -> tuple[Clause, ...]:
        """Those that cover its situation; a prompt of a written form is of no family, and goes by those it serves."""
        covering = applying(self.constitution, datum.family, harmless=False)
        return covering or tuple(clause for clause in self.constitution.clauses if clause.id in datum.clauses)

    def _kept(self, odds: Sequence[tuple[str, float | None]]) -> float | None:
        above = [None if value is None else value - self.calibration.threshold_of(id) for id, value in odds]
        worst = [value for value in above if value is not None]
        return None if len(worst) < len(above) else 1 / (1 + math.exp(min(max(worst), 500.0)))
