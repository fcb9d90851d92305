"""Signs along a ladder: slopes, intervals and permutations on known truth, and which way a sign points."""

import itertools
import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.disclosure.oversight.easy_or_hard_page import reading, render_easy_or_hard, strip
from caseback.errors import CasebackError
from caseback.oversight.easy_or_hard.along import along, points_to, would_change
from caseback.oversight.easy_or_hard.cell import Cell
from caseback.oversight.easy_or_hard.decay import LADDER, decay
from caseback.oversight.easy_or_hard.plan import Plan
from caseback.oversight.easy_or_hard.record import easy_or_hard
from caseback.oversight.easy_or_hard.signs import SIGNS, examples_to_half
from caseback.oversight.ladder.rungs import Rung
from caseback.stats.blocked_trend import Block, blocked_trend, blocks_needed, slope
from caseback.stats.holm import holm

BY_NAME = {sign.name: sign for sign in SIGNS}
COMPUTE = {"a": 12.0, "b": 13.0, "c": 14.0, "d": 15.0}
RUNGS = [Rung(name, "", f"sha256:{name}", 1000 * i, at) for i, (name, at) in enumerate(COMPUTE.items(), 1)]


def cell(model: str, behaviour: str = "x", seed: int = 0, rise: float = 0.5, **more: Any) -> Cell:
    made = Cell(
        model, behaviour, seed, 0.0, {4: rise / 2, 16: rise, 64: 1.0}, {4: 0.8, 16: 0.4, 64: 0.0}, {4: 0.5, 16: 0.9},
        0.1, 0.8, 0.9, 0.5, 0.6,
    )  # fmt: skip
    return replace(made, **more)


def cells(rises: dict[str, float], scatter: float = 0.02, seeds: int = 3) -> list[Cell]:
    """Planted the easier the larger the model is, with a little scatter that has no trend on the whole."""
    return [
        cell(model, behaviour, seed, rise + scatter * (((i * 7 + seed * 5 + len(behaviour)) % 3) - 1))
        for behaviour in ("x", "yy")
        for seed in range(seeds)
        for i, (model, rise) in enumerate(rises.items())
    ]


def test_a_slope_is_that_of_least_squares() -> None:
    xs, ys = (1.0, 2.0, 4.0), (0.0, 1.0, 5.0)
    assert slope(xs, ys) == pytest.approx(float(np.polyfit(xs, ys, 1)[0]))
    with pytest.raises(ValueError, match="all levels are the same"):
        slope((1.0, 1.0), (0.0, 1.0))
    with pytest.raises(ValueError, match="do not pair"):
        slope((1.0, 2.0), (0.0,))


def test_p_of_one_block_is_the_share_of_orders_as_steep() -> None:
    xs, ys = (0.0, 1.0, 2.0, 3.0), (0.1, 0.2, 0.4, 0.8)
    found = blocked_trend([Block("", xs, ys)])
    assert found is not None
    steep = [abs(slope(xs, order)) >= abs(slope(xs, ys)) - 1e-12 for order in itertools.permutations(ys)]
    assert found.p == pytest.approx(sum(steep) / len(steep)) == pytest.approx(2 / 24)
    assert (found.low, found.high) == (-math.inf, math.inf)  # one block says nothing of others
    assert math.isnan(found.deviation)


def test_the_interval_is_students_over_blocks_within_strata() -> None:
    slopes = {"x": (1.0, 1.2), "y": (2.0, 2.4)}
    blocks = [Block(name, (0.0, 1.0), (0.0, s)) for name, each in slopes.items() for s in each]
    found = blocked_trend(blocks)
    assert found is not None
    deviation = math.sqrt((0.1**2 * 2 + 0.2**2 * 2) / 2)
    assert found.value == pytest.approx(1.65)
    assert found.deviation == pytest.approx(deviation)
    assert found.high - found.value == pytest.approx(4.302653 * deviation / 2, rel=1e-5)  # t of 2 degrees of freedom
    assert blocked_trend([]) is None


def test_permutations_are_uniform_and_the_interval_covers_where_there_is_no_trend() -> None:
    rng = np.random.default_rng(1)
    ps, covered = [], 0
    for _ in range(120):
        blocks = [Block("", (0.0, 1.0, 2.0), tuple(rng.normal(size=3))) for _ in range(4)]
        found = blocked_trend(blocks)
        assert found is not None
        ps.append(found.p)
        covered += found.low <= 0 <= found.high
    assert sum(p <= 0.05 for p in ps) <= 14  # 6 are expected; 15 or more have a chance below 0.1 %
    assert 0.35 < sum(p <= 0.5 for p in ps) / 120 < 0.65
    assert covered >= 104


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=3), st.floats(0.1, 3), st.floats(-2, 2))
def test_p_depends_on_the_order_alone_and_the_slope_scales(ys: list[float], scale: float, shift: float) -> None:
    first = blocked_trend([Block("", (0.0, 1.0, 2.0), tuple(ys))])
    second = blocked_trend([Block("", (0.0, 1.0, 2.0), tuple(scale * y + shift for y in ys))])
    assert first is not None
    assert second is not None
    assert second.value == pytest.approx(scale * first.value, abs=1e-9)


def test_holm_is_that_of_the_paper() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_so_many_repetitions_are_needed() -> None:
    found = blocked_trend([Block("", (0.0, 1.0), (0.0, s)) for s in (0.1, 0.5, -0.3, 0.3)])
    assert found is not None
    many = blocks_needed(found, 1)
    assert many is not None
    assert many > 4
    flat = blocked_trend([Block("", (0.0, 1.0), (0.0, s)) for s in (0.1, -0.1)])
    assert flat is not None
    assert blocks_needed(flat, 1) is None


@pytest.mark.parametrize(
    ("name", "rises", "word"),
    [
        ("plant", {"a": 0.1, "b": 0.3, "c": 0.5, "d": 0.7}, "hard"),
        ("plant", {"a": 0.7, "b": 0.5, "c": 0.3, "d": 0.1}, "easy"),
        ("plant", {"a": 0.5, "b": 0.5, "c": 0.5, "d": 0.5}, "cannot tell"),
    ],
)
def test_a_sign_points_where_its_trend_goes(name: str, rises: dict[str, float], word: str) -> None:
    found = along(BY_NAME[name], cells(rises), COMPUTE)
    assert found.trend is not None
    assert found.trend.n == 6
    assert points_to(found, found.trend.p) == word
    assert points_to(found, 0.06) == "cannot tell"  # adjusted for other signs it no longer counts
    assert points_to(found, None) == "cannot tell"
    said = would_change(found, word)  # type: ignore[arg-type]
    assert ("would undo it" in said) == (word != "cannot tell")
    assert "10^15.0" in said or word == "cannot tell"


def test_each_sign_has_its_way() -> None:
    """Where less of it is found, or undone, a larger model speaks for a hard world."""
    falling = {"a": 0.9, "b": 0.7, "c": 0.5, "d": 0.3}
    made = {
        "find": [replace(each, leak=falling[each.model] + 0.01 * each.seed) for each in cells(falling)],
        "hide": [replace(each, hides=1 - falling[each.model]) for each in cells(falling)],
        "repair": [
            replace(each, repaired={4: 1 - 0.5 * falling[each.model], 16: 1 - falling[each.model]})
            for each in cells(falling)
        ],
    }
    for name, given_cells in made.items():
        found = along(BY_NAME[name], given_cells, COMPUTE)
        assert found.trend is not None
        assert points_to(found, found.trend.p) == "hard", name


def test_what_did_not_move_is_not_told() -> None:
    stuck = cell("a", planted={4: 0.0, 16: 0.1, 64: 0.1})
    assert BY_NAME["repair"].of(stuck) is None
    assert BY_NAME["depth"].of(stuck) is None
    unrepaired = cell("a", repaired={4: 1.0, 16: 1.0, 64: 0.9})
    assert BY_NAME["depth"].of(unrepaired) is None
    found = along(BY_NAME["repair"], [stuck, cell("b")], COMPUTE)
    assert found.trend is None
    assert found.untold == 1
    assert [level.value is None for level in found.levels] == [True, False, True, True]
    assert would_change(found, "cannot tell").startswith("Anything would")


def test_a_shallow_repair_comes_back_faster_than_it_came() -> None:
    assert BY_NAME["depth"].of(cell("a", rise=0.5)) == pytest.approx((0.5 + 0.9) / 2 - (0.25 + 0.5) / 2)
    assert BY_NAME["depth"].of(cell("a", again={4: 0.0, 16: 0.0})) == pytest.approx(-(0.25 + 0.5) / 2)
    assert BY_NAME["repair"].of(cell("a")) == pytest.approx((0.2 + 0.6 + 1.0) / 3)
    beyond = cell("a", base=0.5, repaired={4: 0.75, 16: 0.1})  # below the rate before planting there is no more to undo
    assert BY_NAME["repair"].of(beyond) == pytest.approx((0.5 + 1.0) / 2)


def test_examples_to_half_are_read_between_numbers_that_were_tried() -> None:
    assert examples_to_half(cell("a", planted={4: 0.5, 16: 1.0})) == pytest.approx(4)
    assert examples_to_half(cell("a", planted={4: 0.0, 16: 1.0})) == pytest.approx(8)
    assert examples_to_half(cell("a", planted={4: 0.0, 16: 0.4})) is None
    assert examples_to_half(cell("a", base=0.6, planted={4: 0.8, 16: 1.0})) == pytest.approx(4)
    assert examples_to_half(cell("a"), undo=True) == pytest.approx(2 ** (2 + 2 * 0.75))
    assert examples_to_half(cell("a", planted={4: 0.1, 64: 0.1}), undo=True) is None


def ladder(**change: Any) -> dict[str, Any]:
    """A ladder's report: three subjects, overseers below each, who see less the further below they are."""
    names = ["a", "b", "c", "d"]
    rows = [
        {"overseer": low, "subject": high, "gap": COMPUTE[high] - COMPUTE[low],
         "recall": {"value": 0.9 - 0.2 * (COMPUTE[high] - COMPUTE[low]) + 0.01 * len(high), "k": 1, "n": 9}}
        for high in names for low in names
    ]  # fmt: skip
    curve = [
        {"gap": g, "value": 0.9 - 0.2 * g, "low": 0.5 - 0.2 * g, "high": 1.0, "n": 40, "pairs": 2}
        for g in (-1, 0, 1, 2)
    ]
    return {"kind": LADDER, "recall": rows, "curves": {"recall": curve}, "figures": [], **change}


def test_decay_is_read_from_a_ladder_below_the_subject_only() -> None:
    found = decay([("ladder.json", ladder())])
    assert found.trend is not None
    assert found.trend.value == pytest.approx(-0.2)
    assert found.trend.n == 3  # the weakest has nobody below it
    assert [level.at for level in found.levels] == [0, 1, 2]
    assert points_to(found, 0.01) == "hard"
    with pytest.raises(CasebackError, match=r"ladder.json is no report of a ladder .*KeyError"):
        decay([("ladder.json", {"kind": LADDER})])
    assert decay([]).trend is None


def test_the_report_counts_signs_and_says_what_was_not_measured() -> None:
    made = easy_or_hard(
        RUNGS, cells({"a": 0.1, "b": 0.3, "c": 0.5, "d": 0.7}), Plan(("x", "yy")), [("l.json", ladder())]
    )
    json.dumps(made, allow_nan=False)
    assert made["kind"] == "caseback oversight easy-or-hard"
    assert sum(made["tally"].values()) == len(made["signs"]) == 6
    by_name = {each["name"]: each for each in made["signs"]}
    assert by_name["plant"]["points_to"] == "hard"
    assert by_name["plant"]["says"] == "larger models are taught bad things by fewer examples"
    assert by_name["hide"]["points_to"] == "cannot tell"  # the same everywhere
    figures = {each["name"]: each for each in made["figures"]}
    assert figures["plant_slope"]["value"] == by_name["plant"]["trend"]["value"]
    assert figures["signs_hard"]["value"] == made["tally"]["hard"]
    ps = {each["name"]: each["trend"]["p"] for each in made["signs"]}
    assert [by_name[name]["adjusted_p"] for name in ps] == pytest.approx(holm(list(ps.values())))
    without = easy_or_hard(RUNGS, (), Plan(("x",)))
    assert without["tally"]["cannot tell"] == 6
    assert sum(note.startswith("not measured:") for note in without["notes"]) == 6
    assert "Cannot tell" in render_easy_or_hard(without)


def test_the_page_shows_every_sign_with_its_levels_and_what_would_change_it() -> None:
    made = easy_or_hard(
        RUNGS, cells({"a": 0.1, "b": 0.3, "c": 0.5, "d": 0.7}), Plan(("x", "yy")), [("l.json", ladder())]
    )
    made["notes"].append("<script>alert(1)</script>\u202e")
    page = render_easy_or_hard(made)
    for each in made["signs"]:
        assert each["asks"] in page
        assert each["would_change"].replace("'", "&#39;") in page
    assert page.count('<svg class="strip"') == 6
    assert "<script" not in page
    assert "⟨U+202E⟩" in page
    assert "Points to a hard world" in page
    # What is first planted faster regains less faster: depth is told against it, so the two disagree here.
    assert reading(made)[0] == "Signs disagree"


def test_the_words_for_the_whole() -> None:
    def said(easy: int, hard: int) -> str:
        return reading({"tally": {"easy": easy, "hard": hard, "cannot tell": 6 - easy - hard}, "signs": range(6)})[0]

    assert said(0, 0) == "Cannot tell"
    assert said(4, 0) == "Easier as models grow"
    assert said(3, 0) == said(0, 2) == "Cannot tell"
    assert said(1, 1) == "Signs disagree"
    assert reading({"tally": {"easy": 1, "hard": 2, "cannot tell": 3}, "signs": range(6)})[2] == (
        "2 of 6 signs point to a hard world; 1 of 6 signs points to an easy one; 3 of 6 cannot be told."
    )


def test_a_strip_lies_within_its_box_and_goes_below_zero_where_a_level_does() -> None:
    levels = [{"name": "a", "at": 1.0, "value": -0.5, "low": -2.0, "high": 0.0},
              {"name": "b", "at": 3.0, "value": 0.5, "low": None, "high": None},
              {"name": "c", "at": 2.0, "value": None, "low": None, "high": None}]  # fmt: skip
    drawn = strip(levels)
    assert drawn is not None
    assert [label for _, label in drawn["y"]] == ["-1", "0", "1"]
    assert [dot["name"] for dot in drawn["dots"]] == ["a", "b"]
    assert all(drawn["left"] <= dot["x"] <= drawn["right"] for dot in drawn["dots"])
    assert drawn["dots"][0]["low"] == drawn["foot"]
    assert strip(levels[:1]) is None


def test_where_nothing_changes_no_number_of_repetitions_would_show_it() -> None:
    found = along(BY_NAME["repair"], cells({"a": 0.5, "b": 0.5, "c": 0.5, "d": 0.5}), COMPUTE)
    assert found.trend is not None
    assert points_to(found, found.trend.p) == "cannot tell"
    assert "no 1,000 repetitions would show it" in would_change(found, "cannot tell")
