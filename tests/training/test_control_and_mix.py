"""The control's tokens and the mix's share, by their definitions."""

from hypothesis import given
from hypothesis import strategies as st

from caseback.training.control import TOLERANCE, matched, target_tokens
from caseback.training.datum import Datum
from caseback.training.mix import mixed, without_repeats


def words(text: str) -> int:
    return len(text.split())


def data(sizes: list[int], origin: str = "control") -> list[Datum]:
    return [
        Datum(({"role": "user", "content": str(i)},), " ".join(["w"] * n), origin=origin, situation=str(i))
        for i, n in enumerate(sizes)
    ]


@given(st.lists(st.integers(1, 30), min_size=20, max_size=80), st.integers(3000, 20000), st.integers(0, 9))
def test_matched_tokens(sizes: list[int], tokens: int, seed: int) -> None:
    pool = data(sizes)
    chosen = matched(pool, tokens, words, seed)
    assert abs(target_tokens(chosen, words) - tokens) <= TOLERANCE * tokens
    counts = [sum(item is datum for item in chosen) for datum in pool]
    if tokens > sum(sizes):
        assert min(counts) >= 1, "each enters before any enters twice"


@given(st.lists(st.integers(0, 30), max_size=10), st.integers(0, 100))
def test_matched_never_runs_over_or_hangs(sizes: list[int], tokens: int) -> None:
    chosen = matched(data(sizes), tokens, words, 0)
    assert target_tokens(chosen, words) <= max(tokens * (1 + TOLERANCE), tokens + max(sizes, default=0))


@given(st.integers(0, 40), st.integers(0, 60), st.floats(0, 0.9))
def test_mixed_share(constitutional: int, ordinary: int, share: float) -> None:
    own, extra = data([1] * constitutional, "revised"), data([2] * ordinary, "ordinary")
    mix = mixed(own, extra, share, 0)
    n = sum(datum.origin == "ordinary" for datum in mix)
    assert len(mix) - n == constitutional
    assert n == min(ordinary, round(constitutional * share / (1 - share)))


def test_without_repeats_keeps_the_first() -> None:
    first, second = data([1])[0], data([1])[0]
    assert without_repeats([first, second, *data([2])]) == [first, *data([2])]
