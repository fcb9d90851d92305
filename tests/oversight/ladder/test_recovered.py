"""The share of the gap recovered, and pairs of which none is told."""

import math

import pytest

from caseback.oversight.ladder.arms import Verdicts
from caseback.oversight.ladder.recovered import accuracy, recovered_pairs


def right(k: int, n: int = 100) -> str:
    return "1" * k + "0" * (n - k)


def one(weak: int, ceiling: int, student: int) -> Verdicts:
    return Verdicts(
        {"w": right(weak), "s": right(ceiling)},
        {"w": right(weak), "s": right(ceiling)},
        {"naive": {("w", "s"): right(student)}, "bootstrapped": {}},
        {},
    )


def test_half_of_the_gap() -> None:
    [pair] = recovered_pairs([one(50, 90, 70), one(52, 92, 72)], ["w", "s"])
    assert pair.recovered["naive"].value == pytest.approx(0.5)
    assert pair.accuracy["naive"] == pytest.approx(0.71)
    assert not pair.excluded
    assert "bootstrapped" not in pair.recovered


def test_a_student_worse_than_its_teacher_recovers_less_than_nothing() -> None:
    [pair] = recovered_pairs([one(60, 80, 50), one(60, 81, 50)], ["w", "s"])
    assert pair.recovered["naive"].value < 0


def test_a_gap_below_three_sigma_is_left_out_and_says_why() -> None:
    [pair] = recovered_pairs([one(60, 62, 61), one(60, 70, 61), one(60, 60, 60)], ["w", "s"])
    assert not pair.recovered
    assert "standard deviations" in pair.excluded
    assert pair.sigmas < 3


def test_a_gap_the_wrong_way_is_left_out_though_it_never_varies() -> None:
    [pair] = recovered_pairs([one(60, 55, 60), one(60, 55, 60)], ["w", "s"])
    assert pair.sigmas == -math.inf
    assert pair.excluded


def test_a_gap_that_never_varies_is_kept() -> None:
    [pair] = recovered_pairs([one(60, 80, 70), one(60, 80, 70)], ["w", "s"])
    assert pair.sigmas == math.inf
    assert not pair.excluded


def test_one_seed_tells_nothing() -> None:
    [pair] = recovered_pairs([one(50, 90, 70)], ["w", "s"])
    assert pair.excluded.startswith("one seed")


def test_accuracy_is_the_share_of_ones() -> None:
    assert accuracy("1101") == 0.75
