"""How often a subject goes against each clause of a constitution."""

from collections.abc import Sequence
from dataclasses import dataclass

from caseback.behaviours.measure import Measurement
from caseback.constitution.clause import Constitution
from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.rate import Rate, exact_rate


@dataclass(frozen=True)
class ClauseRate:
    """How often situations that fall under one clause ended against it.

    ``behaviours`` names what was measured in them; none means that the clause was not measured at all, and the rate
    then is 0 of 0 with the interval [0, 1]. ``not_evaluated`` counts situations whose reply could not be judged.
    """

    rate: Rate
    clustered: Rate
    behaviours: tuple[str, ...]
    not_evaluated: int

    @property
    def measured(self) -> bool:
        """Whether any reply under this clause could be judged."""
        return self.rate.n > 0

    @property
    def why_not(self) -> str:
        """Why there is no rate; empty where there is one."""
        if self.measured:
            return ""
        if not self.behaviours:
            return "no behaviour that was measured bears on it"
        return f"no reply under it could be judged, of {self.not_evaluated}"


def per_clause(measurements: Sequence[Measurement], constitution: Constitution) -> dict[str, ClauseRate]:
    """The rate for every clause of the constitution, in document order, over all measurements given.

    A sample, or pair of a paired behaviour, counts under each clause that covers its family.
    """
    rates = {}
    for clause in constitution.clauses:
        covered = [(m.behaviour, unit) for m in measurements for unit in m.units if clause.covers(unit.family)]
        judged = [unit for _, unit in covered if unit.shown is not None]
        families = by_cluster([unit.family for unit in judged], [bool(unit.shown) for unit in judged])
        rates[clause.id] = ClauseRate(
            rate=exact_rate(sum(bool(unit.shown) for unit in judged), len(judged)),
            clustered=clustered_rate(families),
            behaviours=tuple(dict.fromkeys(name for name, _ in covered)),
            not_evaluated=len(covered) - len(judged),
        )
    return rates
