"""What a detector says of an exchange, and what is done about it."""

from dataclasses import dataclass
from typing import Any, Literal

from caseback.detectors.scored import Scored

Policy = Literal["record", "flag", "hold", "stop"]
"""What happens above the threshold: nothing but the score is kept, as of every exchange (``record``: a detector in
shadow); an incident is raised (``flag``); the reply waits for a person (``hold``); it ends there (``stop``)."""


def above(score: Any, threshold: Any) -> Any:
    """Whether a score, or each of an array, is above its threshold, as thresholds are set (``stats.threshold``).

    One at the threshold is not: that of a pattern is often 0, which must not flag everything.
    """
    return score > threshold


@dataclass(frozen=True)
class Verdict:
    """One detector on one exchange.

    Attributes:
        detector: Its name.
        digest: Its id, which everything that it is made of goes into (``detectors.files.detector_id``).
        policy: What is done above the threshold.
        threshold: Above it the exchange is flagged.
        scored: The score, or why there is none, which is never the same as clean.
        microseconds: What it took; of detectors that read a forward pass what they added to it, None where that was
            not measured.
    """

    detector: str
    digest: str
    policy: Policy
    threshold: float
    scored: Scored
    microseconds: float | None = None

    @property
    def flagged(self) -> bool:
        """Whether there is a score and it is above the threshold."""
        return self.scored.score is not None and bool(above(self.scored.score, self.threshold))
