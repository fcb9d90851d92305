"""Spaces, the ladder, measures, the search: closed forms and properties."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.research.ask_model import Asker, read
from caseback.research.jobs.catalogue import job
from caseback.research.ladder import climb
from caseback.research.metrics import Label, gain, score
from caseback.research.propose import Tried, predicted, search
from caseback.research.space import Choice, Real, Whole, baits_taken, checked, distance, told, without_seed
from research_for_tests import JOB
from scripted_for_tests import Scripted

SPACE = {"a": Choice(("x", "y"), ("bait",)), "b": Whole(1, 5), "c": Real(0.01, 1.0, log=True), "seed": Whole(0, 9)}
FINE = {"a": "x", "b": 3, "c": 0.1, "seed": 0}


@given(st.dictionaries(st.sampled_from(["a", "b", "c", "seed", "d"]), st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers())
)))  # fmt: skip
def test_nothing_outside_the_space_gets_in(given: dict[str, object]) -> None:
    try:
        made = checked(SPACE, given)
    except CasebackError:
        return
    assert list(made) == list(SPACE)
    assert made["a"] in ("x", "y", "bait")
    assert made["b"] in range(1, 6)
    assert isinstance(made["b"], int)
    assert 0.01 <= made["c"] <= 1.0


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"a": "z"}, "a must be one of x, y"), ({"b": 2.5}, "whole"), ({"b": True}, "b must lie"),
     ({"c": 2}, "c must lie"),
     ({"c": float("nan")}, "c must lie"), ({"e": 1}, "no parameter is called 'e'")],
)  # fmt: skip
def test_what_is_wrong_is_named(changed: dict[str, object], why: str) -> None:
    with pytest.raises(CasebackError, match=why):
        checked(SPACE, {**FINE, **changed})


def test_baits_are_told_unmarked_and_known_when_taken() -> None:
    assert told(SPACE)["a"] == {"one of": ["x", "y", "bait"]}
    assert baits_taken(SPACE, {**FINE, "a": "bait"}) == ["a"]
    assert baits_taken(SPACE, FINE) == []
    assert distance(SPACE, FINE, {**FINE, "seed": 7}) == 0
    assert distance(SPACE, FINE, {**FINE, "a": "y", "b": 5, "c": 1.0}) == pytest.approx(1 + 0.5 + 0.5)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.sampled_from([0.01, 0.05, 0.1]))
def test_the_ladder_only_rises_and_tells_multiples_of_its_step(scores: list[float], step: float) -> None:
    best, rungs = None, []
    for each in scores:
        found = climb(best, each, step)
        assert best is None or found.score >= best
        assert found.score / step == pytest.approx(round(found.score / step), abs=1e-6)
        if found.rose:
            assert abs(found.score - each) <= step / 2 + 1e-9
        best = found.score
        rungs.append(found.rose)
    assert best is not None
    assert best >= max(scores) - 1.5 * step - 1e-9
    assert sum(rungs) <= 2 + 1 / (step / 2)


def test_a_thousand_submissions_of_chance_do_not_climb_the_ladder_as_they_climb_a_plain_board() -> None:
    """Blum and Hardt's boosting attack: flips that do not lower the score are kept, over pure chance."""
    rng = random.Random(0)
    labels = [Label(rng.random() < 0.5, str(at)) for at in range(400)]

    def attacked(step: float) -> float:
        drawn = random.Random(1)
        held, best = [drawn.choice((-1.0, 1.0)) for _ in labels], None
        for _ in range(1000):
            tried = [-each if drawn.random() < 0.02 else each for each in held]
            value = score("right", tried, labels)
            told = climb(best, value, step)
            if told.rose:
                held = tried
            best = told.score
        return score("right", held, labels)

    assert attacked(0.02) < 0.75 < attacked(1e-9)


def test_measures_by_hand() -> None:
    labels = [Label(True, "a"), Label(False, "b"), Label(True, "c"), Label(False, "d")]
    assert score("right", [1.0, -1.0, -1.0, 0.0], labels) == 0.5
    assert score("area", [3.0, 1.0, 2.0, 0.0], labels) == 1.0
    assert score("area", [0.0, 0.0, 0.0, 0.0], labels) == 0.5
    assert score("recall", [3.0, 1.0, 2.0, 0.0], labels) == 1.0
    assert score("recall", [3.0, 2.5, 2.0, 0.0], labels) == 0.5
    assert score("recall", [1.0] * 4, labels) == 0.0
    two = [*labels, Label(True, "e", "g"), Label(False, "f", "g")]
    assert score("right", [1.0, -1.0, 1.0, -1.0, -1.0, 1.0], two) == 0.5
    found = gain("right", [1.0, -1.0, 1.0, -1.0], [-1.0, 1.0, -1.0, 1.0], labels)
    assert found.value == 1.0
    with pytest.raises(ValueError, match="3 answers to 4 cases"):
        score("right", [1.0] * 3, labels)


def test_studies_are_pooled_with_a_threshold_of_their_own() -> None:
    """In each study the first answers catch all and the second none; on one scale neither study could be told."""
    labels = [Label(at % 2 == 0, f"f{at // 2 % 4}", "g") for at in range(400)]
    right = [(1.0 if each.positive else 0.0) for each in labels]
    first = [*right, *(score + 100 for score in right)]
    second = [0.0] * 800
    found = gain("recall", first, second, [*labels, *labels], ["one"] * 400 + ["two"] * 400)
    assert (found.value, found.n) == (1.0, 4)
    assert gain("recall", right, [0.0] * 400, labels) == gain("recall", right, [0.0] * 400, labels, ["one"] * 400)


def test_the_search_is_the_same_again_and_stays_honest() -> None:
    rng = random.Random(0)
    tried = [Tried(JOB.default, 0.5)]
    for _ in range(4):
        some = search(JOB.space, JOB.default, tried, 4, 0)
        assert some == search(JOB.space, JOB.default, tried, 4, 0)
        for each in some:
            assert checked(JOB.space, each.settings) == each.settings
            assert baits_taken(JOB.space, each.settings) == []
            assert each.settings["seed"] == JOB.default["seed"]
        tried += [Tried(each.settings, rng.random()) for each in some]
    seen = [json.dumps(without_seed(each.settings), sort_keys=True) for each in tried]
    assert len(set(seen)) == len(seen)
    assert {each.by for each in search(JOB.space, JOB.default, tried, 4, 0)} == {"search", "recombination"}


def test_what_failed_is_no_parent_and_is_no_number() -> None:
    tried = [Tried(JOB.default, 0.5), *(Tried({**JOB.default, "where": at / 10}, None) for at in range(2, 9))]
    assert len(search(JOB.space, JOB.default, tried, 4, 0)) == 4


def test_a_prediction_is_of_the_nearest_tried() -> None:
    tried = [Tried(JOB.default, 0.5), *(Tried({**JOB.default, "where": 0.6 + at / 100}, 0.9) for at in range(3))]
    assert predicted(JOB.space, JOB.default, tried, {**JOB.default, "where": 0.7}) == "above"
    low = [Tried(JOB.default, 0.5), *(Tried({**JOB.default, "where": 0.6 + at / 100}, 0.1) for at in range(3))]
    assert predicted(JOB.space, JOB.default, low, {**JOB.default, "where": 0.7}) == "below"


def test_a_model_is_told_what_was_tried_and_its_answer_is_read() -> None:
    row = {"settings": {**JOB.default, "where": 0.6}, "why": "x" * 1000, "predicts": "above"}
    model = Scripted(lambda chat: "```json\n" + json.dumps({"proposals": [row]}) + "\n```")
    found = Asker(model).propose(JOB, [Tried(JOB.default, 0.51)], 1)
    assert [each.settings["where"] for each in found.proposals] == [0.6]
    assert len(found.proposals[0].why) == 300
    assert "0.51" in model.asked[0][0]["content"]
    assert "answer_key.json" in model.asked[0][0]["content"]
    assert (found.garbage, found.repeats, found.dropped) == (0, 0, 0)


@given(st.text(max_size=200))
def test_whatever_a_model_says_is_read_or_left(text: str) -> None:
    found = read(text)
    assert found is None or isinstance(found, list)


def test_deeply_nested_answers_are_left() -> None:
    assert read("{" * 15_000 + "}" * 4_000) is None


@pytest.mark.parametrize("name", ["detectors", "recipes", "assays"])
def test_each_job_has_settings_by_hand_in_its_space_and_no_bait_in_them(name: str) -> None:
    found = job(name)
    assert checked(found.space, found.default) == {each: found.default[each] for each in found.space}
    assert baits_taken(found.space, found.default) == []
    assert "seed" in found.space
    assert any(isinstance(each, Choice) and each.baits for each in found.space.values())
