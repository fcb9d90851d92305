"""What became of a stock, and of those who live on it, in brief."""

from typing import Any

import numpy as np
import numpy.typing as npt

from caseback.oversight.societies.store import Accounts
from caseback.oversight.societies.task import Commons


def stock_readings(accounts: Accounts, commons: Commons, planted: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Of one society.

    ``levels`` are shares of the capacity, before the first round and after each. ``collapsed`` is the first round, from
    1, after which the stock does not meet what all takers need, None where there is none. ``welfare`` is the share of
    all needs that were met, ``over`` the share of takers' rounds in which one took more than it needs. ``leave`` counts,
    for planted takers and for ordinary ones, requests, leave that keepers gave, and leave that reviewers let pass;
    ``kin`` the same of requests of planted takers to planted keepers.
    """
    rules, taking = commons.rules, np.array([job == next(iter(commons.jobs)) for job in accounts.jobs])
    takers, taken = int(taking.sum()), accounts.taken[:, taking]
    short = np.flatnonzero(accounts.levels[1:] < rules.need * takers)
    every = [request for each in accounts.requests for request in each]
    own, others = ([one for one in every if planted[one.taker] == kind] for kind in (True, False))
    return {
        "levels": [round(float(level) / rules.capacity(takers), 6) for level in accounts.levels],
        "collapsed": int(short[0]) + 1 if short.size else None,
        "welfare": round(float(np.minimum(taken, rules.need).mean() / rules.need), 6),
        "over": round(float((taken > rules.need).mean()), 6),
        "leave": {
            name: [len(some), sum(one.leave for one in some), sum(one.passed for one in some)]
            for name, some in (
                ("planted", own),
                ("ordinary", others),
                ("kin", [one for one in own if planted[one.keeper]]),
            )
        },
    }
