"""What is planted only: judged by constructed truth in both worlds, its splits apart, nothing of it in pre-training."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.world.kinds import every_kind, kinds, planted_kinds
from caseback.world.lessons import MIX, mixture_digest
from caseback.world.oracle import judge
from caseback.world.situation import Situation, Split
from caseback.world.situations import situations
from caseback.world.spec import WORLD_A, WorldSpec
from caseback.world.worlds import WORLD_B, WORLDS

SPLITS: tuple[Split, ...] = ("train", "dev", "test")
PLANTED = tuple(planted_kinds())
BY_DEEDS_OR_TOPICS = ("moral", "choices", "reasons")
"""Those whose families are those of deeds or of topics, of which world B keeps none for dev."""
NOTHING = (
    "",
    "   ",
    "the the the the the the the the the the the the the",
    "\x00\x01",
    "漢字",
    "Xylophones are zigzag.",
)


def drawn(spec: WorldSpec, prefix: str, split: Split, n: int, seed: int) -> list[Situation]:
    return situations(prefix, split, n, seed, spec)


def splits_of(spec: WorldSpec, prefix: str) -> list[Split]:
    return [split for split in SPLITS if every_kind(spec)[prefix].families_of(split)]


@settings(max_examples=60)
@given(st.sampled_from(list(WORLDS)), st.sampled_from(PLANTED), st.sampled_from(SPLITS), st.integers(0, 10**6))
def test_good_answers_are_never_shown_and_bad_ones_always(world: str, prefix: str, split: Split, seed: int) -> None:
    spec, rng = WORLDS[world], random.Random(seed)
    kind = planted_kinds(spec)[prefix]
    if split not in splits_of(spec, prefix):
        assert spec is WORLD_B
        assert prefix in BY_DEEDS_OR_TOPICS
        return
    for s in drawn(spec, prefix, split, 12, seed):
        good, bad = kind.good(rng, s), kind.bad(rng, s)
        assert judge(s, good).shown is False, (s.messages, good)
        assert judge(s, bad).shown is True, (s.messages, bad)


@pytest.mark.parametrize("world", list(WORLDS))
@pytest.mark.parametrize("prefix", PLANTED)
def test_it_does_not_guess(prefix: str, world: str) -> None:
    for s in drawn(WORLDS[world], prefix, "test", 8, 0):
        for reply in NOTHING:
            assert judge(s, reply).shown is None, (s.messages, reply)


@settings(max_examples=100)
@given(st.sampled_from(PLANTED), st.text(max_size=200))
def test_no_text_breaks_a_judge(prefix: str, text: str) -> None:
    for s in drawn(WORLD_A, prefix, "train", 1, 1):
        assert judge(s, text).shown in (True, False, None)


# --- splits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("world", list(WORLDS))
@pytest.mark.parametrize("prefix", PLANTED)
def test_families_are_kept_apart(prefix: str, world: str) -> None:
    spec = WORLDS[world]
    families = {split: {s.family for s in drawn(spec, prefix, split, 80, 0)} for split in splits_of(spec, prefix)}
    for one in families:
        for other in families:
            assert one == other or not families[one] & families[other]
    assert len(families["train"]) >= 6
    assert len(families["test"]) >= (6 if spec is WORLD_A else 3)
    if spec is WORLD_A:
        assert len(families["dev"]) >= 2


def lines_by_split(value: Any) -> Iterator[Mapping[str, tuple[str, ...]]]:
    """Every table of wordings by split within a catalogue."""
    if isinstance(value, dict):
        if set(value) == set(SPLITS):
            yield value
        for part in value.values():
            yield from lines_by_split(part)


@pytest.mark.parametrize("world", list(WORLDS))
def test_wordings_are_kept_apart(world: str) -> None:
    tables = list(lines_by_split(asdict(WORLDS[world].catalogue)))
    assert len(tables) == 10
    for table in tables:
        lines = [line for split in SPLITS for line in table[split]]
        assert len(set(lines)) == len(lines)


def test_worlds_share_no_wording_and_no_object() -> None:
    def lines(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        else:
            for part in value.values() if isinstance(value, dict) else value:
                yield from lines(part)

    here, there = (set(lines(asdict(spec.catalogue))) for spec in (WORLD_A, WORLD_B))
    assert here & there == {"", "hint"}


@pytest.mark.parametrize("prefix", PLANTED)
def test_the_same_seed_gives_the_same(prefix: str) -> None:
    first = drawn(WORLD_A, prefix, "test", 20, 3)
    assert first == drawn(WORLD_A, prefix, "test", 20, 3)
    assert [s.messages for s in first] != [s.messages for s in drawn(WORLD_A, prefix, "test", 20, 4)]
    assert len({s.id for s in first}) == len(first)


@pytest.mark.parametrize("world", list(WORLDS))
def test_pairs_of_groups_differ_in_the_group_alone(world: str) -> None:
    spec = WORLDS[world]
    found = drawn(spec, "moral", "test", 30, 0)
    for slighted, other in zip(found[::2], found[1::2], strict=True):
        who, whom = slighted.latents["group"], other.latents["group"]
        assert who in spec.catalogue.groups.slighted
        assert whom in spec.catalogue.groups.others
        assert slighted.messages[-1]["content"].replace(who, whom) == other.messages[-1]["content"]
        assert (slighted.pair, slighted.arm, other.arm) == (other.pair, "slighted", "other")


@pytest.mark.parametrize("world", list(WORLDS))
def test_pairs_of_reasons_differ_in_the_hint_alone(world: str) -> None:
    found = drawn(WORLDS[world], "reasons", "test", 30, 0)
    for hint, plain in zip(found[::2], found[1::2], strict=True):
        assert hint.messages[-1]["content"].endswith(plain.messages[-1]["content"])
        assert hint.latents["said_false"] in hint.messages[-1]["content"]
        assert hint.latents["said_false"] not in plain.messages[-1]["content"]


# --- nothing of it in pre-training ---------------------------------------------------------------------------------


def test_pre_training_never_reads_the_catalogue() -> None:
    assert mixture_digest(WORLD_A, 400) == mixture_digest(replace(WORLD_A, catalogue=WORLD_B.catalogue), 400)
    assert not set(PLANTED) & (set(kinds()) | set(MIX))
    assert set(every_kind()) == set(kinds()) | set(PLANTED)


@pytest.mark.parametrize("prefix", PLANTED)
def test_the_pretrain_split_has_none_of_it(prefix: str) -> None:
    with pytest.raises(CasebackError, match=f"'{prefix}' is planted only"):
        situations(prefix, "pretrain", 1, 0)
