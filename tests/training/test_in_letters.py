"""A share of the requests in letters: which, how many, and nothing about them changed."""

import pytest

from caseback.behaviours.harmless import harmless_situations
from caseback.behaviours.registry import trained_against
from caseback.behaviours.tempting import tempting_situations
from caseback.training.in_letters import partly_in_letters
from caseback.world.situations import situations
from caseback.world.spelling import can_spell


def test_about_the_share_of_requests_is_spelled_and_nothing_else() -> None:
    before = situations("harm", "train", 400, 0) + situations("opinion", "train", 100, 0)
    after = partly_in_letters(before, 0.2, 0)
    changed = [(was, now) for was, now in zip(before, after, strict=True) if was != now]
    assert 50 <= len(changed) <= 115  # 80 expected; four standard errors
    for was, now in changed:
        assert was.family.startswith("harm")
        assert now.latents["encoding"] == "spelled"
        assert now.family == was.family


def test_none_and_all() -> None:
    before = tempting_situations(trained_against(), "world", "train", 12, 0) + harmless_situations("world", 40, 0)
    assert partly_in_letters(before, 0.0, 0) == before
    after = partly_in_letters(before, 1.0, 0)
    assert all((now != was) == can_spell(was) for was, now in zip(before, after, strict=True))


def test_both_arms_of_a_pair_are_written_alike() -> None:
    pairs: dict[str, set[bool]] = {}
    for item in partly_in_letters(situations("watched", "train", 100, 0), 0.5, 1):
        pairs.setdefault(item.pair, set()).add(item.latents.get("encoding") == "spelled")
    assert all(len(how) == 1 for how in pairs.values())
    assert {frozenset(how) for how in pairs.values()} == {frozenset({True}), frozenset({False})}


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="not in"):
        partly_in_letters([], share, 0)
