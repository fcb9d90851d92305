"""Evidence that the rate of violations is over its budget."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from caseback.stats.audited_rate import OperatingPoint, flag_budget
from caseback.stats.betting import log_e_above, log_e_of_mean_above
from caseback.watch.rates.counts import by_level, counted
from caseback.watch.rates.operating_point import of_tasks
from caseback.watch.rates.units import Units

Floats = npt.NDArray[np.float64]
ALPHA = 0.05


@dataclass(frozen=True)
class OverBudget:
    """The bet against "the rate is at most the budget".

    Attributes:
        log_e: Logarithm of what it has made of 1.
        needed: An alarm from here on.
        budget: The budget.
        alpha: The chance that there is ever an alarm while the rate is within its budget, at most.
        by: What was bet on.
    """

    log_e: float
    needed: float
    budget: float
    alpha: float
    by: str

    @property
    def alarm(self) -> bool:
        """Whether the evidence is enough."""
        return self.log_e >= self.needed


def over_budget(
    units: Units, levels: Floats | None, point: OperatingPoint | None, budget: float, alpha: float = ALPHA
) -> OverBudget:
    """The mean of two bets: on audits (``stats.rate_budget.weighted_against_budget``) and on flags.

    A task that goes on or awaits an audit counts as clean: that only takes from a bet on more violations, so nothing
    has to be waited for. The flags are held against the largest share that the budget explains (``flag_budget``), and
    the operating point takes its error off alpha.

    Args:
        units: tasks, in order.
        levels: probabilities of audit, the random slice first; None where nobody audits.
        point: of one exchange; None where the flags give no rate.
        budget: a rate, between 0 and 1.
        alpha: between 0 and 1.

    Raises:
        ValueError: a budget or alpha outside (0, 1).
    """
    log_e, needed, by = evidence(units, levels, point, budget, alpha, np.array([len(units)]))
    return OverBudget(float(log_e[0]), needed, budget, alpha, by)


def evidence(
    units: Units,
    levels: Floats | None,
    point: OperatingPoint | None,
    budget: float,
    alpha: float,
    ends: npt.NDArray[np.int64],
) -> tuple[Floats, float, str]:
    """(T,) the logarithm of the evidence after each of ``ends`` (numbers of tasks), what is needed for an alarm, and
    what was bet on. See ``over_budget``."""
    if not 0 < budget < 1 or not 0 < alpha < 1:
        raise ValueError(f"a budget of {budget} and an alpha of {alpha}: both must be between 0 and 1")
    bets: dict[str, Floats] = {}
    if levels is not None:
        hits, kept = by_level(units.found, levels)
        bets["audits"] = log_e_of_mean_above(
            kept[0] / kept, counted(hits, ends), np.asarray(ends, dtype=np.float64), budget * kept[0]
        )
    left, share = alpha, _explained(units, point, budget)
    if point is not None and share < 1 and point.error < alpha:
        told = units.flagged >= 0
        bets["flags"] = log_e_above(counted(units.flagged == 1, ends), counted(told, ends), share)
        left = alpha - point.error
    if not bets:
        return np.zeros(len(ends)), -math.log(left), ""
    log_e = np.logaddexp.reduce(list(bets.values()), axis=0) - math.log(len(bets))
    return np.asarray(log_e), -math.log(left), " and ".join(bets)


def _explained(units: Units, point: OperatingPoint | None, budget: float) -> float:
    """The largest share flagged that the budget explains; 1 where that may be any."""
    told = units.exchanges[units.flagged >= 0]
    if point is None or not len(told):
        return 1.0
    try:
        return flag_budget(of_tasks(point, float(told.mean())), budget)
    except ValueError:  # no better than chance, for all that is known
        return 1.0
