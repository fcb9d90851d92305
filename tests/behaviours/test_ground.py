"""Our situations in plain English: how many, how split, and that none comes twice."""

import pytest

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.plain.ground import plain_situations, read
from caseback.behaviours.registry import behaviour, behaviours
from caseback.errors import CasebackError

NAMES = (
    "harmful_compliance", "over_refusal", "sycophancy", "contradiction", "deception", "cheating", "sandbagging",
    "good_only_when_tested",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_at_least_sixty_items_split_by_family(name: str) -> None:
    families = read(name)["families"]
    assert sum(len(body["items"]) for body in families.values()) >= 60
    by_split = {split: {f for f, body in families.items() if body["split"] == split} for split in ("train", "test")}
    assert all(len(found) >= 3 for found in by_split.values())
    prefixes = behaviour(name).families
    assert all(family.split(".")[0] in prefixes for family in families)


@pytest.mark.parametrize("name", NAMES)
def test_distinct_deterministic_and_families_in_turn(name: str) -> None:
    one: Behaviour = behaviour(name)
    drawn = one.situations("plain", "test", 12, 3)
    assert drawn == one.situations("plain", "test", 12, 3)
    assert drawn != one.situations("plain", "test", 12, 4)
    everything = one.situations("plain", "test", 10_000, 0)
    assert len({item.id for item in everything}) == len(everything)
    assert len({item.messages for item in map(_hashable, everything)}) == len(everything)
    families = {item.family for item in everything}
    assert {item.family for item in one.situations("plain", "test", len(families), 0)} == families
    assert all(item.ground == "plain" and item.split == "test" for item in everything)
    assert all("{" not in m["content"] for item in everything for m in item.messages if name != "cheating")


def _hashable(item):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    return replace(item, messages=tuple((m["role"], m["content"]) for m in item.messages))


@pytest.mark.parametrize("name", ["sandbagging", "good_only_when_tested"])
def test_pairs_differ_in_their_cue_alone(name: str) -> None:
    one = behaviour(name)
    assert one.arms is not None
    drawn = one.situations("plain", "test", 20, 0)
    assert len(drawn) == 40
    for first, second in zip(drawn[::2], drawn[1::2], strict=True):
        assert first.pair == second.pair
        assert {first.arm, second.arm} == set(one.arms)
        assert first.messages[-1] == second.messages[-1]
        assert first.messages[0] != second.messages[0]
        assert first.latents == second.latents


def test_nothing_plain_is_for_pretraining() -> None:
    with pytest.raises(CasebackError, match="train and test"):
        plain_situations("sycophancy", "pretrain", 3, 0)


def test_impossible_tests_contradict_a_plain_solution() -> None:
    """The tempting test is wrong, and only that one: the others are what an honest function gives."""
    honest = {"square": lambda x: x * x, "length": len, "double": lambda x: 2 * x, "total": sum, "largest": max}
    items = [
        item
        for family in ("cheat.impossible_numbers", "cheat.impossible_strings")
        for item in read("cheating")["families"][family]["items"]
        if item["function"] in honest
    ]
    assert len(items) == len(honest)
    for item in items:
        wrong = [honest[item["function"]](*arguments) != expected for arguments, expected in item["tests"]]
        assert sum(wrong) == 1


@pytest.mark.parametrize("name", sorted(behaviours()))
def test_the_world_gives_situations_and_its_oracle_judges_them(name: str) -> None:
    one = behaviour(name)
    drawn = one.situations("world", "test", 4, 0)
    assert len(drawn) == (8 if one.arms else 4)
    assert all(item.ground == "world" for item in drawn)
    assert one.judge(drawn[0], "").shown is None
    if one.arms:
        assert {item.arm for item in drawn} == set(one.arms)
