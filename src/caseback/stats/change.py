"""Has a rate risen above a reference since some unknown time? An alarm with a known run length between false ones."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from caseback.stats.betting import bets_above, checked_counts, checked_levels, log_factors

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ChangeTest:
    """Evidence after each step that the rate has been above the reference since some earlier step.

    Attributes:
        log_e: (T, ...) logarithm of the e-detector; an alarm where it is at least log(``run_length``).
        alarm: (...) the first step with an alarm, -1 where there was none.
        since: (T, ...) the step at which the bet that stands best began: about when the rate changed.
        run_length: Trials to a false alarm, on average at least.
    """

    log_e: Floats
    alarm: npt.NDArray[np.int64]
    since: npt.NDArray[np.int64]
    reference: float
    run_length: float


def change_above(events: npt.ArrayLike, trials: npt.ArrayLike, reference: float, run_length: float) -> ChangeTest:
    """For events that happen or not: ``weighted_change_above`` with the value 1 alone.

    Args:
        events: (T, ...) of each step, not summed up; further axes are streams of their own.
        trials: (T, ...) of each step.
        reference: the rate that is acceptable, between 0 and 1.
        run_length: trials to a false alarm, above 1.

    Raises:
        ValueError: counts that cannot be, a reference outside (0, 1), or a run length of 1 or less.
    """
    k, n = checked_counts(events, trials)
    return weighted_change_above([1.0], k[..., None], n, reference, run_length)


def weighted_change_above(
    values: npt.ArrayLike, counts: npt.ArrayLike, trials: npt.ArrayLike, reference: float, run_length: float
) -> ChangeTest:
    """For the mean of observations in [0, 1] that take few values, such as weighted audits.

    The e-detector of Shin, Ramdas and Rinaldo (arXiv:2203.03532), of Shiryaev and Roberts' kind: before each trial a
    bet of 1 against "at most the reference" is begun, and all run on; each spreads its money over rates above the
    reference, so that none has to be guessed. While the mean, given the past, is at most the reference, the sum grows
    by at most 1 a trial in expectation, so the mean number of trials to an alarm is at least ``run_length``. In steps
    of many trials the bets of a step begin with it. Sizes of steps must not depend on what happens within them.

    Args:
        values: (V,) in (0, 1].
        counts: (T, ..., V) how often each of them came in each step, not summed up.
        trials: (T, ...) of each step.
        reference: the mean that is acceptable, between 0 and 1.
        run_length: trials to a false alarm, above 1.

    Raises:
        ValueError: counts that cannot be, values outside (0, 1], a reference outside (0, 1), a run length of 1 or less.
    """
    x, c, n = checked_levels(values, counts, trials)
    if n.ndim < 1:
        raise ValueError(f"trials of shape {n.shape} have no axis of steps")
    if not 0 < reference < 1:
        raise ValueError(f"a reference of {reference} is not between 0 and 1")
    if not 1 < run_length < math.inf:
        raise ValueError(f"a run length of {run_length} is not above 1")
    rates, shares = bets_above(reference)
    streams = n.shape[1:]
    log_e, since = np.empty(n.shape), np.empty(n.shape, dtype=np.int64)
    running = np.full((*streams, len(rates)), -math.inf)
    best, began = np.zeros((*streams, len(rates))), np.zeros((*streams, len(rates)), dtype=np.int64)
    null = np.full(streams, reference)
    for step in range(len(n)):
        gain = log_factors(x, c[step], n[step], rates, null)
        with np.errstate(divide="ignore"):
            running = np.logaddexp(running, np.log(n[step])[..., None]) + gain
        log_e[step] = np.logaddexp.reduce(running + np.log(shares), axis=-1)
        # Page's cumulative sum of each bet, for where it began.
        began = np.where(best > 0, began, step)
        best = np.maximum(best, 0) + gain
        leading = (best + np.log(shares)).argmax(axis=-1)
        since[step] = np.take_along_axis(began, leading[..., None], axis=-1)[..., 0]
    over = log_e >= math.log(run_length)
    alarm = np.where(over.any(axis=0), over.argmax(axis=0), -1)
    return ChangeTest(log_e, alarm, since, reference, run_length)
