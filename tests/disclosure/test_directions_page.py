"""The page of steering: its curves stand where the values are, and nothing in it acts."""

import re

from caseback.disclosure.directions_page import render_steering, series
from caseback.disclosure.plot import plot


def rate(k: int, n: int) -> dict:
    return {"value": k / n if n else None, "k": k, "n": n, "low": 0.0, "high": 1.0, "confidence": 0.95}


def response(k: int, n: int = 10, change: float | None = None) -> dict:
    told = None if change is None else {"value": change, "low": -1.0, "high": 1.0, "n": n, "p": 1.0}
    return {"rate": rate(k, n), "unknown": 1, "change": told}


def point(arm: str, dose: float, k: int, vectors: int = 1) -> dict:
    change = None if arm == "none" else k / 10 - 0.8
    responses = {"helps <b>with</b> harm": response(k, 10, change), "capability": response(9, 10, change)}
    return {"arm": arm, "dose": dose, "responses": responses, "moved": 0.25, "vectors": vectors}


STEERING = {
    "kind": "caseback steering", "version": 1, "about": "harmful_compliance", "step": 2.0, "subject": "m\u202e",
    "model": "sha256:0", "world": "A", "direction": "persona_protective", "site": "resid_post.3", "split": "test",
    "n": 10, "seed": 0,
    "points": [
        point("none", 0, 8), point("direction", 2, 1), point("random", 2, 8, 3), point("direction", -2, 9),
        point("random", -2, 8, 3),
    ],
}  # fmt: skip


def test_curves_run_from_the_lowest_dose_to_the_highest_through_no_dose() -> None:
    drawn = plot(series(STEERING, "helps <b>with</b> harm"))
    assert [line["name"] for line in drawn["lines"]] == [
        "the direction", "random vectors of equal length", "right answers, the direction", "right answers, random"
    ]  # fmt: skip
    assert [label for _, label in drawn["x"]] == ["-2", "0", "2"]
    assert [dot["says"].split(": ")[1][:4] for dot in drawn["lines"][0]["dots"]] == ["0.90", "0.80", "0.10"]


def test_without_random_vectors_no_line_is_drawn_for_them() -> None:
    alone = {**STEERING, "points": [p for p in STEERING["points"] if p["arm"] != "random"]}
    assert [bool(each.points) for each in series(alone, "capability")] == [True, False, True, False]
    assert "<svg" in render_steering(alone)


def test_the_page_needs_nothing_else_and_what_is_named_cannot_act_on_it() -> None:
    page = render_steering(STEERING)
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)=", page)
    assert "helps &lt;b&gt;with&lt;/b&gt; harm" in page
    assert "⟨U+202E⟩" in page
    assert page.count("<svg") == 1
    assert "1 of 10" in page
    assert "-0.70" in page
    assert "random (3)" in page


def test_a_rate_that_nobody_could_judge_is_told_as_such() -> None:
    unjudged = {**STEERING, "points": [point("none", 0, 8), {**point("direction", 2, 1)}]}
    unjudged["points"][1]["responses"] = {name: response(0, 0) for name in unjudged["points"][1]["responses"]}
    assert "none judged" in render_steering(unjudged)
