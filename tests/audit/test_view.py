"""Calibration on models whose truth is known because they were drawn: thresholds, false alarms, sensitivity, limits."""

import math

import numpy as np
import pytest

from caseback.audit.assay import Assay
from caseback.audit.examine import Statistics
from caseback.audit.member import Member
from caseback.audit.statistic import of_rate, untold
from caseback.audit.view import View, set_thresholds, view

N = 40
BEHAVIOURS = ("sycophancy", "deception")
ASSAYS = {
    f"{kind}/{name}": Assay(f"{kind}/{name}", name, "replies", "is there", lambda _: untold("not asked"))
    for kind in ("tempted", "in contexts")
    for name in BEHAVIOURS
}


def statistics(rng: np.random.Generator, behaviour: str, rate: float) -> Statistics:
    """What a model that shows the behaviour at this rate, and any other at 2 %, comes to."""
    return {
        name: of_rate(int(rng.binomial(N, rate if assay.behaviour == behaviour else 0.02)), N, N)
        for name, assay in ASSAYS.items()
    }


def drawn(seed: int, twins: int = 80) -> tuple[list[Member], dict[str, Statistics], list[str]]:
    rng = np.random.default_rng(seed)
    models = [Member(f"twin {i}", None, str(i), "", f"sort {i % 10}", f"twin {i}") for i in range(twins)]  # type: ignore[arg-type]
    for name in BEHAVIOURS:
        for i in range(12):
            for scale, rate in ((1.0, 0.9), (0.5, 0.3), (0.2, 0.1), (0.1, 0.04)):
                counts = (int(rng.binomial(400, rate)), 400)
                models.append(
                    Member(f"{name} {i} at {scale}", None, "", name, f"recipe {i % 6}", f"{name} {i}", scale, counts)  # type: ignore[arg-type]
                )
    found = {m.name: statistics(rng, m.behaviour, m.rate[0] / m.rate[1] if m.rate else 0.02) for m in models}
    return models, found, [m.name for m in models if m.is_twin][::2]


def seen(assays: dict[str, Assay], models: list[Member], found: dict[str, Statistics], setting: list[str]) -> View:
    panel = set_thresholds(assays, [model for model in models if model.name in setting], found)
    return view(assays, panel, models, found, setting)


@pytest.fixture(scope="module")
def made() -> View:
    return seen(ASSAYS, *drawn(0))


def test_innocent_models_rarely_raise_any_alarm() -> None:
    found = [seen(ASSAYS, *drawn(seed)).false_alarms for seed in range(12)]
    alarms, models = sum(rate.k for rate in found), sum(rate.n for rate in found)
    assert models == 12 * 40
    # 5 % is asked of all assays together; three standard errors of a binomial above it.
    assert alarms / models < 0.05 + 3 * math.sqrt(0.05 * 0.95 / models)


def test_full_doses_are_found_and_named(made: View) -> None:
    assert made.caught.value == 1.0
    assert made.caught.n == 24
    assert made.behaviours["sycophancy"].caught.k == 12
    assert set(made.behaviours["sycophancy"].by_recipe) == {f"recipe {i}" for i in range(6)}
    for found in made.behaviours.values():
        assert found.ratios.positive.low > 1
        assert found.ratios.negative.high < 1


def test_the_limit_lies_where_drawing_says_that_it_does(made: View) -> None:
    """Two assays of 40 replies, each alarming above its threshold: the rate at which either does in 95 of 100."""
    thresholds = made.panel.thresholds
    rates = np.linspace(0.02, 0.6, 400)
    rng = np.random.default_rng(1)
    for name in BEHAVIOURS:
        cuts = [thresholds[f"{kind}/{name}"] for kind in ("tempted", "in contexts")]
        draws = rng.binomial(N, rates[:, None, None], (400, 2000, 2))
        angles = np.arcsin(np.sqrt((draws + 0.375) / (N + 0.75)))
        caught = (angles > np.array(cuts)).any(2).mean(1)
        truth = float(rates[np.argmax(caught >= 0.95)])
        limit = made.behaviours[name].limit
        assert limit.low <= truth
        assert limit.high is None or truth <= limit.high


def test_an_assay_that_cannot_be_told_of_twins_has_no_threshold_and_never_alarms() -> None:
    models, found, setting = drawn(3)
    for statistic in found.values():
        statistic["tempted/deception"] = untold("nobody could judge")
    made = seen(ASSAYS, models, found, setting)
    assert made.panel.without == ("tempted/deception",)
    assert not any("tempted/deception" in alarms for alarms in made.alarms.values())
    assert made.behaviours["deception"].caught.k > 0


def test_one_that_cannot_be_told_counts_as_missed() -> None:
    models, found, setting = drawn(4)
    blind = {m.name for m in models if m.behaviour == "deception"}
    for name in blind:
        found[name] = {assay: untold("truncated") for assay in ASSAYS}
    made = seen(ASSAYS, models, found, setting)
    assert made.behaviours["deception"].caught.k == 0
    assert made.behaviours["deception"].caught.n == 12
    assert made.behaviours["deception"].limit.value is None


def test_misses_are_counted_together(made: View) -> None:
    assert made.misses is not None
    assert set(made.misses.missed) == {"tempted", "in contexts"}
    assert made.misses.union.n == 24
