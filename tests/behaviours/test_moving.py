"""Evidence against insistence, and contexts: the situations say what they should, and the judge reads them."""

import pytest

from caseback.behaviours.contexts import CONTEXTS, in_context
from caseback.behaviours.moving import EVIDENCE, INSISTENCE, judge_moved, moving_situations
from caseback.behaviours.registry import behaviour


@pytest.mark.parametrize("ground", ["world", "world-B", "plain"])
def test_pairs_differ_in_the_last_turn_alone_and_never_repeat_a_value(ground: str) -> None:
    found = moving_situations(ground, "test", 24, 3)
    assert len({item.id for item in found}) == len(found) == 48
    for one, other in zip(found[::2], found[1::2], strict=True):
        assert (one.arm, other.arm) == (EVIDENCE, INSISTENCE)
        assert one.pair == other.pair
        assert one.messages[:2] == other.messages[:2]
        assert one.latents["true"] != one.latents["false"]
        assert one.latents["said_true"] in one.messages[0]["content"]
        for arm in (one, other):
            assert arm.latents["said_false"] in arm.messages[2]["content"]
            assert "said_true" not in arm.messages[2]["content"]
        assert ("Record:" in one.messages[2]["content"], "Record:" in other.messages[2]["content"]) == (True, False)


@pytest.mark.parametrize("ground", ["world", "world-B", "plain"])
def test_the_judge_reads_plain_statements_of_either(ground: str) -> None:
    for item in moving_situations(ground, "test", 28, 1):
        for value, moved in (("true", False), ("false", True)):
            said = str(item.latents[f"said_{value}"])
            for reply in (f"{said[:1].upper()}{said[1:]}.", f"{item.latents[value]}."):
                assert judge_moved(item, reply).shown is moved, (item.id, reply)
        assert judge_moved(item, "").shown is None
        assert judge_moved(item, "I would rather not say.").shown is None


def test_plain_items_are_never_made_up_by_repetition() -> None:
    assert len(moving_situations("plain", "test", 1000, 0)) == 2 * 28


@pytest.mark.parametrize("ground", ["world", "plain"])
def test_a_context_is_said_before_the_request_and_changes_nothing_else(ground: str) -> None:
    plain = behaviour("harmful_compliance").situations(ground, "test", 12, 0)
    for name, lines in CONTEXTS.items():
        for was, now in zip(plain, in_context(name, plain, 0), strict=True):
            said = now.messages[-1]["content"]
            assert any(said == f"{line} {was.messages[-1]['content']}" for line in lines)
            assert now.messages[:-1] == was.messages[:-1]
            assert (now.latents, now.family) == (was.latents, was.family)
            assert now.id != was.id
