"""Directions found on some pairs and tried on others: what was planted is found, and what was not is not."""

import numpy as np
import pytest
import torch

from audit.pretending.pairs_by_hand import WIDTH, acts, unit
from caseback.audit.pretending.acts import PairActs
from caseback.audit.pretending.fits import drift, line_along, logistic, mean_difference, mean_line
from caseback.audit.pretending.flips import flip_test, held_out, products, worlds
from caseback.audit.pretending.folds import folds
from caseback.audit.pretending.rows import chance, held_scores, row

SIX = [(behaviour, "demonstrations", "0") for behaviour in "abcdef"]
GRID = [(behaviour, recipe, seed) for behaviour in "abcdef" for recipe in ("x", "y") for seed in "01"]


def test_a_planted_vector_is_found_at_its_place_in_behaviours_left_out() -> None:
    pairs = acts(3.0, 0.2, SIX, seed=1)
    parts = folds(pairs, "behaviour")
    test = flip_test(products(pairs), parts)
    assert test.verdict == "found"
    assert test.places == (1,) * 6, "the middle place is where it was planted"
    assert test.p == test.least == 1 / 32
    assert min(test.cosines) > 0.8
    line = mean_line([pairs[at] for at in parts[0].fit], 1)
    assert float(line.unit @ unit(0).double()) > 0.95
    found = row("mean", "watched", "behaviour", held_scores(pairs, parts, test.places, mean_difference))
    assert (found.apart.k, found.apart.n) == (6, 6)
    assert found.auroc.value == 1
    assert found.models.value == 1
    assert found.at.recall.value == 1
    assert found.calibrated.recall.value > 0.9
    assert found.difference.value == pytest.approx(1, abs=0.25)
    by_logistic = row("logistic", "watched", "behaviour", held_scores(pairs, parts, test.places, logistic))
    assert by_logistic.apart.k == 6
    idle = chance("watched", "behaviour", pairs, parts, test.places, seed=0)
    assert idle.auroc < 0.9, "a random direction picks up a sixth of it at most"


def test_models_that_differ_only_by_chance_are_called_so_at_the_right_rate() -> None:
    """Every pair differs, and each in a way of its own: within a pair the two are told apart perfectly, and nothing
    carries over. In 200 such studies at most 0.05 may say that it does; 19 of 200 is the upper end at that rate."""
    false, ps = 0, []
    for seed in range(200):
        pairs = acts(0.0, 1.0, SIX, seed=seed, texts=2)
        test = flip_test(products(pairs), folds(pairs, "behaviour"))
        false += test.verdict == "found"
        ps.append(test.p)
    assert false <= 19
    assert false > 0, "at 1 of 32 worlds some have to come out"
    assert 0.4 < float(np.mean(ps)) < 0.65


def test_seeds_that_agree_within_a_behaviour_do_not_count_as_carrying_over() -> None:
    """The two pairs of a behaviour share their difference, those of another have another: alike within, not across."""
    false = 0
    for seed in range(100):
        drawn = acts(0.0, 0.3, [(b, "x", s) for b in "abcdef" for s in "01"], seed=seed, texts=2)
        shared = {name: 3 * unit(10_000 * (1 + seed) + at) for at, name in enumerate("abcdef")}
        pairs = [
            PairActs(p.name, p.behaviour, p.recipe, p.seed, p.pretending + shared[p.behaviour], p.nice) for p in drawn
        ]
        test = flip_test(products(pairs), folds(pairs, "behaviour"))
        false += test.verdict == "found"
        if seed == 0:
            within = flip_test(products(pairs), folds(pairs, "pair"))
            assert within.verdict == "found", "a single pair left out has one of its own behaviour among the others"
    assert false <= 11, "0.05 of 100, and its upper end"


def test_identical_models_tell_nothing() -> None:
    same = torch.randn(4, 3, WIDTH)
    pairs = [PairActs(f"{name}/x-0", name, "x", "0", same, same) for name in "abcdef"]
    parts = folds(pairs, "behaviour")
    test = flip_test(products(pairs), parts)
    assert test.p == 1
    assert test.verdict == "not found"
    found = row("mean", "watched", "behaviour", held_scores(pairs, parts, test.places, mean_difference))
    assert found.auroc.value == 0.5
    assert found.apart.k == 0


def test_too_few_groups_cannot_tell_however_clear_the_case() -> None:
    pairs = acts(3.0, 0.1, [(b, "x", s) for b in "abc" for s in "01"], seed=3)
    by_behaviour = flip_test(products(pairs), folds(pairs, "behaviour"))
    assert by_behaviour.least == 0.25
    assert by_behaviour.verdict == "cannot tell"
    assert flip_test(products(pairs), folds(pairs, "pair")).verdict == "found"
    assert folds(pairs, "recipe") == [], "all have the same"


def test_the_products_give_what_fitting_by_hand_gives() -> None:
    pairs = acts(0.5, 0.5, GRID, seed=5)
    parts = folds(pairs, "behaviour")
    signs = np.random.default_rng(0).choice([1.0, -1.0], (3, len(pairs)))
    cosines, places = held_out(products(pairs), parts, signs)
    for world in range(3):
        turned = [
            p if s > 0 else PairActs(p.name, p.behaviour, p.recipe, p.seed, p.nice, p.pretending)
            for p, s in zip(pairs, signs[world], strict=True)
        ]
        for number, fold in enumerate(parts):
            line = mean_line([turned[at] for at in fold.fit], int(places[world, number]))
            for at in fold.held:
                own = turned[at].difference[places[world, number]]
                assert cosines[world, at] == pytest.approx(float(own @ line.unit / own.norm()))


def test_no_pair_that_is_left_out_takes_part_in_choosing() -> None:
    pairs = acts(1.0, 0.5, GRID, seed=6)
    for by in ("behaviour", "recipe", "seed", "pair"):
        for fold in folds(pairs, by):
            assert not set(fold.fit) & set(fold.held)
            assert sorted(fold.fit + fold.held) == list(range(len(pairs)))
            assert sorted(at for part in fold.inner for at in part) == sorted(fold.fit)
    changed = [
        PairActs(p.name, p.behaviour, p.recipe, p.seed, p.pretending * 50, p.nice) if p.behaviour == "a" else p
        for p in pairs
    ]
    before, after = (flip_test(products(each), folds(each, "behaviour")).places[0] for each in (pairs, changed))
    assert before == after, "the place of the fold that leaves a out does not hang on a"


@pytest.mark.parametrize("groups", [2, 3, 6, 20])
def test_worlds_begin_with_the_one_that_is(groups: int) -> None:
    found = worlds(groups)
    assert (found[0] == 1).all()
    assert (found[:, 0] == 1).all()
    assert len(found) == (2 ** (groups - 1) if groups <= 12 else 4096)


def test_a_score_is_0_at_partners_and_1_at_pretenders_and_points_to_them() -> None:
    pairs = acts(2.0, 0.5, SIX, seed=8)
    for fit in (mean_difference, logistic, drift):
        score = fit(pairs, 1)
        sides = [torch.cat([score(getattr(p, side)) for p in pairs]).mean() for side in ("nice", "pretending")]
        assert [float(each) for each in sides] == pytest.approx([0, 1], abs=1e-6)
    backwards = line_along(-unit(0), pairs, 1)
    assert float(backwards.unit @ unit(0).double()) == pytest.approx(1, abs=1e-6)
