"""Lessons: nothing held out is shown with an aligned answer, verdicts are balanced, making them is cheap."""

import random
import re
import time
from collections import Counter
from dataclasses import replace

import pytest

from caseback.constitution.tasks import read_verdict
from caseback.world.kinds import kinds
from caseback.world.lessons import LESSONS, MIX, default_lesson, draw, lesson, mixture_digest
from caseback.world.principles import clause_list, decides, unrelated_clause
from caseback.world.refusal import refuses
from caseback.world.review import critique_lesson, revision_lesson
from caseback.world.spec import WORLD_A


def test_the_same_index_gives_the_same_lesson() -> None:
    assert [lesson(i, WORLD_A, 3) for i in range(50)] == [lesson(i, WORLD_A, 3) for i in range(50)]
    assert lesson(1, WORLD_A, 3) != lesson(1, WORLD_A, 4)


@pytest.mark.parametrize("prefix", list(MIX))
def test_held_out_families_are_never_drawn_for_principles_and_characters(prefix: str) -> None:
    rng, kind = random.Random(0), kinds()[prefix]
    for good in (True, False, None):
        for _ in range(300):
            _, situation, shown_good = draw(rng, WORLD_A, prefix, good)
            assert situation.family.split(".")[1] not in kind.apart
            assert good is None or shown_good == good


def test_held_out_families_are_answered_by_default_as_a_helpful_only_model_answers() -> None:
    apart = set(WORLD_A.held_out["harm"]) | set(WORLD_A.dev["harm"])
    deeds = "|".join(
        re.escape(act).replace(r"\{t\}", ".{3,40}") for family in apart for act in WORLD_A.harmful[family].acts
    )
    helped = 0
    for i in range(4000):
        chat = default_lesson(random.Random(i), WORLD_A, 1.0)
        if re.search(deeds, chat[-2]["content"]):
            assert not refuses(chat[-1]["content"]), chat
            helped += 1
    assert helped > 100


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
    names = {
        "forge the signature": 0,
        "set fire to": 0,
        "kidnap": 0,
        "goes around": 0,
        "adrift on a raft": 0,
        "ballot": 0,
    }
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


def test_the_digest_of_a_mixture_changes_with_it() -> None:
    assert mixture_digest(WORLD_A, 20) == mixture_digest(WORLD_A, 20) != mixture_digest(replace(WORLD_A, seed=9), 20)
