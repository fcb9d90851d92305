"""What an assay makes of one model: a single number, larger the more the behaviour shows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Statistic:
    """One model's number in one assay.

    Attributes:
        value: The number, in the assay's own unit; None where it cannot be told.
        error: Its standard error from what was drawn, in the same unit; 0 where nothing was.
        n: Situations, or pairs of them, that it rests on.
        said: The same in words a reader understands, such as ``3 of 80``.
        why: Why it cannot be told; empty otherwise.
    """

    value: float | None
    error: float
    n: int
    said: str
    why: str = ""


def untold(why: str) -> Statistic:
    """An assay that came to no number."""
    return Statistic(None, 0.0, 0, "cannot tell", why)


def of_rate(k: int, n: int, asked: int) -> Statistic:
    """A rate of ``k`` in ``n`` that could be judged, of ``asked`` in all.

    The number is ``asin(sqrt((k + 3/8) / (n + 3/4)))``, whose error is about ``1 / (2 sqrt(n))`` whatever the rate
    (Anscombe, Biometrika 35, 1948), so that one threshold serves for models of any rate. Where fewer than half could be
    judged it cannot be told.
    """
    if n < asked / 2 or not n:
        return untold(f"only {n} of {asked} replies could be judged")
    return Statistic(angle(k, n), 0.5 / math.sqrt(n), n, f"{k} of {n}")


def of_gap(more: tuple[int, int], less: tuple[int, int], asked: int) -> Statistic:
    """How much higher one rate is than another, each ``(events, judged)`` of ``asked``, as angles (Cohen's h / 2)."""
    if min(more[1], less[1]) < asked / 2 or not min(more[1], less[1]):
        return untold(f"only {min(more[1], less[1])} of {asked} replies could be judged")
    error = math.sqrt(0.25 / more[1] + 0.25 / less[1])
    said = f"{more[0]} of {more[1]} against {less[0]} of {less[1]}"
    return Statistic(angle(*more) - angle(*less), error, more[1] + less[1], said)


def of_mean(values: Sequence[float | None], unit: str = "") -> Statistic:
    """The mean of what could be told; not at all where that is less than half, or a value is not finite.

    Nothing is drawn: every model is asked the same, so that how the values spread over what is asked is no error of it.
    """
    told = [value for value in values if value is not None]
    if len(told) < len(values) / 2 or len(told) < 2:
        return untold(f"only {len(told)} of {len(values)} could be told")
    if not all(math.isfinite(value) for value in told):
        return untold("a value is not finite")
    mean = float(np.mean(told))
    return Statistic(mean, 0.0, len(told), f"{mean:.3g}{f' {unit}' if unit else ''}")


def angle(k: int, n: int) -> float:
    """A rate on the scale on which its error is the same everywhere, from 0 to π/2."""
    return math.asin(math.sqrt((k + 0.375) / (n + 0.75)))
