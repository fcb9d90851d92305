"""Overseers whose dependence is known: copies, strangers, and readers that cannot read."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

from caseback.disclosure.oversight.independence_page import render_independence
from caseback.errors import CasebackError
from caseback.oversight.independence import study as study_module
from caseback.oversight.independence.answering import OPTIONS, Choice, answered, choices
from caseback.oversight.independence.overseers import CLEAN, Verdicts, drawn, fitted, labelled
from caseback.oversight.independence.pairs import kappas_lost, pairs_by_kind, pairs_sorted, who_passes_whom
from caseback.oversight.independence.panel import depth, of_panels
from caseback.oversight.independence.study import MAKE_UPS, _made_up, independence

FAMILIES = [f"f.{i % 12}" for i in range(240)]


def row(said, label, family="f.a"):
    messages = [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": said}]
    return {"messages": messages, "family": family, "label": label}


def wrong_panel(rng, copies, rate=0.3):
    one = (rng.random(len(FAMILIES)) < rate).astype(float)
    return np.stack([one if copies else (rng.random(len(FAMILIES)) < rate).astype(float) for _ in range(9)])


def test_nine_copies_have_one_vote_and_nine_strangers_most_of_nine():
    rng = np.random.default_rng(0)
    copies = of_panels([wrong_panel(rng, True)], [wrong_panel(rng, True)], FAMILIES)
    apart = of_panels([wrong_panel(rng, False)], [wrong_panel(rng, False)], FAMILIES)
    assert copies["votes"]["value"] == pytest.approx(1)
    assert copies["error_of_majority"] == copies["error_of_one"]
    assert apart["votes"]["low"] > 4
    assert apart["error_of_majority"] == pytest.approx(apart["error_if_independent"], abs=0.06)
    assert apart["missed_by_all"]["value"] < copies["missed_by_all"]["value"] == copies["missed_by_all"]["bound"]


def test_who_does_not_answer_has_no_vote_and_has_not_stopped_anything():
    silent = np.full((3, 12), np.nan)
    silent[0] = [0.0, 1.0] * 6
    panel = of_panels([silent], [silent], FAMILIES[:12])
    assert panel["unanswered"] == 24
    assert panel["error_of_majority"] == 0.5
    assert panel["votes"]["value"] is None
    assert depth([silent])["value"] == 0.5


def test_every_make_up_forms_as_many_panels_as_there_are_bases():
    for same_base, same_share in MAKE_UPS.values():
        panels = _made_up(4, same_base, same_share)
        assert len(panels) == 4
        for panel in panels:
            bases, shares = zip(*panel, strict=True)
            assert len(set(bases)) == (1 if same_base else 4)
            assert len(set(shares)) == (1 if same_share else 4)


def test_an_overseer_learns_what_its_features_tell_and_is_silent_where_there_are_none():
    rng = np.random.default_rng(0)
    labels = [CLEAN, "deception", "cheating"] * 30
    train = np.array([[labels.index(x), 0.1 * rng.standard_normal()] for x in labels])
    test = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [np.nan, np.nan]])
    classes = ("cheating", CLEAN, "deception", "never seen")
    found = fitted(train, labels, test, classes, range(90))
    assert [classes[at] for at in found.chosen[:3]] == [CLEAN, "deception", "cheating"]
    assert found.chosen[3] == -1
    assert found.probabilities[:3].sum(axis=1) == pytest.approx(1)
    assert found.probabilities[0, 3] == 0
    with pytest.raises(CasebackError, match="two kinds"):
        fitted(train, labels, test, classes, [0, 3])


def test_rows_are_drawn_half_bad():
    rows = [row(f"bad {i}", True) for i in range(30)] + [row(f"fine {i}", False) for i in range(100)]
    found = drawn("deception", rows, 40, 0)
    assert len(found) == 40
    assert sum(item.behaviour == "deception" for item in found) == 20
    assert labelled("cheating", rows)[-1].behaviour == CLEAN


class Sure:
    """Gives each answer a probability by its place."""

    digest = "sure"

    def __init__(self, favoured):
        self.favoured, self.asked = favoured, 0

    def score(self, chats, texts):
        self.asked += 1
        return [SimpleNamespace(logprob=0.0 if text == self.favoured else -5.0) for text in texts]


def test_probabilities_are_among_the_answers_offered():
    asked = [Choice("Which?", ("A.", "B.", "C."), "f"), Choice("What?", ("A.", "B.", "C.", "D."), "g")]
    found = answered(Sure("B."), asked)
    assert found.shape == (2, OPTIONS)
    assert math.isnan(found[0, 3])
    assert np.nansum(found, axis=1) == pytest.approx(1)
    assert found[0].tolist().index(np.nanmax(found[0])) == 1


def test_questions_have_their_true_answer_first_and_others_beside():
    for choice in choices(40, 0):
        assert 2 <= len(set(choice.answers)) == len(choice.answers) <= OPTIONS


def test_an_overseer_that_errs_alike_passes_every_error():
    families = [f"t.{i % 8}" for i in range(80)]
    wrong = np.eye(OPTIONS)[[1 if i % 4 == 0 else 0 for i in range(80)]]
    right = np.eye(OPTIONS)[[0] * 80]
    cells = {
        (c["overseer"], c["overseen"]): c for c in who_passes_whom(["a", "b", "c"], [wrong, wrong, right], families)
    }
    assert cells["a", "b"]["passed"]["value"] == 1
    assert cells["a", "b"]["kappa"] == pytest.approx(1)
    assert cells["a", "b"]["same_wrong"] == 20
    assert cells["c", "a"]["passed"]["value"] == 0
    assert cells["a", "c"]["passed"]["value"] is None


def test_pairs_are_sorted_by_what_they_share():
    """Overseers on one base are copies; kindred bases err alike more often than strangers."""
    rng = np.random.default_rng(0)
    truth, names = rng.integers(0, 3, len(FAMILIES)), ["a", "b", "c"]
    errs = {"a": rng.random(len(truth)) < 0.3, "c": rng.random(len(truth)) < 0.3}
    errs["b"] = errs["a"] ^ (rng.random(len(truth)) < 0.1)
    verdicts = {
        (base, share): Verdicts(("x", "y", "z"), np.eye(3)[np.where(errs[name], (truth + 1) % 3, truth)])
        for base, name in enumerate(names)
        for share in range(3)
    }
    found = pairs_by_kind(pairs_sorted(names, {"a": "k", "b": "k"}, {}), 3, verdicts, truth, FAMILIES)
    kappa = {pair["sort"]: pair["kappa"]["value"] for pair in found}
    votes = {pair["sort"]: pair["votes"]["value"] for pair in found}
    assert kappa["one base, other data"] == pytest.approx(1)
    assert 0.5 < kappa["kindred bases, other data"] < 1
    assert abs(kappa["other base, other data"]) < 0.2
    assert "kindred bases, the same data" in kappa
    assert votes["one base, other data"] == pytest.approx(1)
    assert 1 < votes["kindred bases, other data"] < votes["other base, other data"] <= 3


def test_what_is_no_longer_shared_is_told_one_by_one():
    """Errors here follow the base's descent and the constitution it was taught, and not the data."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, len(FAMILIES))
    descent = {"a": "p", "b": "p", "c": "p", "d": "q"}
    taught = {"a": "one", "b": "one", "c": "two", "d": "one"}
    by_descent = {each: rng.random(len(truth)) < 0.4 for each in "pq"}
    by_document = {each: rng.random(len(truth)) < 0.1 for each in ("one", "two")}
    verdicts = {}
    for base, name in enumerate(descent):
        errs = by_descent[descent[name]] ^ by_document[taught[name]]
        chosen = np.where(errs, (truth + 1) % 3, truth)
        verdicts |= {(base, share): Verdicts(("x", "y", "z"), np.eye(3)[chosen]) for share in range(4)}
    sorts = pairs_sorted(list(descent), descent, taught)
    assert sum(map(len, sorts.values())) == 4 * 6 + 6 * 4 * 2
    assert [str(each) for each in sorts][:3] == [
        "one base, other data", "kindred bases, one constitution, the same data",
        "kindred bases, one constitution, other data",
    ]  # fmt: skip
    lost = kappas_lost(sorts, verdicts, truth, FAMILIES)
    assert lost["other data"].value == pytest.approx(0)
    assert 0 < lost["another constitution"].low < lost["another constitution"].high < lost["another base"].high
    assert lost["another base"].value > 0.7
    assert kappas_lost(pairs_sorted(list(descent), {}, {}), verdicts, truth, FAMILIES) == {}


@pytest.fixture(scope="module")
def made():
    """A study of three readers that see a label through noise; the second and the third see the same noise."""
    rng = np.random.default_rng(0)
    rows = [(name, f"f.{i % 12}") for i, name in enumerate([CLEAN, "deception"] * 120)]
    items = [labelled(name, [row(f"{i}", name != CLEAN, family)])[0] for i, (name, family) in enumerate(rows)]
    noise = {"one": rng.standard_normal(240), "two": rng.standard_normal(240)}
    noise["three"] = noise["two"]

    class Reader(Sure):
        def __init__(self, name):
            super().__init__("A.")
            self.digest = self.name = name

    def seen(reader, given, journal=None):
        return np.array([[(x.behaviour != CLEAN) + noise[reader.name][i]] for i, x in enumerate(given)])

    patch = pytest.MonkeyPatch()
    patch.setattr(study_module, "features", seen)
    found = independence({n: Reader(n) for n in noise}, items, items, {"three": "two"}, questions=20)
    patch.undo()
    return found


def test_a_study_has_all_make_ups_and_finds_who_shares_noise(made):
    assert set(made["panels"]) == set(MAKE_UPS)
    votes = [panel["votes"]["value"] for panel in made["panels"].values()]
    assert votes[0] < votes[2]
    gains = {each["name"]: each["value"] for each in made["figures"]}
    assert gains["diversity_gain"] > 0
    assert gains["depth_gain"] > 0
    assert gains["votes_gain"] == pytest.approx(votes[2] - votes[0])
    kinds = {pair["sort"]: pair["kappa"]["value"] for pair in made["pairs"]}
    assert kinds["kindred bases, the same data"] == pytest.approx(1)
    assert kinds["other base, the same data"] < 0.5
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_a_study_has_a_page(made):
    page = render_independence(made)
    assert "effective votes" in page
    assert "Who passes whose errors" in page


def test_what_cannot_be_studied_is_refused():
    clean = labelled("deception", [row("fine", False)])
    with pytest.raises(CasebackError, match="three or more"):
        independence({"a": None, "b": None}, clean, clean)
    with pytest.raises(CasebackError, match="none of the test answers"):
        independence({"a": None, "b": None, "c": None}, clean, clean)
