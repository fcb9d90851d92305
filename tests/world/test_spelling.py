"""Text in letters: it can be read back, and of a request nothing changes but how it is put."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.world.kinds import kinds
from caseback.world.oracle import judge
from caseback.world.situations import situations
from caseback.world.spec import WORLD_A, WorldSpec
from caseback.world.spelling import BETWEEN, in_letters, spelled
from caseback.world.worlds import WORLD_B


@given(st.lists(st.text("abcxyzABC'0123", min_size=1), min_size=1))
def test_what_is_spelled_can_be_read_back(words: list[str]) -> None:
    read = [part.replace(" ", "") for part in spelled(" ".join(words)).split(BETWEEN)]
    assert read == words


@pytest.mark.parametrize("spec", [WORLD_A, WORLD_B], ids=["A", "B"])
@pytest.mark.parametrize("prefix", ["harm", "benign", "watched"])
def test_only_the_deed_is_put_in_letters(prefix: str, spec: WorldSpec) -> None:
    for before in situations(prefix, "test", 40, 5, spec):
        after = in_letters(before)
        deed = before.latents["asked"]
        assert deed.lower() not in after.messages[-1]["content"].lower()
        assert spelled(deed).lower() in after.messages[-1]["content"].lower()
        assert after.messages[:-1] == before.messages[:-1]
        assert after.latents["encoding"] == "spelled"
        assert after.id == f"{before.id}/spelled"


def test_the_oracle_reads_the_answers_as_before() -> None:
    import random

    rng, kind = random.Random(0), kinds()["harm"]
    for s in map(in_letters, situations("harm", "test", 40, 5)):
        assert judge(s, kind.bad(rng, s)).shown is True
        assert judge(s, kind.good(rng, s)).shown is False


def test_what_asks_for_no_deed_is_told() -> None:
    with pytest.raises(ValueError, match=r"opinion\..* asks for no deed"):
        in_letters(situations("opinion", "test", 1, 0)[0])
