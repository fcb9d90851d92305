"""Panels: a new innocent model raises any alarm as often as asked, whatever its assays are like."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.stats.panel import FEWEST, Panel, largest_standardised, panel_alarms, set_panel
from caseback.stats.threshold import set_threshold

Draw = Callable[[np.random.Generator, int, int], np.ndarray]
NEW = 300


def alike(rng: np.random.Generator, assays: int, twins: int) -> np.ndarray:
    """Correlated at 0.6, of very different centre and scale."""
    shared = np.sqrt(0.6) * rng.normal(size=twins) + np.sqrt(0.4) * rng.normal(size=(assays, twins))
    return 10.0 ** np.arange(assays)[:, None] * (shared + 3)


def skewed(rng: np.random.Generator, assays: int, twins: int) -> np.ndarray:
    return np.exp(rng.normal(size=(assays, twins)))


def heavy(rng: np.random.Generator, assays: int, twins: int) -> np.ndarray:
    return rng.standard_t(3, size=(assays, twins))


def counted(rng: np.random.Generator, assays: int, twins: int) -> np.ndarray:
    """Rates in 40 questions, most of them 0, as the angles in which assays tell them: the floor holds the scale."""
    return np.arcsin(np.sqrt((rng.binomial(40, 0.02, size=(assays, twins)) + 0.375) / 40.75))


def of(values: np.ndarray, told: np.ndarray | None = None) -> dict[str, list[float | None]]:
    kept = np.ones(values.shape, dtype=bool) if told is None else told
    return {
        f"a{i}": [float(v) if ok else None for v, ok in zip(row, ok_row, strict=True)]
        for i, (row, ok_row) in enumerate(zip(values, kept, strict=True))
    }


def each_its_own(n: int) -> list[str]:
    return [str(i) for i in range(n)]


def alarm_rates(
    draw: Draw, twins: int, assays: int, target: float, runs: int, missing: float = 0.0
) -> tuple[np.ndarray, list[Panel]]:
    """The rate of new twins with any alarm, of those that something could be told on, for each of many panels."""
    rng, rates, panels = np.random.default_rng(0), [], []
    for _ in range(runs):
        values = draw(rng, assays, twins + NEW)
        told = rng.random(values.shape) >= missing
        floors = {f"a{i}": 0.5 / math.sqrt(40) if draw is counted else 0.02 for i in range(assays)}
        panel = set_panel(of(values[:, :twins], told[:, :twins]), floors, each_its_own(twins), target)
        cuts = np.array([panel.thresholds.get(f"a{i}", math.inf) for i in range(assays)])
        alarmed = ((values[:, twins:] > cuts[:, None]) & told[:, twins:]).any(axis=0)
        rates.append(alarmed[told[:, twins:].any(axis=0)].mean())
        panels.append(panel)
    return np.array(rates), panels


@pytest.mark.parametrize(
    ("draw", "twins", "assays", "missing"),
    [(alike, 39, 6, 0.0), (skewed, 39, 6, 0.0), (heavy, 39, 12, 0.0), (counted, 39, 6, 0.0), (heavy, 59, 6, 0.3)],
)
def test_a_new_twin_alarms_no_more_often_than_asked(draw: Draw, twins: int, assays: int, missing: float) -> None:
    """On average over 300 panels, plus three standard errors; 95 % less three standard errors (0.038) of them covered.

    With many equal statistics fewer alarm: twins at the cut do not.
    """
    rates, panels = alarm_rates(draw, twins, assays, 0.05, 300, missing)
    assert all(panel.met for panel in panels)
    error, expected = rates.std() / math.sqrt(len(rates)), np.mean([panel.expected for panel in panels])
    assert rates.mean() <= expected + 3 * error
    assert rates.mean() >= (0.3 if draw is counted else 0.75) * expected
    covered = np.mean([panel.cut.low <= r <= panel.cut.high for r, panel in zip(rates, panels, strict=True)])
    assert covered >= (0.85 if draw is counted else 0.95 - 0.038)
    # the side that matters: never more alarms than the interval allows
    assert np.mean([r <= panel.cut.high for r, panel in zip(rates, panels, strict=True)]) >= 0.975 - 0.027


def test_setting_scale_and_cut_on_the_same_twins_would_alarm_too_often() -> None:
    """Why each twin is standardised by the others: the same panel with its own centres and scales."""
    rng, wrong = np.random.default_rng(1), []
    for _ in range(300):
        values = rng.normal(size=(20, 39 + NEW))
        panel = set_panel(of(values[:, :39]), {f"a{i}": 0.02 for i in range(20)}, each_its_own(39), 0.05)
        centres, scales = (
            np.array([table[f"a{i}"] for i in range(20)])[:, None] for table in (panel.centres, panel.scales)
        )
        largest = ((values - centres) / scales).max(axis=0)
        cut = set_threshold(largest[:39].tolist(), each_its_own(39), 0.05).value
        wrong.append((largest[39:] > cut).mean())
    assert np.mean(wrong) > 0.053


def test_too_few_twins_say_so() -> None:
    panel = set_panel(
        of(np.random.default_rng(0).normal(size=(3, 10))), dict.fromkeys(("a0", "a1", "a2"), 0.1), ["a"] * 10, 0.05
    )
    assert not panel.met
    assert panel.expected == pytest.approx(1 / 11)
    assert panel.cut.high == 1


def test_an_assay_that_few_twins_could_be_told_on_has_no_threshold_and_never_alarms() -> None:
    values = np.random.default_rng(0).normal(size=(2, 30))
    told = np.ones((2, 30), dtype=bool)
    told[1, FEWEST - 1 :] = False
    panel = set_panel(of(values, told), {"a0": 0.1, "a1": 0.1}, each_its_own(30), 0.1)
    assert panel.without == ("a1",)
    assert set(panel.thresholds) == {"a0"}
    assert panel_alarms(panel, {"a0": 99.0, "a1": 99.0}) == ("a0",)
    assert panel_alarms(panel, {"a0": None, "a1": 99.0}) == ()
    assert largest_standardised(panel, {"a0": None, "a1": 99.0}) is None
    # twins on which only that assay could be told count for nothing
    told[1], told[0, :5] = True, False
    told[1, 12:] = False
    assert set_panel(of(values, told), {"a0": 0.1, "a1": 0.1}, each_its_own(30), 0.1, fewest=20).cut.n == 25


tables = st.integers(FEWEST, 20).flatmap(
    lambda n: st.lists(st.lists(st.integers(-20, 20).map(float), min_size=n, max_size=n), min_size=1, max_size=4)
)


@given(tables, st.sampled_from([0.05, 0.2, 0.5]))
@settings(deadline=None, max_examples=50)
def test_thresholds_are_the_cut_brought_back_to_each_assay(rows: list[list[float]], target: float) -> None:
    values = of(np.array(rows))
    panel = set_panel(values, dict.fromkeys(values, 0.5), each_its_own(len(rows[0])), target)
    for assay, row in values.items():
        assert panel.scales[assay] >= 0.5
        assert panel.thresholds[assay] == pytest.approx(panel.centres[assay] + panel.cut.value * panel.scales[assay])
        assert min(row) <= panel.centres[assay] <= max(row)  # type: ignore[type-var]
    model = {assay: row[0] for assay, row in values.items()}
    above = largest_standardised(panel, model)
    assert above is not None
    if abs(above - panel.cut.value) > 1e-9:
        assert bool(panel_alarms(panel, model)) == (above > panel.cut.value)


@given(tables, st.randoms(use_true_random=False), st.floats(0.1, 50), st.floats(-9, 9))
@settings(deadline=None, max_examples=50)
def test_neither_order_nor_unit_matters(rows, random, unit, shift) -> None:  # type: ignore[no-untyped-def]
    n = len(rows[0])
    order = list(range(n))
    random.shuffle(order)
    one = of(np.array(rows))
    two = {assay: [unit * row[i] + shift for i in order] for assay, row in reversed(one.items())}
    first = set_panel(one, dict.fromkeys(one, 0.5), each_its_own(n), 0.2)
    second = set_panel(two, dict.fromkeys(one, 0.5 * unit), each_its_own(n), 0.2)
    assert second.cut.value == pytest.approx(first.cut.value, abs=1e-6)
    for assay in one:
        assert second.thresholds[assay] == pytest.approx(unit * first.thresholds[assay] + shift, abs=1e-5)


def test_bad_tables_are_refused() -> None:
    row: list[float | None] = [float(i) for i in range(10)]
    twins = each_its_own(10)
    with pytest.raises(ValueError, match="a has 10 statistics of 9 twins"):
        set_panel({"a": row}, {"a": 1}, twins[:9], 0.1)
    with pytest.raises(ValueError, match="a statistic of a is inf"):
        set_panel({"a": [*row[:9], math.inf]}, {"a": 1}, twins, 0.1)
    for floors in ({}, {"a": 0.0}, {"a": math.nan}):
        with pytest.raises(ValueError, match="the floor of a is"):
            set_panel({"a": row}, floors, twins, 0.1)
    with pytest.raises(ValueError, match="no assay could be told on 8 of 10 twins"):
        set_panel({"a": [None] * 10}, {"a": 1}, twins, 0.1)
    with pytest.raises(ValueError, match="fewest is 2"):
        set_panel({"a": row}, {"a": 1}, twins, 0.1, fewest=2)
    with pytest.raises(ValueError, match="target 1"):
        set_panel({"a": row}, {"a": 1}, twins, 1)
    panel = set_panel({"a": row}, {"a": 1}, twins, 0.1)
    with pytest.raises(ValueError, match="b is not on the panel"):
        panel_alarms(panel, {"b": 1.0})
    with pytest.raises(ValueError, match="the statistic of a is nan"):
        largest_standardised(panel, {"a": math.nan})
