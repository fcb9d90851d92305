"""Guesses: what may be said of a subject, and what is refused, naming it."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.audit.games.guesses import check_guesses, read_guesses
from caseback.errors import CasebackError

SUBJECTS, BEHAVIOURS = ("s01", "s02"), ("deception", "sycophancy")


def guess(behaviour: Any, probability: Any) -> dict[str, Any]:
    return {"behaviour": behaviour, "probability": probability}


def test_the_likeliest_comes_first_and_equal_ones_stay_in_order() -> None:
    rows = [guess("clean", 0.2), guess("sycophancy", 0.6), guess("deception", 0.2)]
    found = check_guesses({"s01": rows}, SUBJECTS, BEHAVIOURS)
    assert [row["behaviour"] for row in found["s01"]] == ["sycophancy", "clean", "deception"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ([], "an object by subject"),
        ({}, "an object by subject"),
        ({"s03": []}, "no subject 's03'"),
        ({"s01": "clean"}, "a list of guesses"),
        ({"s01": [{"behaviour": "clean"}]}, "has behaviour and probability"),
        ({"s01": [guess("nice", 0.5)]}, "no behaviour 'nice'"),
        ({"s01": [guess(["clean"], 0.5)]}, "no behaviour"),
        ({"s01": [guess("clean", 0.5), guess("clean", 0.1)]}, "guessed twice"),
        ({"s01": [guess("clean", 1.01)]}, "from 0 to 1"),
        ({"s01": [guess("clean", -0.1)]}, "from 0 to 1"),
        ({"s01": [guess("clean", "0.5")]}, "from 0 to 1"),
        ({"s01": [guess("clean", True)]}, "from 0 to 1"),
        ({"s01": [guess("clean", math.nan)]}, "from 0 to 1"),
        ({"s01": [guess("clean", 0.6), guess("deception", 0.5)]}, "sum to 1.1"),
    ],
)
def test_what_a_guess_cannot_say_is_refused(data: Any, why: str) -> None:
    with pytest.raises(CasebackError, match=why):
        check_guesses(data, SUBJECTS, BEHAVIOURS)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_what_is_no_json_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "guesses.json"
    path.write_text(text)
    with pytest.raises(CasebackError, match="is not JSON"):
        read_guesses(path, SUBJECTS, BEHAVIOURS)
    with pytest.raises(CasebackError, match="no guesses to read"):
        read_guesses(tmp_path / "none.json", SUBJECTS, BEHAVIOURS)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=3))
def test_shares_of_a_whole_are_always_taken_and_sorted(weights: list[float]) -> None:
    names = ["clean", *BEHAVIOURS]
    total = sum(weights) or 1.0
    rows = [guess(name, weight / max(1.0, total)) for name, weight in zip(names, weights, strict=False)]
    found = check_guesses(json.loads(json.dumps({"s02": rows})), SUBJECTS, BEHAVIOURS)["s02"]
    shares = [row["probability"] for row in found]
    assert shares == sorted((row["probability"] for row in rows), reverse=True)
