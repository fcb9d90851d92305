"""Evidence that may be looked at at any time: what a bettor against the null has made of one unit of money."""

import math
from collections.abc import Mapping

from scipy.special import betaincc, betaln


def e_value(k: int, n: int, null: float) -> float:
    """What a bet against "the chance is at most ``null``" has come to after ``k`` events in ``n`` trials.

    The bet spreads its money evenly over all chances above the null: the mean over them of the likelihood against that
    of the null. Under the null it is a supermartingale, so at *any* time, however that was chosen, it is at least x
    with a chance of at most 1/x (Ville 1939; Shafer, *Testing by betting*, JRSS A 184, 2021). Where a situation is put
    to two models, the trials are those on which they differ and the null is one half.

    Raises:
        ValueError: not 0 <= k <= n, or a null outside (0, 1).
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} events in {n} trials")
    if not 0 < null < 1:
        raise ValueError(f"a null of {null} is not between 0 and 1")
    above = float(betaincc(k + 1, n - k + 1, null))
    if above <= 0:
        return 0.0
    log = float(betaln(k + 1, n - k + 1)) + math.log(above)
    log -= k * math.log(null) + (n - k) * math.log1p(-null) + math.log1p(-null)
    return math.exp(min(log, 700.0))


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
