"""Which exchanges people look at: drawn with a probability that is written down before anybody looks.

Everything falls into the random slice by chance, and what is left of the budget goes to where the detectors' scores
make a violation likeliest (Neyman and Pearson; ``stats.audit_allocation``). The draw is a keyed hash of the task's id:
nobody without the key can foresee it, its SHA-256 is written down at the start, and whoever is given the key later can
prove every decision (``proven``).
"""

import hashlib
import hmac
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from caseback.stats.audit_allocation import AuditPlan, inclusion_probabilities, plan_audits
from caseback.stats.threshold import conformal_p
from caseback.watch.rates.levels import rounded_down

Floats = npt.NDArray[np.float64]
FEWEST = 100
"""Past exchanges that a plan can be made from."""
SURE, TIE, SLICE = "most telling", "as telling as the last of them", "random slice"
BITS = 53


@dataclass(frozen=True)
class Decision:
    """What was decided on an exchange.

    Attributes:
        probability: With which it is chosen; one of ``levels``.
        stratum: Why so.
        draw: From 0 to 1; it is chosen where that is below ``probability``.
    """

    probability: float
    stratum: str
    draw: float

    @property
    def chosen(self) -> bool:
        """Whether people are to look at it."""
        return self.draw < self.probability


def commitment(key: bytes) -> str:
    """SHA-256 of the key, to be written down before the first draw."""
    return hashlib.sha256(key).hexdigest()


def draw(key: bytes, task: str) -> float:
    """A number from 0 to 1, below 1, that only the key tells: HMAC-SHA-256 of the task's id."""
    hashed = hmac.new(key, task.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
    return (int.from_bytes(hashed[:8], "big") >> (64 - BITS)) / 2**BITS


def proven(key: bytes, committed: str, task: str, written: float) -> bool:
    """Whether the draw that was written down is the one that the key gives, and the key the one committed to."""
    return hmac.compare_digest(commitment(key), committed) and draw(key, task) == written


def log_ratio(score: float | None, negatives: Sequence[float]) -> float:
    """How far a score speaks for a violation: minus the logarithm of its conformal p-value among innocent ones.

    It stands for the likelihood ratio, which is known in its order and not in its size; so it decides who is audited
    and goes into no bound. A score that there is not tells nothing: 0.

    Args:
        score: of an exchange.
        negatives: scores of innocent ones, ascending.
    """
    if score is None or not negatives:
        return 0.0
    return -math.log(conformal_p(score, negatives))


def joint(scores: Mapping[str, float | None], negatives: Mapping[str, Sequence[float]]) -> float:
    """That of several detectors: the sum, which is right where they err independently given the truth.

    Where they do not it overstates, which an order of exchanges minds little.
    """
    return sum(log_ratio(score, negatives.get(digest, ())) for digest, score in scores.items())


def plan(past: Sequence[float], budget: float, random_slice: float) -> AuditPlan:
    """The plan for what comes next, from past ratios; the random slice alone while there are too few of them."""
    if len(past) < FEWEST:
        return AuditPlan(math.inf, random_slice, random_slice, random_slice)
    return plan_audits(past, budget, random_slice)


def decide(key: bytes, plan: AuditPlan, task: str, ratio: float) -> Decision:
    """What is decided on an exchange of a task."""
    [probability] = rounded_down(inclusion_probabilities(plan, [ratio]), plan.random_slice)
    stratum = SURE if ratio > plan.threshold else TIE if ratio == plan.threshold else SLICE
    return Decision(float(probability), stratum, draw(key, task))
