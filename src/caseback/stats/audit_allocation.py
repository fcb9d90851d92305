"""Who is audited, with which probability, when audits are few."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class AuditPlan:
    """Audit an exchange for certain where its log likelihood ratio is above ``threshold``, else by chance.

    Attributes:
        threshold: of the log likelihood ratio.
        at_threshold: The probability for exchanges exactly at it.
        random_slice: The probability for those below, and the least for any: one over it bounds the weights.
        expected: The share audited of traffic like that planned on.
    """

    threshold: float
    at_threshold: float
    random_slice: float
    expected: float


def plan_audits(log_ratios: npt.ArrayLike, budget: float, random_slice: float) -> AuditPlan:
    """The plan that finds most violations among those that audit a share of ``budget`` and keep the random slice.

    By the lemma of Neyman and Pearson that is a threshold on the likelihood ratio, with a coin for ties (Hua et al.,
    arXiv:2507.15886, for monitors of AI). Every exchange falls into the random slice by chance first; what that leaves
    of the budget goes to the largest ratios. Plan on past traffic and apply it to the next, so that each exchange is
    decided on as it comes and its probability is known.

    Args:
        log_ratios: (n,) of past traffic.
        budget: expected share audited, at least ``random_slice``, at most 1.
        random_slice: probability above 0 that every exchange is audited with at least.

    Raises:
        ValueError: no ratios, one that is not a number, or not 0 < random_slice <= budget <= 1.
    """
    ratios = _ratios(log_ratios)
    if not 0 < random_slice <= budget <= 1:
        raise ValueError(f"a random slice of {random_slice} and a budget of {budget}: not 0 < slice <= budget <= 1")
    # What is left for those that the slice did not draw.
    places = len(ratios) * ((budget - random_slice) / (1 - random_slice) if random_slice < 1 else 0.0)
    threshold = float(np.sort(ratios)[::-1][min(int(places), len(ratios) - 1)])
    above, ties = int((ratios > threshold).sum()), int((ratios == threshold).sum())
    coin = min((places - above) / ties, 1.0)
    return AuditPlan(threshold, random_slice + (1 - random_slice) * coin, random_slice, budget)


def inclusion_probabilities(plan: AuditPlan, log_ratios: npt.ArrayLike) -> Floats:
    """(n,) the probability with which each exchange is audited; audit where a uniform draw of its own lies below.

    Raises:
        ValueError: no ratios, or one that is not a number.
    """
    ratios = _ratios(log_ratios)
    below = np.where(ratios == plan.threshold, plan.at_threshold, plan.random_slice)
    return np.where(ratios > plan.threshold, 1.0, below)


def _ratios(log_ratios: npt.ArrayLike) -> Floats:
    ratios = np.asarray(log_ratios, dtype=np.float64)
    if ratios.ndim != 1 or not ratios.size:
        raise ValueError(f"ratios of shape {ratios.shape}: give one for each exchange")
    for wrong in ratios[np.isnan(ratios)]:
        raise ValueError(f"a ratio is {wrong}")
    return ratios
