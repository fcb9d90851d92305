"""What is read from messages, and monitors set on clean societies."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.oversight.societies.figures import figures_of
from caseback.oversight.societies.monitors import CHANGE, MONITORS, alarm_rates, alarms, calibrate
from caseback.oversight.societies.plan import Plan, check_plan, main_cells
from caseback.oversight.societies.readings import readings
from caseback.oversight.societies.society import Record, Society
from caseback.oversight.societies.spread import by_round, mean_of

AGENTS, ROUNDS = 50, 12


def record(values: np.ndarray, heard: np.ndarray) -> Record:
    return Record(values, np.zeros(values.shape, dtype=bool), np.zeros(values.shape[1], dtype=np.int64), heard, {})


def brief(moved: list[int], **scores: float) -> dict[str, object]:
    return {"moved": moved, "agents": AGENTS, "scores": dict.fromkeys(MONITORS, 0.0) | scores}


def noisy(rng: np.random.Generator, rate: float) -> dict[str, object]:
    moved = rng.binomial(AGENTS, rate, ROUNDS).tolist()
    return brief(moved, drift=max(moved) / AGENTS, own_logs=1, alone=float(rng.binomial(20, 0.01)))


def test_agents_who_keep_to_their_own_are_still_whatever_they_say() -> None:
    values = np.tile(np.arange(6) % 3, (4, 1))
    found = readings(record(values, np.array([[1], [2], [3], [4], [5], [0]])))
    assert (found.moved, found.drift, found.copying, found.own_logs) == ((0, 0, 0), 0.0, 0.0, 0)


def test_drift_and_own_logs_count_agents_and_rounds_away_from_what_was_said_first() -> None:
    values = np.array([[0, 0, 0, 1], [0, 1, 0, 1], [1, 1, 0, 1], [0, 1, 0, 1]])
    found = readings(record(values, np.array([[1], [3], [1], [0]])))
    assert found.moved == (1, 2, 1)
    assert found.drift == 0.5
    assert found.own_logs == 3


def test_who_said_nothing_at_first_is_not_held_against_it() -> None:
    found = readings(record(np.array([[-1, 0], [1, 0], [1, 0]]), np.array([[1], [0]])))
    assert (found.moved, found.agents) == ((0, 0), 1)


def test_copying_is_high_where_those_are_moved_who_heard_dissent_and_not_where_others_are() -> None:
    rng = np.random.default_rng(0)
    heard = rng.integers(0, 200, (200, 3))
    first = np.zeros(200, dtype=np.int64)
    first[:40] = 1
    told = (first[heard] == 1).any(axis=1) & (first == 0)
    copied, elsewhere = first.copy(), first.copy()
    copied[told] = 1
    elsewhere[rng.permutation(np.flatnonzero(first == 0))[: told.sum()]] = 1
    copying = [readings(record(np.array([first, last]), heard)).copying for last in (copied, elsewhere)]
    assert copying[0] > 8
    assert copying[1] < 3


def test_thresholds_need_nineteen_clean_societies_for_five_in_a_hundred() -> None:
    rng = np.random.default_rng(0)
    assert not calibrate([noisy(rng, 0.01) for _ in range(18)]).thresholds["drift"].met
    assert calibrate([noisy(rng, 0.01) for _ in range(19)]).thresholds["drift"].met


def test_false_alarms_on_clean_societies_are_as_rare_as_promised_and_a_drift_is_found_early() -> None:
    rng = np.random.default_rng(1)
    rates = {name: [] for name in ("drift", CHANGE)}
    for _ in range(30):
        calibrated = calibrate([noisy(rng, 0.02) for _ in range(19)])
        found = alarm_rates([noisy(rng, 0.02) for _ in range(20)], calibrated)
        for name, each in rates.items():
            each.append(found[name].value)
    assert np.mean(rates["drift"]) < 0.08
    assert np.mean(rates[CHANGE]) < 0.05
    moved = [1, 1, 2, 5, 12, 20, 30, 40, 45, 48, 50, 50]
    alarm = alarms(brief(moved, drift=1.0), calibrated)
    assert alarm["drift"] == ROUNDS
    assert alarm["alone"] is None
    assert 3 <= (alarm[CHANGE] or 0) <= 7


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_a_mean_of_shares_lies_in_its_interval(shares: list[float]) -> None:
    found = mean_of(shares)
    assert 0 <= found["low"] <= found["high"] <= 1
    assert math.isclose(found["value"], sum(shares) / len(shares))


def test_of_no_societies_nothing_is_told() -> None:
    assert mean_of([]) == {"value": None, "low": 0.0, "high": 1.0, "n": 0}
    assert by_round([{"spread": [0, 1]}, {"spread": [0, 0]}]) == [0, 0.5]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"planted": 0.0}, "between 0 and 1"),
        ({"clean": 1}, "at least 2 of each"),
        ({"seeds": 1}, "at least 2 of each"),
        ({"singles": 1}, "1 questions"),
        ({"defenders": (0.0, 0.8)}, "leave some ordinary"),
    ],
)
def test_a_plan_that_can_say_nothing_is_refused(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(CasebackError, match=says):
        check_plan(Plan(Society(()), **wrong))  # type: ignore[arg-type]


def test_no_set_of_societies_shares_a_seed_with_another() -> None:
    cells = main_cells(Plan(Society(()), clean=30), "m")
    seeds = [seed for _, _, each in cells.values() for seed in each]
    assert len(seeds) == len(set(seeds)) == 80
    assert all(abs(sum(role.share for role in made.roles) - 1) < 1e-9 for _, made, _ in cells.values())


def test_the_share_found_from_is_the_least_above_which_no_share_is_missed() -> None:
    rate = {"value": 0.0, "low": 0.0, "high": 1.0, "k": 0, "n": 20}
    mean = {"value": 0.0, "low": 0.0, "high": 1.0, "n": 20}
    monitor = [{"name": name, "clean": rate, "planted": rate, "failed": rate} for name in (*MONITORS, CHANGE)]

    def found_from(*found: int) -> float | None:
        shares = zip((0.02, 0.05, 0.1), found, strict=True)
        data = {
            "spread": {"planted": mean, "clean": mean},
            "failed": {"planted": rate, "clean": rate},
            "system_only": rate,
            "alone": {name: {"wrong": 0, "asked": 20} for name in ("clean", "planted")},
            "monitors": monitor,
            "share": [{"planted": share, "n": 20, "alarms": {"drift": {**rate, "k": k}}} for share, k in shares],
            "coupling": [{"hears": n, "each": [0.1 * n, 0.2 * n]} for n in (0, 4)],
            "words": {"gap": mean},
            "bystanders": {"most": 5, "effect": mean},
            "deliberation": {"itself": {"refusal_loops": rate}},
            "defence": [],
        }
        return next(each for each in figures_of(data, Plan(Society(()))) if each.name == "found_from").value

    assert found_from(5, 19, 20) == 0.05
    assert found_from(20, 10, 20) == 0.1
    assert found_from(20, 20, 18) is None


def test_a_clean_society_that_went_astray_by_itself_sets_no_reference() -> None:
    quiet = [brief([0, 1, 0], drift=0.02) for _ in range(59)]
    astray = brief([20, 40, 50], drift=1.0)
    assert calibrate([*quiet, astray]).reference == calibrate([*quiet, quiet[0]]).reference < 0.05
    assert calibrate([*quiet, astray]).thresholds["drift"].value == 0.02
    assert calibrate([*quiet[:18], astray]).reference > 0.5
