"""Rates of events, with exact intervals."""

from dataclasses import dataclass

from scipy.stats import beta


@dataclass(frozen=True)
class Rate:
    """``k`` events in ``n`` trials, and the interval that covers the true rate at ``confidence``."""

    k: int
    n: int
    low: float
    high: float
    confidence: float = 0.95

    @property
    def value(self) -> float:
        """k / n; NaN where nothing was tried."""
        return self.k / self.n if self.n else float("nan")

    def __str__(self) -> str:
        """Such as ``0.34 [0.25, 0.44], 31 of 92``."""
        value = f"{self.value:.2f}" if self.n else "cannot tell"
        return f"{value} [{self.low:.2f}, {self.high:.2f}], {self.k} of {self.n}"


def exact_rate(k: int, n: int, confidence: float = 0.95) -> Rate:
    """Clopper and Pearson's interval (Biometrika 26, 1934). With no trials it is [0, 1].

    Raises:
        ValueError: unless 0 <= k <= n and 0 < confidence < 1.
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} events in {n} trials")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} is not between 0 and 1")
    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, k, n - k + 1)) if k > 0 else 0.0
    high = float(beta.ppf(1 - tail, k + 1, n - k)) if k < n else 1.0
    return Rate(k, n, low, high, confidence)
