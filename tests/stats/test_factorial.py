"""Effects in a factorial against outcomes whose effects are known."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.stats.factorial import Effect, effects

FAMILIES = [f"f{i % 8}" for i in range(32)]
CASES = [f"c{i}" for i in range(32)]
CELLS = list(product((0, 1), repeat=3))


def table(rule) -> dict[tuple[int, ...], list[bool]]:  # type: ignore[no-untyped-def]
    return {cell: [rule(cell, i) for i in range(32)] for cell in CELLS}


def of(found: list[Effect], *which: int) -> Effect:
    [one] = [each for each in found if each.of == which]
    return one


def test_a_main_effect_alone() -> None:
    found, by_family = effects(table(lambda cell, i: bool(cell[1])), FAMILIES, CASES)
    assert by_family
    assert [each.of for each in found] == [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)]
    assert [each.value for each in found] == [0, 1, 0, 0, 0, 0]
    assert of(found, 1).low > 0.9
    assert of(found, 1).joint_p <= 0.01
    assert all(each.p == 1 and each.low <= 0 <= each.high for each in found if each.of != (1,))


def test_two_that_work_only_together() -> None:
    found, _ = effects(table(lambda cell, i: bool(cell[0] and cell[2])), FAMILIES, CASES)
    assert of(found, 0, 2).value == 1
    assert of(found, 0, 2).low > 0
    assert of(found, 0).value == of(found, 2).value == 0.5
    assert of(found, 1).value == of(found, 0, 1).value == 0


def test_one_that_turns_the_other_about() -> None:
    found, _ = effects(table(lambda cell, i: cell[0] != cell[1]), FAMILIES, CASES)
    assert of(found, 0, 1).value == -2
    assert of(found, 0).value == of(found, 1).value == 0


def test_with_few_families_the_interval_is_over_cases_and_says_so() -> None:
    few = [f"f{i % 2}" for i in range(32)]
    found, by_family = effects(table(lambda cell, i: bool(cell[0])), few, CASES)
    assert not by_family
    assert of(found, 0).low > 0.5


def test_what_could_not_be_told_is_left_out_by_pair() -> None:
    cells: dict[tuple[int, ...], list[bool | None]] = {(0,): [False, None, True, False], (1,): [True, True, None, True]}
    [one], _ = effects(cells, ["a", "b", "c", "d"], ["1", "2", "3", "4"])
    assert (one.value, one.n) == (1, 2)
    [none], _ = effects({(0,): [None], (1,): [True]}, ["a"], ["1"])
    assert none.n == 0
    assert none.value != none.value
    assert (none.low, none.high) == (-1, 1)


@given(st.lists(st.booleans(), min_size=96, max_size=96))
@settings(max_examples=15)
def test_values_are_those_of_the_cell_rates_and_lie_in_their_intervals(drawn: list[bool]) -> None:
    cells = {cell: drawn[12 * at : 12 * at + 12] for at, cell in enumerate(CELLS)}
    found, _ = effects(cells, [f"f{i % 6}" for i in range(12)], CASES[:12])
    rate = {cell: sum(row) / 12 for cell, row in cells.items()}

    def mean(sign) -> float:  # type: ignore[no-untyped-def]
        return sum(sign(cell) * rate[cell] for cell in CELLS) / 8

    for each in found:
        signed = [lambda cell, i=i: 2 * cell[i] - 1 for i in each.of]
        expected = 2 ** len(each.of) * mean(
            signed[0] if len(signed) == 1 else lambda cell, s=signed: s[0](cell) * s[1](cell)
        )
        assert each.value == pytest.approx(expected)
        assert each.low <= each.value <= each.high
        assert each.p <= each.joint_p + 1e-9 or each.joint_p >= 2 / 64


def test_a_missing_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="2 cells of 4"):
        effects({(0, 0): [True], (1, 0): [True]}, ["a"], ["1"])
    with pytest.raises(ValueError, match="every case"):
        effects({(0,): [True], (1,): []}, ["a"], ["1"])
