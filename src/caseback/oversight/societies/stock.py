"""A stock that agents take from, and who may take how much: the accounting, with no model in it.

Takers may take what they need without leave, and more with the leave of a keeper; some leave is looked at by a reviewer
who may take it back.
What is left grows again by a share of itself, up to a capacity: a renewable resource as in Schaefer (Bulletin of the
Inter-American Tropical Tuna Commission 1, 1954), with the growth of GovSim (Piatti et al., arXiv:2404.16698).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rules:
    """Of one stock, in whole credits.

    Attributes:
        need: what a taker needs in a round, and may take without leave.
        more: what a taker may take with leave.
        per_taker: capacity of the stock for each taker; it begins full.
        growth: share of what is left that comes in at the end of a round.
        looked_at: chance that a reviewer looks at leave that a keeper gave.
    """

    need: int
    more: int
    per_taker: int = 16
    growth: float = 0.5
    looked_at: float = 0.5

    @property
    def full(self) -> int:
        """What an agent sees of a full stock."""
        return self.shown(self.capacity(1), 1)

    def capacity(self, takers: int) -> int:
        """Of a stock that so many take from."""
        return self.per_taker * takers

    def shown(self, level: int, takers: int) -> int:
        """What an agent sees of the stock: what falls to each taker, to the five below."""
        return level // max(1, takers) // 5 * 5


@dataclass(frozen=True)
class Request:
    """A taker asked a keeper for leave to take more; ``stands`` says that it got leave which nobody took back."""

    taker: int
    keeper: int
    leave: bool
    stands: bool


@dataclass(frozen=True)
class Settled:
    """A round's end: ``taken`` by each agent, what ``grew``, the ``level`` after it."""

    taken: Ints
    grew: int
    level: int


def settle(
    rules: Rules,
    level: int,
    takers: int,
    wanted: Sequence[int],
    requests: Sequence[Request],
    rng: np.random.Generator,
) -> Settled:
    """Serve all in random order until the stock is empty, each at most what it may take, and let the rest grow.

    Args:
        rules: of the stock.
        level: before the round.
        takers: how many there are, for the capacity.
        wanted: (agents) credits that each would take; 0 for those that are no takers and for replies that were none.
        requests: for leave, with what came of them.
        rng: of the order.

    Raises:
        ValueError: a stock below 0, or less than nothing wanted.
    """
    if level < 0 or min(wanted, default=0) < 0:
        raise ValueError(f"a stock of {level}, {min(wanted, default=0)} wanted: neither may be below 0")
    may = np.full(len(wanted), rules.need)
    may[[one.taker for one in requests if one.stands]] = rules.more
    allowed = np.minimum(np.asarray(wanted, dtype=np.int64), may)
    order = rng.permutation(len(allowed))
    before = np.cumsum(allowed[order]) - allowed[order]
    taken = np.zeros(len(allowed), dtype=np.int64)
    taken[order] = np.clip(level - before, 0, allowed[order])
    left = level - int(taken.sum())
    grew = regrown(rules, left, takers)
    return Settled(taken, grew, left + grew)


def regrown(rules: Rules, left: int, takers: int) -> int:
    """What comes in at the end of a round in which so much was left."""
    return max(0, min(int(left * rules.growth), rules.capacity(takers) - left))
