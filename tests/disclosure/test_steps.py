"""The page of rounds and generations: every rate where it belongs, nothing that acts, nothing that is not there."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.disclosure.steps import HEIGHT, chart, write_steps
from caseback.stats.rate import exact_rate


def rate(k: int, n: int) -> dict[str, Any]:
    found = exact_rate(k, n)
    return {"k": k, "n": n, "low": found.low, "high": found.high, "confidence": 0.95}


def steps(*counts: tuple[int, int], why: str = "as it was") -> dict[str, Any]:
    return {
        "title": "Rounds",
        "lead": "One after the other.",
        "head": "0" * 64,
        "series": {"before": {"name": "before", "kind": "before"}, "repaired": {"name": "repaired", "kind": "after"}},
        "steps": [
            {
                "name": f"Round {number}",
                "status": "kept",
                "why": why,
                "record": "ab" * 32,
                "notes": ["data for deception: often"],
                "diffs": ["-  deception: 25\n+  deception: 125"],
                "arms": {
                    "repaired": {
                        "violations": rate(k, n),
                        "capability": rate(0, 0),
                        "behaviours": {"good_only_when_tested": rate(k, n)},
                    }
                },
            }
            for number, (k, n) in enumerate(counts, start=1)
        ],
    }


def test_the_page_shows_every_rate_and_asks_nothing_of_anybody(tmp_path: Path) -> None:
    page = write_steps(tmp_path / "improve.html", tmp_path / "rounds.json", steps((3, 100), (1, 100)))
    text = page.read_text(encoding="utf-8")
    assert "3% <span" in text
    assert "3 of 100" in text
    assert "good only when tested" in text
    assert "+  deception: 125" in text
    assert "<script" not in text
    assert not re.search(r"(?:src|href)=\"https?:", text)
    assert json.loads((tmp_path / "rounds.json").read_text(encoding="utf-8")) == steps((3, 100), (1, 100))


def test_what_a_model_wrote_cannot_act_on_the_page(tmp_path: Path) -> None:
    page = write_steps(tmp_path / "a.html", tmp_path / "a.json", steps((1, 2), why="<script>alert(1)</script>\u202e"))
    text = page.read_text(encoding="utf-8")
    assert "<script>" not in text
    assert "⟨U+202E⟩" in text


def test_no_step_yet_is_a_page_all_the_same(tmp_path: Path) -> None:
    assert write_steps(tmp_path / "a.html", tmp_path / "a.json", steps()).exists()


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=6))
def test_marks_stand_in_the_chart_higher_for_higher_rates(counts: list[tuple[int, int]]) -> None:
    counts = [(min(pair), max(pair)) for pair in counts]
    marks = chart(steps(*counts), "violations", "")["marks"]
    judged = [(k / n, place) for place, (k, n) in enumerate(counts) if n]
    assert len(marks) == len(judged)  # what was not measured has no mark
    for mark, (share, place) in zip(marks, judged, strict=True):
        assert 0 <= mark["high"] <= mark["y"] <= mark["low"] <= HEIGHT
        assert 100 * place / len(counts) < mark["x"] < 100 * (place + 1) / len(counts)
        for other, (lower, _) in zip(marks, judged, strict=True):
            assert lower >= share or other["y"] >= mark["y"]


def test_an_arm_without_rates_of_an_ability_has_no_mark() -> None:
    assert chart(steps((1, 2)), "capability", "")["marks"] == []


@pytest.mark.parametrize(("k", "n", "top"), [(0, 200, 0.05), (3, 100, 0.1), (50, 100, 1.0)])
def test_the_axis_ends_above_the_highest_interval(k: int, n: int, top: float) -> None:
    assert chart(steps((k, n)), "violations", "")["lines"][-1]["share"] == pytest.approx(top)
