"""How far two people agree about the same exchanges."""

import math
from dataclasses import dataclass

from caseback.stats.rate import Rate, exact_rate

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Agreement:
    """Cohen's kappa of two reviewers.

    Attributes:
        kappa: Agreement beyond chance; None where chance alone makes them agree always.
        low: With a chance of ``confidence`` at least, the bounds hold the kappa of all such exchanges.
        high: See ``low``.
        confidence: See ``low``.
        agreed: How often they gave the same verdict.
    """

    kappa: float | None
    low: float
    high: float
    confidence: float
    agreed: Rate


def agreement(both: int, first: int, second: int, neither: int, confidence: float = CONFIDENCE) -> Agreement:
    """Kappa from how often both, only the first, only the second, and neither said "violation".

    Kappa is 1 - d / e: the share on which they differ, over that on which they would by chance, a + b - 2 a b where a
    and b are the shares of the two (Cohen, Educational and Psychological Measurement 20, 1960). Its bounds come from
    exact intervals for those three at a third of the error each: wide, and right for few cases and for none.

    Raises:
        ValueError: a count below 0.
    """
    if min(both, first, second, neither) < 0:
        raise ValueError(f"counts {both}, {first}, {second}, {neither}: none may be below 0")
    n = both + first + second + neither
    third = 1 - (1 - confidence) / 3
    a, b = exact_rate(both + first, n, third), exact_rate(both + second, n, third)
    differ = exact_rate(first + second, n, third)
    chances = [_by_chance(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    # The chance of differing is bilinear in the two shares, so its extremes lie in the corners.
    low = 1 - differ.high / min(chances) if min(chances) > 0 else -math.inf
    high = 1 - differ.low / max(chances) if max(chances) > 0 else 1.0
    expected = _by_chance(a.value, b.value) if n else 0.0
    kappa = 1 - differ.value / expected if expected else None
    return Agreement(kappa, max(low, -1.0), min(high, 1.0), confidence, exact_rate(both + neither, n, confidence))


def _by_chance(a: float, b: float) -> float:
    return a + b - 2 * a * b
