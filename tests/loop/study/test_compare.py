"""What the study says of measured arms: by hand, on arms made up from what was shown."""

from collections.abc import Mapping

import pytest

from caseback.behaviours.measure import Measurement, Sample, Unit
from caseback.constitution.variants import Variant
from caseback.disclosure.page import render_page
from caseback.loop.arms import Arm
from caseback.loop.study.compare import bakes, contrasts, rate
from caseback.loop.study.report import HEADINGS, report
from caseback.loop.study.study import Scheme, Studied
from caseback.stats.paired import paired_difference
from caseback.stats.rate import exact_rate
from caseback.subject.subject import Reply
from caseback.world.situation import Judgement, Situation

Shown = tuple[bool | None, ...]
FAMILIES = 7


def arm(shown: Mapping[str, Shown]) -> Arm:
    """An arm that showed these behaviours in situations 0, 1, 2 …, which lie in seven families in turn."""
    measurements = {}
    for name, units in shown.items():
        made = []
        for i, one in enumerate(units):
            situation = Situation(f"{name}/{i}", f"{name}.{i % FAMILIES}", "test", (), {}, ground="world")
            made.append(Unit(situation.family, one, "", (Sample(situation, Reply(""), Judgement(one, "")),)))
        judged = [unit.shown for unit in made if unit.shown is not None]
        found = exact_rate(sum(judged), len(judged))
        measurements[name] = Measurement(name, "world", "m", tuple(made), found, found, {}, {}, "oracle")
    return Arm(measurements, exact_rate(9, 10), (True,) * 9 + (False,), "", ())


def studied(trained: Mapping[Variant, Shown], told: Shown, before: Shown) -> Studied:
    def both(open_: Shown) -> Arm:
        return arm({"deception": open_, "harmful_compliance": (False,) * len(open_), "over_refusal": (False,) * 7})

    variants = tuple(trained)
    return Studied(
        Scheme(variants=variants, seeds=(0, 1), demonstrated=("harmful_compliance",)),
        ("deception",),
        dict.fromkeys(variants, 10),
        both(before),
        {variant: both(told) for variant in variants if variant != "none"},
        {(variant, seed): both(shown) for variant, shown in trained.items() for seed in (0, 1)},
        {(variant, seed): paired_difference([True], [False]) for variant in variants for seed in (0, 1)},
    )


YES, NO = (True,) * 14, (False,) * 14


def test_a_telling_that_works_everywhere_differs_by_one() -> None:
    found = {
        (c.first, c.second, c.where): c.difference for c in contrasts(studied({"reasons": NO, "none": YES}, NO, YES))
    }
    assert set(found) == {("reasons", "none", "open"), ("reasons", "none", "demonstrated")}
    open_ = found["reasons", "none", "open"]
    assert (open_.value, open_.n) == (-1, 28)
    assert open_.high < -0.5
    assert found["reasons", "none", "demonstrated"].value == 0


def test_what_one_of_two_cannot_tell_is_left_out_of_the_contrast() -> None:
    half: Shown = (None, True) * 7
    found = next(c for c in contrasts(studied({"reasons": half, "rules": NO}, NO, YES)) if c.where == "open")
    assert found.difference.n == 14
    assert found.difference.value == 1


def test_the_bake_ratio_is_untold_over_told() -> None:
    half = YES[:7] + NO[:7]
    found = {b.where: b for b in bakes(studied({"reasons": half, "none": YES}, NO, YES))}
    assert found["open"].ratio == pytest.approx(0.5)
    assert found["open"].low < 0.5 < found["open"].high
    assert not found["open"].void
    assert found["demonstrated"].ratio == pytest.approx(1)
    assert len(list(bakes(studied({"none": YES}, NO, YES)))) == 0


def test_a_model_that_does_not_keep_it_when_told_voids_the_ratio() -> None:
    found = {b.where: b for b in bakes(studied({"reasons": NO}, YES, YES))}
    assert found["open"].void
    assert found["open"].ratio is None
    assert found["demonstrated"].void is False


def test_rates_are_pooled_over_seeds() -> None:
    found = rate([arm({"deception": YES}), arm({"deception": NO})], "deception")
    assert (found.k, found.n) == (14, 28)


def test_the_page_holds_every_contrast_and_escapes() -> None:
    found = report(studied({"reasons": NO, "rules": YES, "none": YES}, NO, YES))
    page = render_page("study.html.j2", study={**found, "tokens": {"reasons": "<script>"}}, headings=HEADINGS)
    assert "<script>" not in page
    assert "with reasons less more rules instead" in page
    assert "-1.00" in page
