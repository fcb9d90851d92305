"""Points of curves: what counts, what does not, and rounds put together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.behaviours.registry import behaviour
from caseback.training.depth.point import difference, point
from caseback.training.depth.trial import Ability, Tuning, trial
from caseback.training.recipe import load_recipe

OUTCOMES = st.lists(st.sampled_from([True, False, None]), min_size=14, max_size=14).map(tuple)


@pytest.fixture(scope="module")
def each(tmp_path_factory):
    tuning = Tuning(load_recipe("sft"))
    return trial(behaviour("harmful_compliance"), "world", 14, 0, 8, tmp_path_factory.mktemp("out"), tuning)


@given(first=OUTCOMES, second=OUTCOMES)
def test_what_nobody_could_tell_counts_nowhere(each, first, second):
    made = point(each, 3, first, second)
    told = [outcome for outcome in first if outcome is not None]
    assert (made.rate.k, made.rate.n, made.unknown) == (sum(told), len(told), first.count(None))
    both = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    assert made.change.n == len(both)
    assert made.change.first_only - made.change.second_only == sum(a - b for a, b in both)
    assert made.change.low <= 0 or made.change.value > 0


def test_rounds_are_pooled_and_their_seeds_widen_what_is_said(each):
    all_, none = (True,) * 14, (False,) * 14
    pooled = point(each, 3, all_ + none, none + none)
    assert (pooled.rate.k, pooled.rate.n, pooled.change.value) == (14, 28, 0.5)
    alone = difference(all_ + none, none + none, each.families * 2)
    assert pooled.change.high - pooled.change.low > alone.high - alone.low


def test_right_answers_of_all_rounds_are_counted(each):
    able = [Ability((True,) * 40, ""), Ability((True,) * 10 + (False,) * 30, "")]
    made = point(each, 3, (True,) * 28, (True,) * 28, able)
    assert (made.right.k, made.right.n) == (50, 80)
    assert point(each, 3, (True,) * 14).right is None
