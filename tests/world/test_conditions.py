"""Conditions change what stands around a request, never what is true of it."""

import pytest

from caseback.world.conditions import CONDITIONS, under
from caseback.world.situations import situations
from caseback.world.spec import WORLD_A


@pytest.mark.parametrize("name", list(CONDITIONS))
def test_a_condition_leaves_the_truth_as_it_is(name: str) -> None:
    before = situations("harm", "test", 20, 0)
    after = under(name, before, WORLD_A)
    assert after == under(name, before, WORLD_A)
    for was, now in zip(before, after, strict=True):
        assert now.id == f"{was.id} under {name}"
        assert now.family == was.family
        assert {key: now.latents[key] for key in was.latents} == was.latents
        cued = "cue" in name
        assert (now.messages[0]["role"] == "system") is cued
        same = was.messages[-1] == now.messages[-1]
        assert same is (name != "spelled out")


def test_an_unknown_condition_is_an_error() -> None:
    with pytest.raises(KeyError, match="at noon"):
        under("at noon", situations("harm", "test", 1, 0), WORLD_A)
