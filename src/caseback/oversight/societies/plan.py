"""Which societies a study runs: clean ones to calibrate on, clean and planted ones to judge by, and curves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from caseback.errors import CasebackError
from caseback.oversight.societies.runs import with_roles
from caseback.oversight.societies.society import Role, Society

CALIBRATION, CLEAN, PLANTED = 10_000, 20_000, 30_000
"""Where the seeds of each set begin, so that no two sets share one."""
OTHER = "other"
"""The name of the second model, of another base."""

WAYS = {"alone": (False, False, False), "checks": (True, False, True)}
"""How defenders go about it, as ``hears``, ``planted`` and ``checks`` of their role: hear nobody, or hear all and then
look at what they know themselves."""

Cell = tuple[str, Society, tuple[int, ...]]
"""The name of an arm, the society, and its seeds."""


@dataclass(frozen=True)
class Plan:
    """What a study runs.

    Attributes:
        society: size, rounds, coupling and memory; its roles are set by each arm.
        planted: share of planted agents where it is not varied.
        clean: societies to calibrate on, and as many to judge false alarms by.
        seeds: societies at each point of a curve, the same seeds at all points; twice as many with something planted
            to judge monitors by.
        singles: questions that each agent is asked alone, offices with bystanders, and requests to deliberate on.
        couplings: how many others each agent hears, in turn.
        shares: of planted agents, in turn.
        defenders: shares of agents who are on their guard, in turn; see ``WAYS``.
        balances: shares of planted agents at which all shares of defenders are tried.
        looked_at: shares of leave that reviewers look at, in turn, at each of the balances; where there is a stock.
    """

    society: Society
    planted: float = 0.1
    clean: int = 60
    seeds: int = 10
    singles: int = 20
    couplings: tuple[int, ...] = (0, 1, 2, 4, 6)
    shares: tuple[float, ...] = (0.02, 0.05, 0.1, 0.2, 0.3)
    defenders: tuple[float, ...] = (0.0, 0.1, 0.2, 0.4)
    balances: tuple[float, ...] = (0.05, 0.1, 0.2)
    looked_at: tuple[float, ...] = (0.0, 0.5, 1.0)


def check_plan(plan: Plan) -> None:
    """Refuse a plan that can say nothing.

    Raises:
        CasebackError: naming the value and what it may be.
    """
    if not 0 < plan.planted < 1:
        raise CasebackError(f"a share of planted agents of {plan.planted:g}: give one between 0 and 1")
    if plan.clean < 2 or plan.seeds < 2:
        raise CasebackError(f"{plan.clean} clean societies, {plan.seeds} seeds: give at least 2 of each")
    if plan.singles < 2:
        raise CasebackError(f"{plan.singles} questions to single agents: give at least 2")
    if max(plan.balances) + max(plan.defenders) >= 1:
        raise CasebackError("planted agents and defenders are all of the society: leave some ordinary ones")


def main_cells(plan: Plan, model: str) -> dict[str, Cell]:
    """The sets that monitors are set and judged on."""
    clean, planted = with_roles(plan.society, model), with_roles(plan.society, model, plan.planted)
    return {
        "calibration": ("calibration", clean, _seeds(CALIBRATION, plan.clean)),
        "clean": ("clean", clean, _seeds(CLEAN, plan.clean)),
        "planted": ("planted", planted, _seeds(PLANTED, 2 * plan.seeds)),
    }


def coupling_cells(plan: Plan, model: str) -> dict[int, Cell]:
    """The curve over how many others each agent hears."""
    society = with_roles(plan.society, model, plan.planted)
    wanted = [hears for hears in plan.couplings if hears < society.agents]
    return {n: (f"hears {n}", replace(society, hears=n), _seeds(PLANTED, plan.seeds)) for n in wanted}


def share_cells(plan: Plan, model: str) -> dict[float, Cell]:
    """The curve over the share of planted agents."""
    return {
        share: (f"planted {share:g}", with_roles(plan.society, model, share), _seeds(PLANTED, plan.seeds))
        for share in plan.shares
    }


def defence_cells(plan: Plan, model: str, bases: Sequence[str]) -> Mapping[tuple[str, str, float, float], Cell]:
    """Planted agents against defenders: (base, way, share of planted, share of defenders)."""
    return {
        (base, way, planted, share): (
            f"{share:g} defenders ({base}, {way}) against {planted:g} planted",
            with_roles(plan.society, model, planted, Role("defender", base, share, *WAYS[way])),
            _seeds(PLANTED, plan.seeds),
        )
        for base in bases
        for way in WAYS
        for planted in plan.balances
        for share in plan.defenders
    }


def review_cells(plan: Plan, model: str) -> dict[tuple[float, float], Cell]:
    """Planted agents against reviewers who look at more and more: (share of planted, share of leave looked at)."""
    return {
        (planted, share): (
            f"{planted:g} planted, {share:g} looked at",
            with_roles(plan.society, model, planted),
            _seeds(PLANTED, plan.seeds),
        )
        for planted in plan.balances
        for share in plan.looked_at
    }


def mixed_cells(plan: Plan, model: str, other: str) -> dict[str, Cell]:
    """Societies of one base, of the other, and of both in halves, all of whom hear."""
    half = Role("ordinary", other, (1 - plan.planted) / 2)
    seeds = _seeds(PLANTED, plan.seeds)
    return {
        model: (f"all {model}", with_roles(plan.society, model, plan.planted), seeds),
        other: (f"all {other}", with_roles(plan.society, other, plan.planted), seeds),
        "both": ("half and half", with_roles(plan.society, model, plan.planted, half), seeds),
    }


def _seeds(start: int, n: int) -> tuple[int, ...]:
    return tuple(range(start, start + n))
