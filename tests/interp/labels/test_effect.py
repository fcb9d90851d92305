"""Intervening on a latent whose effect is known: a right label stands, one with its sign turned is caught."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from caseback.errors import CasebackError
from caseback.interp.labels.claims import BEHAVIOURS, Claim, claim_of, log_odds
from caseback.interp.labels.effect import Effect, Trial, effects, finding, judged
from caseback.interp.labels.planted import along, gradient, turned
from caseback.subject.edits import Add
from caseback.subject.intervene import intervene
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.world.spec import WORLD_A
from interp.labels.dictionaries import LATENTS, SITE, WIDTH, dictionary_for
from models_for_tests import save_tiny

TRIAL = Trial(WORLD_A, n=6, controls=4, dose=1.0)
CASES = BEHAVIOURS["gives in"].cases
EVERY = list(range(LATENTS))


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    return load(str(save_tiny(tmp_path_factory.mktemp("model"), max_position_embeddings=2048)), dtype="float32")


@pytest.fixture(scope="module")
def slope(subject: OpenSubject) -> torch.Tensor:
    return gradient(subject, SITE, WIDTH, CASES(WORLD_A, "test", 3, 0))


def test_the_gradient_is_that_of_finite_differences(subject: OpenSubject, slope: torch.Tensor) -> None:
    cases = CASES(WORLD_A, "test", 3, 0)
    unit, step = slope / slope.norm(), 1e-2
    sides = []
    for sign in (1, -1):
        with intervene(subject.model, [Add(SITE, unit, scale=sign * step)]):
            sides.append(np.mean(log_odds(subject, cases)))
    assert (sides[0] - sides[1]) / (2 * step) == pytest.approx(float(slope.norm()), rel=0.05)


def test_a_right_label_stands_and_its_opposite_is_reversed(subject: OpenSubject, slope: torch.Tensor) -> None:
    dictionary = dictionary_for(subject, slope)
    assert along(dictionary, slope, dict.fromkeys(EVERY, 1.0), 2)[0] == 0
    right = Claim("gives in", 1, CASES, CASES)
    up, down = effects(subject, dictionary, 0, 1.0, right, EVERY, TRIAL)
    assert (up.towards, finding(up, down)) == ("as claimed", "as claimed")
    assert up.change.value > up.chance_high
    assert up.touched == 1
    assert 0 < down.touched <= 1
    up, down = effects(subject, dictionary, 0, 1.0, claim_of("gives in", -1), EVERY, TRIAL)
    assert (up.towards, finding(up, down)) == ("against", "reversed")
    assert finding(turned(up), turned(down)) == "as claimed"


def test_a_random_latent_moves_no_more_than_chance(subject: OpenSubject, slope: torch.Tensor) -> None:
    dictionary = dictionary_for(subject, slope)
    found = [effects(subject, dictionary, latent, 1.0, claim_of("gives in", 1), EVERY, TRIAL) for latent in (3, 4)]
    assert [finding(*both) for both in found] == ["no effect", "no effect"]


def test_a_latent_that_is_never_active_moves_nothing_downward(subject: OpenSubject) -> None:
    dictionary = dictionary_for(subject)
    dictionary = replace(dictionary, threshold=torch.full((LATENTS,), 1e6))
    _, down = effects(subject, dictionary, 3, 1.0, claim_of("gives in", 1), EVERY, TRIAL)
    assert (down.change.value, down.touched, down.towards) == (0.0, 0.0, "neither")


def test_too_few_directions_to_compare_with_are_refused(subject: OpenSubject) -> None:
    dictionary = dictionary_for(subject)
    with pytest.raises(CasebackError, match="4 random directions out of 2 other latents"):
        effects(subject, dictionary, 3, 1.0, claim_of("gives in", 1), [1, 2, 3], TRIAL)


def test_both_conditions_are_needed() -> None:
    families = ["a", "b", "c", "d"] * 3
    steady, wild = [0.5] * 12, [5.0, -4.0, 1.0, 0.0] * 3
    quiet, loud = [0.01, -0.01, 0.0, 0.02], [1.0, -1.0, 2.0, -2.0]
    assert judged("up", families, steady, quiet, 1.0, 1).towards == "as claimed"
    assert judged("up", families, steady, quiet, 1.0, -1).towards == "against"
    assert judged("up", families, steady, loud, 1.0, 1).towards == "neither"  # chance does as much
    assert judged("up", families, wild, quiet, 1.0, 1).towards == "neither"  # families do not agree
    assert judged("up", ["a"] * 12, steady, quiet, 1.0, 1).towards == "neither"  # one family says nothing of others
    # What every vector of that length does to a model is no effect of this one.
    assert judged("up", families, steady, [0.5, 0.49, 0.51, 0.52], 1.0, 1).towards == "neither"


def test_the_interval_of_chance_is_that_of_one_more_draw() -> None:
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(2_000):
        *chance, new = rng.normal(0.3, 0.1, 9)
        found = judged("up", ["a", "b"], [0.0, 0.0], chance, 1.0, 1)
        inside += found.chance_low <= new <= found.chance_high
    assert inside / 2_000 == pytest.approx(0.95, abs=0.015)


def test_labels_with_nothing_behind_them_are_called_reversed_in_at_most_one_of_twenty() -> None:
    """No effect but that of a random direction, and noise between families: the worst that both tests meet at once."""
    rng = np.random.default_rng(1)
    families = [name for name in "abcdef" for _ in range(4)]
    called = 0
    for _ in range(2_000):
        sides = []
        for side in ("up", "down"):
            own, *chance = rng.normal(0.0, 1.0, 9)
            changes = own + np.repeat(rng.normal(0, 0.02, 6), 4)
            sides.append(judged(side, families, changes.tolist(), list(chance), 1.0, 1))  # type: ignore[arg-type]
        called += finding(*sides) == "reversed"
    assert called / 2_000 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2_000)


@pytest.mark.parametrize(
    ("up", "down", "found"),
    [
        ("as claimed", "as claimed", "as claimed"),
        ("as claimed", "neither", "as claimed"),
        ("neither", "neither", "no effect"),
        ("against", "neither", "reversed"),
        ("neither", "against", "reversed"),
        ("against", "against", "reversed"),
        ("against", "as claimed", "contradictory"),
        ("as claimed", "against", "contradictory"),
    ],
)
def test_what_both_sides_say_together(up: str, down: str, found: str) -> None:
    plain = judged("up", ["a", "b"], [0.0, 0.0], [0.0, 0.1, 0.2], 1.0, 1)

    def towards(what: str) -> Effect:
        return replace(plain, towards=what)  # type: ignore[arg-type]

    assert finding(towards(up), towards(down)) == found
    assert finding(None, towards(down)) == "no claim"
