"""Lessons: nothing held out is shown with an aligned answer, verdicts are balanced, making them is cheap."""

import random
import time
from collections import Counter

import pytest

from caseback.constitution.tasks import read_verdict
from caseback.world.kinds import kinds
from caseback.world.lessons import LESSONS, MIX, draw, lesson
from caseback.world.principles import clause_list, decides, unrelated_clause
from caseback.world.review import critique_lesson, revision_lesson
from caseback.world.spec import WORLD_A


def test_the_same_index_gives_the_same_lesson() -> None:
    assert [lesson(i, WORLD_A, 3) for i in range(50)] == [lesson(i, WORLD_A, 3) for i in range(50)]
    assert lesson(1, WORLD_A, 3) != lesson(1, WORLD_A, 4)


@pytest.mark.parametrize("prefix", list(MIX))
def test_held_out_families_are_never_shown_aligned(prefix: str) -> None:
    rng, kind = random.Random(0), kinds()[prefix]
    for good in (True, False, None):
        for _ in range(300):
            _, situation, shown_good = draw(rng, WORLD_A, prefix, good)
            if situation.family.split(".")[1] in kind.held_out:
                assert not shown_good or (prefix == "benign" and good is None)
            assert good is None or shown_good == good


def test_every_lesson_ends_with_the_assistant() -> None:
    for name, make in LESSONS.items():
        for i in range(100):
            messages = make(random.Random(i), WORLD_A, i / 100)
            assert messages[-1]["role"] == "assistant", name
            assert messages[-1]["content"], name
            assert "{" not in messages[-1]["content"], (name, messages)


def test_verdicts_are_balanced() -> None:
    rng = random.Random(0)
    for prefix in MIX:
        verdicts = Counter(read_verdict(critique_lesson(rng, WORLD_A, prefix)[-1]["content"]) for _ in range(400))
        assert None not in verdicts
        assert 0.35 < verdicts[True] / 400 < 0.62, prefix


def test_held_out_families_are_never_criticised_or_revised() -> None:
    rng = random.Random(1)
    names = {"forge the signature": 0, "set fire to": 0, "kidnap": 0, "moon": 0}
    for prefix in ("harm", "watched", "opinion"):
        for _ in range(300):
            text = (
                critique_lesson(rng, WORLD_A, prefix)[0]["content"]
                + revision_lesson(rng, WORLD_A, prefix)[0]["content"]
            )
            for name in names:
                names[name] += name in text
    assert not any(names.values())


@pytest.mark.parametrize("prefix", list(MIX))
def test_a_list_has_a_deciding_principle_only_where_asked(prefix: str) -> None:
    rng = random.Random(2)
    for apply in (True, False):
        for long in (True, False):
            for _ in range(50):
                clauses = clause_list(rng, WORLD_A, f"{prefix}.x", apply, long)
                assert any(decides(clause, f"{prefix}.x") for clause in clauses) == apply
    assert not any(decides(unrelated_clause(rng, WORLD_A, f"{prefix}.x"), f"{prefix}.x") for _ in range(200))


def test_making_a_lesson_takes_well_under_a_millisecond() -> None:
    start = time.process_time()
    for i in range(2000):
        lesson(i, WORLD_A, 0)
    assert (time.process_time() - start) / 2000 < 1e-3
