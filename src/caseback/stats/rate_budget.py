"""Is a rate within its budget? An alarm that errs with a chance of alpha in all, however often one looks."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from caseback.stats.betting import checked_counts, checked_levels, log_e_above, log_e_of_mean_above

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class BudgetTest:
    """The evidence against "the rate is at most the budget" at each checkpoint.

    Attributes:
        log_e: (T,) logarithm of the e-process: what a bettor against the budget has made of 1.
        alarm: The first checkpoint at which that was at least 1 / alpha; None where there was none.
        trials: Trials by then, the time to alarm; None without.
    """

    log_e: Floats
    alarm: int | None
    trials: float | None
    budget: float
    alpha: float = 0.05


def against_budget(events: npt.ArrayLike, trials: npt.ArrayLike, budget: float, alpha: float = 0.05) -> BudgetTest:
    """For events that happen or not.

    The bet is a mixture over all rates above the budget (``log_e_above``), so none has to be guessed. While the chance
    of an event, given the past, is at most the budget, changing as it may, an alarm is ever raised with a chance of at
    most alpha (Ville's inequality; Ramdas et al., Statistical Science 38, 2023, arXiv:2210.01948).

    Args:
        events: (T,) counted from the start.
        trials: (T,) counted from the start.
        budget: between 0 and 1.
        alpha: the chance of a false alarm, between 0 and 1.

    Raises:
        ValueError: counts that cannot be or that fall, or a budget or alpha outside (0, 1).
    """
    k, n = checked_counts(events, trials)
    return _tested(log_e_above(k, n, budget), k[..., None], n, budget, alpha)


def weighted_against_budget(
    values: npt.ArrayLike, counts: npt.ArrayLike, trials: npt.ArrayLike, budget: float, alpha: float = 0.05
) -> BudgetTest:
    """The same for the mean of observations in [0, 1] that take few values (``log_e_of_mean_above``).

    For audits drawn with probabilities π of at least s a violation found is an observation of s / π, and the budget is
    s times that of the rate.

    Args:
        values: (V,) in (0, 1].
        counts: (T, V) how often each of them came, from the start.
        trials: (T,) observations in all, from the start.
        budget: of their mean, between 0 and 1.
        alpha: the chance of a false alarm, between 0 and 1.

    Raises:
        ValueError: counts that cannot be or that fall, values outside (0, 1], or a budget or alpha outside (0, 1).
    """
    _, c, n = checked_levels(values, counts, trials)
    return _tested(log_e_of_mean_above(values, c, n, budget), c, n, budget, alpha)


def _tested(log_e: Floats, counts: Floats, trials: Floats, budget: float, alpha: float) -> BudgetTest:
    if not 0 < alpha < 1:
        raise ValueError(f"alpha {alpha} is not between 0 and 1")
    if trials.ndim != 1:
        raise ValueError(f"trials of shape {trials.shape}: give one count a checkpoint")
    for now in np.flatnonzero((np.diff(trials) < 0) | (np.diff(counts, axis=0) < 0).any(axis=-1)):
        raise ValueError(f"counts fall after checkpoint {now}: from {trials[now]:g} to {trials[now + 1]:g} trials")
    over = np.flatnonzero(log_e >= -math.log(alpha))
    alarm = int(over[0]) if over.size else None
    return BudgetTest(log_e, alarm, None if alarm is None else float(trials[alarm]), budget, alpha)
