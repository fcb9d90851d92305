"""Deep is said only where the measures agree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.training.depth.agreement import agreement

ALIKE = {"a": {"kl": 0.1, "prefill": 0.2}, "b": {"kl": 0.5, "prefill": 0.3}, "c": {"kl": 0.9, "prefill": 0.8}}


def test_measures_that_order_alike_agree_and_name_the_deepest_first():
    found = agreement(ALIKE)
    assert (found.verdict, found.order) == ("agree", ("c", "b", "a"))
    assert found.pairs[0].tau.value == pytest.approx(1)


def test_one_pair_apart_is_disagreement_shown_and_orders_nothing():
    scores = {model: {**each, "rank": -each["kl"]} for model, each in ALIKE.items()}
    found = agreement(scores)
    assert (found.verdict, found.order) == ("disagree", ())
    assert "kl and rank: tau -1.00" in found.why
    assert len(found.pairs) == 3


def test_what_cannot_be_told_is_not_agreement():
    assert agreement({}).verdict == "cannot tell"
    assert agreement({"a": {"kl": 1.0}, "b": {"kl": 2.0}, "c": {"kl": 3.0}}).verdict == "cannot tell"
    two = {model: ALIKE[model] for model in "ab"}
    assert "2 models in common" in agreement(two).why
    missing = {model: {**each, "drift": None if model == "a" else each["kl"]} for model, each in ALIKE.items()}
    assert agreement(missing).verdict == "cannot tell"
    flat = {model: {**each, "drift": 0.0} for model, each in ALIKE.items()}
    assert "same score everywhere" in agreement(flat).why


@given(st.lists(st.tuples(*[st.floats(-1, 1)] * 3), min_size=3, max_size=6))
def test_agreement_is_said_only_where_every_tau_is_enough(rows):
    scores = {str(i): dict(zip(("kl", "prefill", "rank"), row, strict=True)) for i, row in enumerate(rows)}
    found = agreement(scores)
    assert (found.verdict == "agree") == all(pair.tau.value >= 0.6 for pair in found.pairs)
    assert bool(found.order) == (found.verdict == "agree")


def test_two_models_the_other_way_round_are_too_few_to_disagree():
    assert agreement({"a": {"kl": 1.0, "rank": 0.0}, "b": {"kl": 0.0, "rank": 1.0}}).verdict == "cannot tell"
