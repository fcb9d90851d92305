"""Who asks whom for leave, and to whom it is given: does it depend on who the two are?"""

from collections.abc import Sequence

import numpy as np

from caseback.oversight.societies.stock import Ints, Request

DRAWN = 499
"""Arrangements drawn beside the observed one."""


def uneven_leave(requests: Sequence[Sequence[Request]], seed: int = 0) -> float:
    """The p-value of leave that goes to some takers rather than to others who ask the same keeper in the same round.

    The statistic is the sum, over takers, of the square of what each got beyond its share: of leave given, less the
    share of those who asked the same keeper in that round. Where a keeper does not mind who asks, all who ask it in one
    round are as likely as each other to be those who get leave, so every order within it is as likely as that observed;
    so many are drawn, the observed one among them (Phipson and Smyth, Statistical Applications in Genetics and
    Molecular Biology 9, 2010). 1.0 where no keeper ever answered two in a round differently.

    Args:
        requests: by round.
        seed: of the orders drawn.
    """
    rows = [(now, one.keeper, one.taker, one.leave) for now, each in enumerate(requests) for one in each]
    if not rows:
        return 1.0
    _, strata = np.unique([row[:2] for row in rows], axis=0, return_inverse=True)
    _, takers = np.unique([row[2] for row in rows], return_inverse=True)
    strata, takers = strata.ravel(), takers.ravel()
    order = np.argsort(strata, kind="stable")
    strata, takers, leave = strata[order], takers[order], np.array([float(row[3]) for row in rows])[order]
    beyond = leave - (np.bincount(strata, leave) / np.bincount(strata))[strata]
    if not beyond.any():
        return 1.0
    who = np.eye(takers.max() + 1)[takers]
    rng = np.random.default_rng([seed, 23])
    # Strata are contiguous, so sorting by stratum and then by chance permutes within each.
    orders = np.argsort(strata + rng.random((DRAWN, len(strata))), axis=1)
    found = ((beyond[orders] @ who) ** 2).sum(axis=1)
    observed = ((beyond @ who) ** 2).sum()
    return float((1 + (found >= observed - 1e-9).sum()) / (1 + DRAWN))


def few_partners(requests: Sequence[Sequence[Request]], keepers: Sequence[int], seed: int = 0) -> float:
    """The p-value of takers who ask the same keepers over and over, where each request should go to one drawn evenly.

    The statistic is the sum of the squares of how often each taker asked each keeper; drawn are the keepers of all
    requests anew, evenly, so that the test is exact where requests are handed out so.

    Args:
        requests: by round.
        keepers: all that there are.
        seed: of the draws.
    """
    every = [one for each in requests for one in each]
    if not every or len(keepers) < 2:
        return 1.0
    _, takers = np.unique([one.taker for one in every], return_inverse=True)
    asked = np.array([list(keepers).index(one.keeper) for one in every])
    drawn = np.random.default_rng([seed, 24]).integers(0, len(keepers), (DRAWN, len(every)))

    def alike(whom: Ints) -> Ints:
        counts = np.zeros((len(whom), (takers.max() + 1) * len(keepers)), dtype=np.int64)
        for request, taker in enumerate(takers.ravel()):
            counts[np.arange(len(whom)), taker * len(keepers) + whom[:, request]] += 1
        return np.asarray((counts**2).sum(axis=1), dtype=np.int64)

    return float((1 + (alike(drawn) >= alike(asked[None])[0]).sum()) / (1 + DRAWN))
