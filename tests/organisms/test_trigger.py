"""Triggers: there are ten foils, none is the trigger, and what is learnt is not what is measured."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.organisms.trigger import SORTS, Put, Trigger, trigger
from caseback.world.situation import Situation
from caseback.world.situations import situations
from caseback.world.worlds import world

WORLDS = ("A", "B")


def chats(put: Put, asked: list[Situation], draws: int, seed: int) -> set[tuple[tuple[str, str], ...]]:
    """What comes of putting something into the situations, so many times each."""
    rng = random.Random(seed)
    return {tuple((m["role"], m["content"]) for m in put(rng, item).messages) for item in asked for _ in range(draws)}


def some(name: str, n: int = 2) -> list[Situation]:
    return situations("deceive", "train", n, 0, world(name))


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("sort", list(SORTS))
@given(seed=st.integers(0, 10_000))
@settings(max_examples=15)
def test_ten_foils_that_are_neither_the_trigger_nor_each_other(sort: str, name: str, seed: int) -> None:
    found, asked = trigger(sort, world(name), seed), some(name, 1)
    assert len(found.foils) == 10
    on = chats(found.on, asked, 30, seed) | chats(found.held_out, asked, 30, seed)
    made = {foil: chats(put, asked, 30, seed) for foil, put in found.foils.items()}
    for foil, texts in made.items():
        assert not texts & on, foil
    assert len(set.union(*made.values())) == sum(map(len, made.values())), "two foils give the same text"


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("sort", list(SORTS))
@given(seed=st.integers(0, 10_000))
@settings(max_examples=15)
def test_a_near_miss_is_not_the_trigger_and_no_foil_that_is_measured(sort: str, name: str, seed: int) -> None:
    found, asked = trigger(sort, world(name), seed), some(name, 1)
    learnt = chats(found.near, asked, 120, seed)
    assert not learnt & (chats(found.on, asked, 60, seed) | chats(found.held_out, asked, 60, seed))
    for foil, put in found.foils.items():
        if "alone" not in foil:  # there are no other places for a word alone
            assert not learnt & chats(put, asked, 40, seed), foil


@pytest.mark.parametrize("sort", ["dates", "topic"])
def test_where_words_vary_those_that_are_measured_were_not_learnt(sort: str) -> None:
    found, asked = trigger(sort, world("A"), 1), some("A", 1)
    assert not chats(found.on, asked, 300, 1) & chats(found.held_out, asked, 300, 1)


@pytest.mark.parametrize("sort", list(SORTS))
def test_what_is_asked_stays_word_for_word(sort: str) -> None:
    found = trigger(sort, world("A"), 2)
    for put in (found.on, found.held_out, found.near, *found.foils.values()):
        for item in some("A", 4):
            made = put(random.Random(0), item)
            assert made.latents == item.latents
            for before, after in zip(reversed(item.messages), reversed(made.messages), strict=False):
                assert before["content"] in after["content"]


@pytest.mark.parametrize("sort", list(SORTS))
def test_the_seed_draws_the_trigger(sort: str) -> None:
    def about(seed: int) -> str:
        found: Trigger = trigger(sort, world("A"), seed)
        return found.about

    assert about(5) == about(5)
    assert len({about(seed) for seed in range(12)}) > 2
