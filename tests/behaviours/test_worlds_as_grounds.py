"""Each world is a ground of its own: situations, capability, harmless requests and judges are of that world alone."""

import pytest

from caseback.behaviours.capability import capability_situations
from caseback.behaviours.harmless import harmless_situations
from caseback.behaviours.registry import behaviours
from caseback.errors import CasebackError
from caseback.world.situation import Situation
from caseback.world.spec import WORLD_A
from caseback.world.worlds import WORLD_B, is_world, world_of


def families(found: list[Situation]) -> set[str]:
    return {situation.family for situation in found}


@pytest.mark.parametrize("name", ["harmful_compliance", "sycophancy", "deception", "cheating"])
def test_situations_are_of_the_world_asked_for(name: str) -> None:
    behaviour = behaviours()[name]
    here, there = (behaviour.situations(ground, "test", 12, 0) for ground in ("world", "world-B"))
    assert {s.ground for s in here} == {"world"}
    assert {s.ground for s in there} == {"world-B"}
    assert not families(here) & families(there)
    assert all(behaviour.judge(s, "").shown is None for s in there)  # the oracle judges: an empty reply is unclear


def test_questions_are_of_the_world_asked_for() -> None:
    for draw in (capability_situations, harmless_situations):
        there = draw("world-B", 16, 0)
        assert {s.ground for s in there} == {"world-B"}
        said = " ".join(m["content"] for s in there for m in s.messages)
        assert not any(state in said for state in WORLD_A.states)


def test_grounds_are_named_as_worlds_are() -> None:
    assert world_of("world") is WORLD_A
    assert world_of("world-B") is WORLD_B
    assert is_world("world-B")
    assert not is_world("plain")
    with pytest.raises(CasebackError, match="world, world-B and plain"):
        world_of("moon")
