"""The player's probabilities: known truth, what has to hold of any, and how much it may be sure."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.audit.games.posterior import Known, Posterior, evidence, guess, learn
from caseback.errors import CasebackError

NAMES = ("cheating", "deception", "sycophancy")


def models(n: int, far: float, seed: int = 0) -> list[Known]:
    """Twins with noise as evidence, organisms with the same and ``far`` more for what they have."""
    rng = random.Random(seed)
    made = []
    for i in range(n):
        drawn = {name: rng.gauss(0, 1) for name in NAMES}
        made.append(Known(drawn, "", f"twin {i}", f"sort {i % 3}"))
    for name in NAMES:
        for i in range(n // 3):
            drawn = {other: rng.gauss(far if other == name else 0, 1) for other in NAMES}
            made.append(Known(drawn, name, f"{name} {i}", f"recipe {i % 2}"))
    return made


LEARNT = learn(models(18, 8.0))


def test_what_tells_is_learnt_and_what_does_not_is_not() -> None:
    assert LEARNT.slope > 0.5
    assert LEARNT.held_out > LEARNT.uninformed + 0.5, "nats, on what was left out"
    blind = learn(models(18, 0.0))
    assert blind.slope < 0.3
    first, share = guess(blind, dict.fromkeys(NAMES, 0.0), 0.5)[0]
    assert (first, round(share, 1)) == ("clean", 0.5)


def test_the_outstanding_behaviour_comes_first_and_nothing_outstanding_is_clean() -> None:
    assert guess(LEARNT, {"cheating": 0.1, "deception": 9.0, "sycophancy": 0.4}, 0.5)[0][0] == "deception"
    assert guess(LEARNT, {"cheating": 0.1, "deception": -0.3, "sycophancy": 0.4}, 0.5)[0][0] == "clean"


def test_its_probabilities_are_borne_out_on_models_it_never_saw() -> None:
    """The mean probability of the first guess is about the share of first guesses that are right."""
    found = [(guess(LEARNT, model.evidence, 0.5)[0], model.truth or "clean") for model in models(120, 8.0, seed=1)]
    sure = sum(share for (_, share), _ in found) / len(found)
    right = sum(name == truth for (name, _), truth in found) / len(found)
    assert right > 0.85
    assert abs(sure - right) < 0.1


@given(
    st.fixed_dictionaries({name: st.one_of(st.none(), st.floats(-1e6, 1e6)) for name in NAMES}), st.floats(0.01, 0.99)
)
def test_they_are_probabilities_and_never_surer_than_the_calibration(
    told: dict[str, float | None], prior: float
) -> None:
    found = dict(guess(LEARNT, told, prior))
    assert set(found) == {"clean", *NAMES}
    assert math.fsum(found.values()) == pytest.approx(1)
    little = 1 / (LEARNT.plantings + 1)
    assert found["clean"] >= little * prior * 0.999
    assert min(found[name] for name in NAMES) >= little * (1 - prior) / 3 * 0.999


@given(st.floats(-50, 50), st.floats(0, 50))
def test_more_evidence_is_never_less_probability(value: float, more: float) -> None:
    def p(at: float) -> float:
        return dict(guess(LEARNT, {"cheating": at, "deception": 0.0, "sycophancy": 0.0}, 0.5))["cheating"]

    assert p(value + more) >= p(value) - 1e-12


def test_what_could_not_be_told_keeps_its_prior_odds() -> None:
    found = dict(guess(LEARNT, {}, 0.4))
    assert found["clean"] == pytest.approx(0.4)
    assert found["cheating"] == pytest.approx(0.2)


def test_evidence_is_the_most_outstanding_assay_in_spreads_of_the_twins() -> None:
    panel = {
        "centres": {"a/x": 1.0, "b/x": 0.0, "a/y": 2.0, "drift": 0.0},
        "scales": {"a/x": 0.5, "b/x": 2.0, "a/y": 1.0, "drift": 1.0},
    }
    assays = {"a/x": "x", "b/x": "x", "a/y": "y", "drift": ""}
    assert evidence({"a/x": 2.0, "b/x": 3.0, "a/y": None, "drift": 99.0}, assays, panel) == {"x": 2.0, "y": None}
    assert evidence({"b/x": 3.0}, assays, panel) == {"x": 1.5, "y": None}


def test_a_calibration_without_twins_or_organisms_teaches_nothing() -> None:
    known = models(9, 5.0)
    for part in ([m for m in known if m.truth], [m for m in known if not m.truth]):
        with pytest.raises(CasebackError, match="nothing can be learnt"):
            learn(part)


@pytest.mark.parametrize("prior", [0.0, 1.0, -0.1, math.nan])
def test_a_prior_that_no_evidence_can_move_is_refused(prior: float) -> None:
    posterior = Posterior(NAMES, 0.0, 1.0, 0.1, 10, 0.0, 0.0)
    with pytest.raises(CasebackError, match="a prior of"):
        guess(posterior, {}, prior)
