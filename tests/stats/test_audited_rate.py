"""Rates behind a detector that errs: held at every checkpoint at once, and the algebra by hand."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.stats.audited_rate import (
    OperatingPoint,
    Watched,
    audited_rate,
    combined_rate,
    flag_budget,
    flagged_rate,
)
from caseback.stats.confidence_sequence import rate_sequence
from caseback.stats.rate import Rate, exact_rate

SLICE, FLAGGED = 0.01, 0.3


def known(p: float) -> Rate:
    return Rate(0, 0, p, p, 1.0)


def deployments(
    rng: np.random.Generator, rate: float, se: float, fp: float, exchanges: int, runs: int
) -> tuple[Watched, np.ndarray]:
    """Four checkpoints of many deployments, and the rates as they came out."""
    cells = [rate * se * FLAGGED, rate * se * (1 - FLAGGED), (1 - rate) * fp, rate * (1 - se) * SLICE]
    sizes = np.diff(np.geomspace(exchanges / 100, exchanges, 4).astype(int), prepend=0)
    drawn = np.stack([rng.multinomial(n, [*cells, 1 - sum(cells)], size=runs) for n in sizes]).cumsum(axis=0)
    seen = np.broadcast_to(sizes.cumsum()[:, None], drawn.shape[:2])
    flagged = drawn[..., :3].sum(axis=-1)
    return Watched(seen, flagged, drawn[..., :1], drawn[..., 3:4], [FLAGGED], [SLICE]), seen


@pytest.mark.parametrize(
    ("rate", "fp", "exchanges"), [(1e-2, 1e-2, 100_000), (1e-3, 2e-3, 300_000), (1e-4, 1e-3, 2_000_000)]
)
def test_the_rate_is_held_at_every_checkpoint(rate: float, fp: float, exchanges: int) -> None:
    """400 deployments, the detector calibrated anew for every 50; 95 % less three standard errors (0.033)."""
    rng = np.random.default_rng(0)
    held, widths = {"audits": [], "flags": [], "both": []}, {"audits": [], "flags": [], "both": []}
    for _ in range(8):
        point = OperatingPoint(
            exact_rate(int(rng.binomial(500, 0.85)), 500, 0.995),
            exact_rate(int(rng.binomial(20_000, fp)), 20_000, 0.995),
        )
        watched, _ = deployments(rng, rate, 0.85, fp, exchanges, 50)
        for name, found in (
            ("audits", audited_rate(watched)),
            ("flags", flagged_rate(watched, point)),
            ("both", combined_rate(watched, point)),
        ):
            held[name].extend(((found.low <= rate) & (rate <= found.high)).all(axis=0))
            widths[name].append(float((found.high - found.low)[-1].mean()))
            left = ~np.isnan(found.low)
            assert (found.low[left] <= found.value[left]).all()
            assert (found.value[left] <= found.high[left]).all()
    for name, runs in held.items():
        assert np.mean(runs) >= 0.95 - 0.033, name
    # Together they say more than either: false flags drown the flags, and audits alone are few.
    assert np.mean(widths["both"]) < 0.8 * min(np.mean(widths["audits"]), np.mean(widths["flags"]))


def small(**changes: object) -> Watched:
    given = Watched([1_000, 10_000], [30, 300], [[2], [20]], [[0], [1]], [0.5], [0.02])
    return dataclasses.replace(given, **changes)


def test_flags_are_corrected_as_rogan_and_gladen_did() -> None:
    found = flagged_rate(small(), OperatingPoint(known(0.9), known(0.01)))
    flags = rate_sequence([30, 300], [1_000, 10_000])
    for got, of_flags in ((found.value, flags.value), (found.low, flags.low), (found.high, flags.high)):
        assert got == pytest.approx((of_flags - 0.01) / 0.89, rel=1e-4)


def test_an_uncertain_operating_point_costs_its_error_and_its_width() -> None:
    point = OperatingPoint(Rate(90, 100, 0.8, 0.95, 0.99), Rate(10, 1000, 0.005, 0.015, 0.99))
    found = flagged_rate(small(), point)
    flags = rate_sequence([30, 300], [1_000, 10_000], 0.97)
    assert found.high == pytest.approx((flags.high - 0.005) / 0.795, rel=1e-4)
    assert found.low == pytest.approx(((flags.low - 0.015) / 0.935).clip(0), rel=1e-4)


def test_a_perfect_detector_is_a_count() -> None:
    found = flagged_rate(small(), OperatingPoint(known(1.0), known(0.0)))
    flags = rate_sequence([30, 300], [1_000, 10_000])
    assert (found.low, found.high) == (pytest.approx(flags.low, rel=1e-4), pytest.approx(flags.high, rel=1e-4))


def test_audits_are_weighted_by_their_probability() -> None:
    found = audited_rate(small())
    assert found.value == pytest.approx([4e-3, (20 / 0.5 + 1 / 0.02) / 10_000])
    everyone = Watched([1_000], [30], [[20]], [[7]], [1.0], [1.0])
    counted = rate_sequence([27], [1_000])
    assert audited_rate(everyone).low == pytest.approx(counted.low, rel=0.05)
    assert audited_rate(everyone).high == pytest.approx(counted.high, rel=0.05)


def test_fewer_flags_than_false_ones_are_a_rate_of_nothing_and_contradictions_leave_none() -> None:
    point = OperatingPoint(Rate(90, 100, 0.8, 0.95, 0.99), Rate(30, 1000, 0.02, 0.04, 0.99))
    few = flagged_rate(small(flagged=[25, 250], confirmed=[[0], [0]]), point)
    assert few.value.tolist() == [0, 0] == few.low.tolist()
    assert few.high[1] < few.high[0] < 0.05
    # No false positives can explain 250 flags of which not one was confirmed in half of them.
    none = combined_rate(small(flagged=[25, 250], confirmed=[[0], [0]]), OperatingPoint(known(0.9), known(0.0)))
    assert np.isnan([none.low[1], none.high[1], none.value[1]]).all()


def test_before_the_first_exchange_anything_may_be() -> None:
    nothing = Watched([0], [0], [[0]], [[0]], [0.5], [0.02])
    point = OperatingPoint(known(0.9), known(0.01))
    for found in (audited_rate(nothing), flagged_rate(nothing, point), combined_rate(nothing, point)):
        assert (found.low[0], found.high[0]) == (0, 1)
        assert math.isnan(found.value[0])


@given(st.integers(0, 20), st.integers(0, 3))
@settings(deadline=None, max_examples=10)
def test_more_violations_found_never_lower_the_bounds(confirmed: int, missed: int) -> None:
    point = OperatingPoint(known(0.8), known(0.03))
    one = small(
        exchanges=[10_000] * 2, flagged=[300] * 2, confirmed=[[confirmed], [confirmed + 1]], missed=[[missed]] * 2
    )
    found = audited_rate(one)
    assert found.low[0] <= found.low[1]
    assert found.high[0] <= found.high[1]
    both = combined_rate(one, point)
    assert (both.low <= both.value).all()
    assert (both.value <= both.high).all()


def test_a_budget_for_flags_is_the_most_that_the_budget_explains() -> None:
    point = OperatingPoint(Rate(90, 100, 0.8, 0.95, 0.99), Rate(10, 1000, 0.005, 0.015, 0.99))
    assert flag_budget(point, 0.01) == pytest.approx(0.01 * 0.95 + 0.99 * 0.015)
    assert point.error == pytest.approx(0.02)


def test_what_makes_no_sense_is_refused() -> None:
    good = OperatingPoint(known(0.9), known(0.01))
    with pytest.raises(ValueError, match="1001 events in 1000 trials"):
        small(flagged=[1001, 1001])
    with pytest.raises(ValueError, match="31 events in 30 trials"):
        small(confirmed=[[31], [31]])
    with pytest.raises(ValueError, match="count -1"):
        small(missed=[[-1], [0]])
    with pytest.raises(ValueError, match=r"value 0\.0"):
        small(other_inclusion=[0.0])
    with pytest.raises(ValueError, match="value nan"):
        small(flagged_inclusion=[math.nan])
    with pytest.raises(
        ValueError, match=r"sensitivity \[0\.1, 0\.1\] does not lie above false positives \[0\.2, 0\.2\]"
    ):
        flagged_rate(small(), OperatingPoint(known(0.1), known(0.2)))
    with pytest.raises(ValueError, match=r"miss with 0\.05 leave no error for a confidence of 0\.95"):
        combined_rate(small(), OperatingPoint(exact_rate(9, 10), known(0.01)))
    with pytest.raises(ValueError, match="confidence 1"):
        audited_rate(small(), 1)
    with pytest.raises(ValueError, match="budget of 0"):
        flag_budget(good, 0)
