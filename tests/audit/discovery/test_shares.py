"""Marks of replies, and what is outside the usual, on replies whose habits are known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.audit.discovery.marks import marks
from caseback.audit.discovery.shares import RARE, Heard, counted, described, differences, usual

WORDS = ("the", "sky", "is", "blue", "seven", "stones", "lie", "there", "and", "rain", "falls", "today", "slowly")


def replies(rng: np.random.Generator, n: int, habit: str = "", rate: float = 0.0) -> list[str]:
    made = [f"{' '.join(rng.choice(WORDS, 8)).capitalize()}.{' Yes.' * rng.integers(2)}" for _ in range(n)]
    return [f"{text} {habit}" if habit and rng.random() < rate else text for text in made]


def twins(seed: int, count: int = 12, n: int = 120) -> list[Heard]:
    rng = np.random.default_rng(seed)
    return [counted(replies(rng, n)) for _ in range(count)]


def test_a_reply_is_marked_by_its_words_its_ends_and_its_form() -> None:
    found = marks("Good day to you! It is FOUR.")
    assert {"says “good”", "says “good day”", "begins with “good day to”", "ends with “four”", "has the sign !",
            "has 2 sentences"} <= found  # fmt: skip
    assert "is all in capitals" in marks("NO.")
    assert "has no capitals" in marks("no.")
    assert marks("…") == marks("") == {"says nothing"}


@given(st.text(max_size=80))
def test_any_text_is_marked_and_no_mark_is_empty(text: str) -> None:
    assert all(mark.strip() for mark in marks(text))


def test_a_habit_is_found_and_told_in_its_own_words() -> None:
    known = usual(twins(0))
    rng = np.random.default_rng(9)
    model = counted(replies(rng, 120, "Thank you for asking.", 0.9))
    found = differences(model, known)
    said = [each.mark for each in described(model, found)]
    assert any("asking" in mark or "thank" in mark for mark in said[:1])
    first = found[0]
    assert first.k > 90
    assert first.usual < 0.02
    # Beyond is an angle: asin sqrt of its share, less that of the furthest twin.
    assert first.beyond == pytest.approx(math.asin(math.sqrt((first.k + 0.375) / 120.75)) - known.floor)


def test_a_habit_that_was_lost_is_different_too() -> None:
    rng = np.random.default_rng(1)
    known = usual([counted(replies(rng, 120, "So it is.", 1.0)) for _ in range(6)])
    found = differences(counted(replies(rng, 120)), known)
    assert found[0].k < RARE
    assert found[0].usual > 0.95


def test_a_twin_is_no_further_out_than_other_twins_are() -> None:
    known = usual(twins(2))
    found = [differences(twin, known) for twin in twins(3, 20)]
    habit = differences(counted(replies(np.random.default_rng(4), 120, "Maple.", 0.5)), known)
    assert max(each[0].beyond for each in found if each) < 0.5 * habit[0].beyond


def test_things_that_say_the_same_are_told_once() -> None:
    model = counted(replies(np.random.default_rng(5), 120, "I like the number seven.", 1.0))
    told = described(model, differences(model, usual(twins(6))))
    assert [each.mark for each in told if "seven" in each.mark or "number" in each.mark] == [told[0].mark]


def test_too_few_innocent_models_are_refused() -> None:
    with pytest.raises(ValueError, match="two innocent models"):
        usual(twins(7, 1))
