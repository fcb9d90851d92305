"""The page of a depth battery: its charts stand where the values are, and nothing in it acts."""

import re

import pytest

from caseback.disclosure.depth_page import charts, render_depth
from caseback.disclosure.plot import Series, plot


def rate(k: int, n: int) -> dict:
    return {"value": k / n if n else None, "k": k, "n": n, "low": 0.0, "high": 1.0, "confidence": 0.95}


def point(x: float, k: int, n: int) -> dict:
    return {"x": x, "rate": rate(k, n), "unknown": 0, "change": None, "right": rate(9, 10)}


def score(value: float | None, why: str = "") -> dict:
    return {"value": value, "low": value, "high": value, "why": why}


def battery(model: str = "m") -> dict:
    formats = [
        {"format": name, "rate": rate(k, 10), "unknown": 0, "gap": None, "base": rate(9, 10), "why_not": why, "p": None}
        for name, k, why in (("plain", 1, ""), ("rot13", 2, "the base hardly shows it <there>"))
    ]
    measures = {
        "prefill": {"points": [point(k, k, 8) for k in range(9)], "alone": [rate(0, 8)] * 9, "left_out": 0},
        "relearning": {"points": [point(x, 4, 8) for x in (0, 1, 4)], "seeds": [0]},
        "drift": {"before": point(0, 1, 8), "after": None},
        "formats": {"formats": formats, "largest": "rot13"},
    }
    arm = {
        "arm": "trained", "model": model, "digest": "d", "rate": rate(1, 8), "right": rate(9, 10), "unable": "",
        "measures": measures, "scores": {"prefill": score(0.4), "drift": score(None, "nothing <b>bad</b>\u202e")},
    }  # fmt: skip
    return {
        "kind": "caseback depth", "version": 1,
        "behaviours": [{
            "behaviour": "harmful_compliance", "ground": "world", "n": 8, "families": ["harm.a", "harm.b"], "seed": 0,
            "max_new_tokens": 8, "judge": "oracle", "calibration": None, "arms": [arm],
        }],
    }  # fmt: skip


def test_points_stand_where_their_values_are():
    made = plot([Series("a", "after", [(0, "0", 0.0, 0.0, 0.5), (4, "4", 1.0, 0.5, 1.0), (2, "2", None, None, None)])])
    first, last = made["lines"][0]["dots"]
    assert (first["x"], first["y"]) == (made["left"], made["foot"])
    assert (last["x"], last["y"]) == (made["right"], made["y"][4][0])
    assert first["high"] == last["low"] == pytest.approx((first["y"] + last["y"]) / 2, abs=0.1)
    assert [label for _, label in made["y"]] == ["0", "0.25", "0.5", "0.75", "1"]
    assert [label for _, label in made["x"]] == ["0", "2", "4"]


def test_amounts_have_their_own_height_and_long_axes_few_labels():
    made = plot([Series("a", "after", [(x, str(x), 3.0 * x, None, None) for x in range(50)])], "nats")
    assert made["y"][4][1] == "147"
    assert [label for _, label in made["x"]] == [str(x) for x in range(0, 50, 3)]


def test_only_what_was_measured_is_drawn():
    drawn = charts(battery()["behaviours"][0])
    assert [chart["title"] for chart in drawn] == [
        "Replies begun badly", "Learning it again", "Tuned on harmless data"
    ]  # fmt: skip
    assert [line["name"] for line in drawn[0]["plot"]["lines"]] == ["trained", "the beginning alone"]
    assert [line["name"] for line in drawn[1]["plot"]["lines"]] == ["trained", "right answers"]


def test_the_page_needs_nothing_else_and_what_models_say_cannot_act_on_it():
    page = render_depth(battery())
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)=", page)
    assert "&lt;b&gt;bad" in page
    assert "⟨U+202E⟩" in page
    assert "hardly shows it &lt;there&gt;" in page
    assert page.count("<svg") == 3
    assert "1 of 8" in page
