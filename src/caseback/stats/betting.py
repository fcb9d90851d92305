"""Evidence that may be looked at at any time: what a bettor against the null has made of one unit of money."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.special import betaincc, betaln, xlog1py, xlogy

Floats = npt.NDArray[np.float64]

RARE = 0.1
"""Money is spread over rates q in proportion to q ** (RARE - 1), close to evenly over their logarithms."""
BETS = 256
"""Rates that are bet on where there is no closed form."""
LEAST = 1e-7
"""The least of them."""


def e_value(k: int, n: int, null: float) -> float:
    """What a bet against "the chance is at most ``null``" has come to after ``k`` events in ``n`` trials.

    The bet spreads its money evenly over all chances above the null: the mean over them of the likelihood against that
    of the null. Under the null it is a supermartingale, so at *any* time, however that was chosen, it is at least x
    with a chance of at most 1/x (Ville 1939; Shafer, *Testing by betting*, JRSS A 184, 2021). Where a situation is put
    to two models, the trials are those on which they differ and the null is one half.

    Raises:
        ValueError: not 0 <= k <= n, or a null outside (0, 1).
    """
    return math.exp(min(float(log_e_above(k, n, null, 1.0)), 700.0))


def log_e_above(events: npt.ArrayLike, trials: npt.ArrayLike, null: float, shape: float = RARE) -> Floats:
    """Logarithm of a bet against "the chance is at most ``null``", its money spread over q > null as q ** (shape - 1).

    With a shape of 1 that is ``e_value``; a small one stakes enough on rates of 1 in 10,000. It is the Beta(shape, 1)
    mixture cut off at the null, in closed form, and a supermartingale while the chance of each trial, given the past,
    is at most the null.

    Args:
        events: counted from the start, of any shape.
        trials: the same, of a shape that goes with it.
        null: between 0 and 1.
        shape: above 0.

    Raises:
        ValueError: counts that cannot be, a null outside (0, 1), or a shape not above 0.
    """
    k, n = checked_counts(events, trials)
    if not 0 < null < 1:
        raise ValueError(f"a null of {null} is not between 0 and 1")
    if not shape > 0:
        raise ValueError(f"a shape of {shape} is not above 0")
    with np.errstate(divide="ignore"):
        cut = np.log(betaincc(k + shape, n - k + 1, null)) - math.log(-math.expm1(shape * math.log(null)))
    return np.asarray(log_mixture(k, n, shape) - log_likelihood(k, n, np.asarray(null)) + cut)


def log_mixture(events: Floats, trials: Floats, shape: float = RARE) -> Floats:
    """Logarithm of the likelihood of a sequence of events averaged over Beta(shape, 1).

    Less ``log_likelihood`` at a rate it is a bet against that rate, either way: a martingale under it, convex in the
    rate (Robbins, Annals of Mathematical Statistics 41, 1970).
    """
    # B(shape, 1) is 1 / shape.
    return np.asarray(betaln(events + shape, trials - events + 1) + math.log(shape), dtype=np.float64)


def log_likelihood(events: Floats, trials: Floats, rate: Floats) -> Floats:
    """Logarithm of the likelihood of a sequence of events at a rate."""
    return np.asarray(xlogy(events, rate) + xlog1py(trials - events, -rate), dtype=np.float64)


def log_e_of_mean(values: npt.ArrayLike, counts: npt.ArrayLike, trials: npt.ArrayLike, mean: npt.ArrayLike) -> Floats:
    """For observations in [0, 1] that take few values: logarithm of a bet against "their mean is ``mean``", either way.

    An observation x multiplies what was bet on q by x q / mean + (1 - x) (1 - q) / (1 - mean), whose expectation is 1
    where that is the mean: Cover's universal portfolio of the two sides of a coin (Orabona and Jun, arXiv:2110.14099).
    Of the past it needs only how often each value came, in any order, and it is log-convex in the mean. ``BETS`` rates
    stand for Beta(``RARE``, 1); a sum over few is as valid as the integral.

    Args:
        values: (V,) what an observation may be other than 0, in (0, 1].
        counts: (..., V) how often each of them came, from the start.
        trials: (...) observations in all; the rest were 0.
        mean: (...) in [0, 1].

    Raises:
        ValueError: counts that cannot be, values outside (0, 1], or a mean outside [0, 1].
    """
    x, c, n = checked_levels(values, counts, trials)
    m = np.asarray(mean, dtype=np.float64)
    for wrong in m[~((m >= 0) & (m <= 1))].ravel():
        raise ValueError(f"mean {wrong} is not between 0 and 1")
    # At 0 itself the bet has no value where nothing came; next to it, it has the limit.
    m = np.clip(m, 1e-300, 1 - 1e-16)
    rates, shares = bets_above(0.0)
    return _log_mean(log_factors(x, c, n, rates, m), shares)


def log_e_of_mean_above(values: npt.ArrayLike, counts: npt.ArrayLike, trials: npt.ArrayLike, null: float) -> Floats:
    """The same against "their mean is at most ``null``": only rates above it are bet on, so it is a supermartingale.

    Raises:
        ValueError: counts that cannot be, values outside (0, 1], or a null outside (0, 1).
    """
    x, c, n = checked_levels(values, counts, trials)
    if not 0 < null < 1:
        raise ValueError(f"a null of {null} is not between 0 and 1")
    rates, shares = bets_above(null)
    return _log_mean(log_factors(x, c, n, rates, np.full(n.shape, null)), shares)


def bets_above(null: float) -> tuple[Floats, Floats]:
    """``BETS`` rates above a null in [0, 1), spaced evenly in their logarithm, and the share of the money on each."""
    edges = np.geomspace(max(null, LEAST), 1.0, BETS + 1)
    shares = np.diff(edges**RARE)
    return np.sqrt(edges[1:] * edges[:-1]), np.asarray(shares / shares.sum())


def log_factors(values: Floats, counts: Floats, trials: Floats, rates: Floats, mean: Floats) -> Floats:
    """(..., Q) what each of the bets on (Q,) rates has come to, as a logarithm; see ``log_e_of_mean``."""
    m = mean[..., None]
    logs = (trials - counts.sum(axis=-1))[..., None] * (np.log1p(-rates) - np.log1p(-m))
    for i, x in enumerate(values):
        # A whole event needs no logarithm of each pair, and is the commonest value.
        gain = np.log(rates) - np.log(m) if x == 1 else np.log(x * rates / m + (1 - x) * (1 - rates) / (1 - m))
        logs = logs + counts[..., i, None] * gain
    return np.asarray(logs, dtype=np.float64)


def checked_counts(events: npt.ArrayLike, trials: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Both as arrays.

    Raises:
        ValueError: nothing given, or not 0 <= events <= trials < infinity everywhere.
    """
    k, n = np.asarray(events, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    k, n = np.broadcast_arrays(k, n)
    if not k.size:
        raise ValueError(f"counts of shape {k.shape} are empty")
    wrong = ~((k >= 0) & (k <= n) & (n < math.inf))
    if wrong.any():
        raise ValueError(f"{k[wrong][0]:g} events in {n[wrong][0]:g} trials")
    return k, n


def checked_levels(
    values: npt.ArrayLike, counts: npt.ArrayLike, trials: npt.ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """All three as arrays.

    Raises:
        ValueError: a value outside (0, 1], a negative count, not one count a value, or more than there were trials.
    """
    x, c = np.asarray(values, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    if x.ndim != 1 or not x.size or c.shape[-1:] != x.shape:
        raise ValueError(f"values of shape {x.shape} with counts of shape {c.shape}")
    for wrong in x[~((x > 0) & (x <= 1))]:
        raise ValueError(f"value {wrong} is not above 0 and at most 1")
    for wrong in c[~(c >= 0)]:
        raise ValueError(f"count {wrong:g} is not at least 0")
    _, n = checked_counts(c.sum(axis=-1), trials)
    return x, c, n


def discoveries(e_values: Mapping[str, float], rate: float = 0.05) -> list[str]:
    """Names whose nulls are rejected at this rate of false discoveries, however the e-values depend on one another.

    The e-BH procedure (Wang and Ramdas, *False discovery rate control with e-values*, JRSS B 84, 2022): the largest i
    for which the i-th largest is at least m / (i rate).

    Raises:
        ValueError: a rate outside (0, 1).
    """
    if not 0 < rate < 1:
        raise ValueError(f"a rate of {rate} is not between 0 and 1")
    ordered = sorted(e_values, key=lambda name: -e_values[name])
    m = len(ordered)
    passed = [i for i, name in enumerate(ordered, start=1) if e_values[name] >= m / (i * rate)]
    return ordered[: max(passed, default=0)]


def _log_mean(logs: Floats, shares: Floats) -> Floats:
    top = logs.max(axis=-1)
    return np.asarray(top + np.log(np.exp(logs - top[..., None]) @ shares))
