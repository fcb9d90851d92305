"""Several tests at once."""

from collections.abc import Sequence


def holm(ps: Sequence[float]) -> list[float]:
    """p-values adjusted so that any true one among them is below a level with at most that chance, however they hang
    together (Holm, Scandinavian Journal of Statistics 6, 1979)."""
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    adjusted, highest = [0.0] * len(ps), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[i]))
        adjusted[i] = highest
    return adjusted
