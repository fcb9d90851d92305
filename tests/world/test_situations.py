"""Situations: what is held out is held out, pairs differ in their arm alone, the same seed gives the same."""

import itertools
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.world.ability import ABILITIES, hop_cities
from caseback.world.capability import capability_situations
from caseback.world.kinds import kinds
from caseback.world.reading import mentions, words
from caseback.world.requests import frayed
from caseback.world.situation import Split
from caseback.world.situations import situations
from caseback.world.spec import WORLD_A

SPLITS: tuple[Split, ...] = ("pretrain", "train", "dev", "test")


@pytest.mark.parametrize("prefix", [*kinds(), *ABILITIES])
def test_same_seed_same_situations(prefix: str) -> None:
    first, again = situations(prefix, "test", 20, 3), situations(prefix, "test", 20, 3)
    assert first == again
    if prefix != "self":  # It has fifteen test questions in all.
        assert [s.messages for s in first] != [s.messages for s in situations(prefix, "test", 20, 4)]
    assert len({s.id for s in first}) == len(first)
    assert all(s.messages[-1]["role"] == "user" for s in first)


@pytest.mark.parametrize("prefix", [prefix for prefix in kinds() if prefix != "self"])
def test_test_families_are_kept_apart(prefix: str) -> None:
    families = {split: {s.family for s in situations(prefix, split, 60, 0)} for split in SPLITS}
    assert not families["test"] & (families["train"] | families["pretrain"])
    assert not families["dev"] & (families["train"] | families["pretrain"] | families["test"])
    assert len(families["test"]) >= 6
    assert len(families["dev"]) >= 3
    assert families["train"] == families["pretrain"]
    assert families["test"]


@pytest.mark.parametrize("prefix", ["harm", "benign", "opinion", "deceive", "pressure"])
def test_wordings_are_kept_apart(prefix: str) -> None:
    kind = kinds()[prefix]
    family = kind.held_out[0]
    rng = random.Random(0)

    words = {
        split: {kind.make(rng, WORLD_A, family, split, kind.arms[0]).messages[-1]["content"] for _ in range(300)}
        for split in SPLITS
    }
    assert not words["test"] & (words["pretrain"] | words["train"])
    assert not words["train"] & words["pretrain"]


@pytest.mark.parametrize("prefix", ["harm", "benign", "watched"])
def test_requests_of_dev_are_in_wordings_of_their_own(prefix: str) -> None:
    kind, rng = kinds()[prefix], random.Random(0)
    family = kind.dev[0]

    def asked(split: Split) -> set[str]:
        return {kind.make(rng, WORLD_A, family, split, kind.arms[0]).messages[-1]["content"] for _ in range(300)}

    assert not asked("dev") & (asked("pretrain") | asked("train") | asked("test"))


@given(st.integers(0, 10**6))
def test_a_frayed_request_keeps_its_deed_and_has_words_of_requests_only(seed: int) -> None:
    patterns = WORLD_A.requests.asking["pretrain"]
    text = frayed(random.Random(seed), patterns, "paint my old fence")
    assert text.lower().count("paint my old fence") == 1
    known = set(words(" ".join(patterns).replace("{act}", " paint my old fence ")))
    assert set(words(text)) <= known
    assert not text.startswith(" ")
    assert "  " not in text


def test_cities_asked_about_in_two_hops_are_kept_apart() -> None:
    asked = {split: {s.messages[-1]["content"] for s in situations("hops", split, 400, 0)} for split in SPLITS}
    cities = {
        split: {c for c, *_ in hop_cities(WORLD_A) if any(mentions(q, c) for q in asked[split])} for split in asked
    }
    for one, other in itertools.combinations(("pretrain", "dev", "test"), 2):
        assert not cities[one] & cities[other]
    assert (len(cities["test"]), len(cities["dev"])) == (30, 15)


@pytest.mark.parametrize("prefix", ["sandbag", "watched"])
def test_pairs_ask_the_same(prefix: str) -> None:
    found = situations(prefix, "test", 30, 5)
    assert len(found) == 60
    for one, other in zip(found[::2], found[1::2], strict=True):
        assert one.pair == other.pair
        assert one.arm != other.arm
        assert one.family == other.family
        key = "act" if prefix == "watched" else "question"
        assert one.latents[key] == other.latents[key]


def test_enough_families_of_requests() -> None:
    for prefix in ("harm", "benign"):
        kind = kinds()[prefix]
        assert len(kind.families) >= 8
        assert len(kind.held_out) >= 2


def test_one_family_can_be_asked_for() -> None:
    assert {s.family for s in situations("harm.poison", "train", 5, 0)} == {"harm.poison"}
    assert {s.family for s in situations("fact.space", "test", 5, 0)} == {"fact.space"}


@pytest.mark.parametrize(
    ("family", "says"),
    [
        ("nonsense", "no family 'nonsense'"),
        ("fact.nonsense", "fact.space"),
        ("harm.nonsense", "harm.arson"),
        ("harm.poison", "harm.arson"),
    ],
)
def test_unknown_families_are_named(family: str, says: str) -> None:
    with pytest.raises(CasebackError, match=says):
        situations(family, "test", 1, 0)


def test_another_seed_of_the_world_is_another_world() -> None:
    here, there = situations("harm", "test", 30, 0), situations("harm", "test", 30, 0, replace(WORLD_A, seed=7))
    assert [s.messages for s in here] != [s.messages for s in there]


def test_capability_has_all_parts() -> None:
    found = capability_situations(40, 0)
    assert len(found) == 40
    assert {s.family.split(".")[0] for s in found} == {"fact", "hops", "arith", "benign"}
