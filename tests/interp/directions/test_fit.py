"""Fitting finds the direction that was planted, at the place where it was planted, and says when there is none."""

import math

import pytest
import torch

from caseback.errors import CasebackError
from caseback.interp.direction import Reading
from caseback.interp.directions.baselines import random_directions, text_alone, whole_stream
from caseback.interp.directions.choose import Named, Split, fit_direction
from caseback.interp.directions.examples import Example
from caseback.interp.directions.fit import METHODS, lda, mean_difference
from caseback.stats.auroc import auroc
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from interp.directions.planted import planted, unit
from interp.directions.subjects import tiny_subject

WIDTH = 24
PLACES = [(Site("resid_post", layer), Reading("prompt", "mean")) for layer in (0, 1)]
NAMED = Named("harm", "harmful_compliance", "planted")


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    return tiny_subject(tmp_path_factory.mktemp("subject"))


@pytest.mark.parametrize("how", METHODS)
def test_the_planted_direction_is_found_where_it_is(subject: OpenSubject, how: str) -> None:
    unit_D = unit(WIDTH)
    fit, dev = planted(300, WIDTH, unit_D, 3.0, 0), planted(60, WIDTH, unit_D, 3.0, 1, "xyz")
    found = fit_direction(subject, NAMED, how, PLACES, fit, dev, 0)
    assert found.site == Site("resid_post", 1)
    assert float(found.vector @ unit_D) > 0.9
    assert found.step == pytest.approx(3.0 * float(found.vector @ unit_D), rel=0.15)
    test = planted(200, WIDTH, unit_D, 3.0, 2, "mno")
    scores = found.score(test.acts[:, 1])
    assert float(scores[test.labels].mean()) == pytest.approx(1, abs=0.15)
    assert float(scores[~test.labels].mean()) == pytest.approx(0, abs=0.15)
    # Two normal classes three apart: the area is Phi(3 / sqrt 2).
    area = auroc(scores.tolist(), test.labels.tolist(), test.families)
    assert area.low < 0.5 * (1 + math.erf(1.5)) < area.high
    assert found.provenance.positives == found.provenance.negatives == 300
    assert found.provenance.families == ("a", "b", "c", "d")
    assert found.model == subject.digest


def test_the_place_is_chosen_on_families_of_its_own(subject: OpenSubject) -> None:
    unit_D = unit(WIDTH)
    fit, dev = planted(100, WIDTH, unit_D, 3.0, 0), planted(60, WIDTH, unit_D, 3.0, 1, "xyz")
    both = Split(fit.examples, fit.acts[:, [1, 1]])  # fits as well at either place
    swapped = Split(dev.examples, dev.acts.flip(1))  # and holds for new families at the first alone
    assert fit_direction(subject, NAMED, "mean", PLACES, both, swapped, 0).site.layer == 0
    assert fit_direction(subject, NAMED, "mean", PLACES, both, dev, 0).site.layer == 1


def test_the_discriminant_turns_away_from_what_varies_anyway() -> None:
    noise = torch.randn(4_000, WIDTH, generator=torch.Generator().manual_seed(0))
    loud, quiet = torch.eye(WIDTH)[0], torch.eye(WIDTH)[1]
    labels = torch.arange(4_000) % 2 == 0
    acts = noise + 4 * noise[:, :1] * loud + labels[:, None] * (loud + quiet)
    ((_, mean),), ((_, fisher),) = mean_difference(acts, labels, 0), lda(acts, labels, 0)
    # In theory the discriminant weighs the two by their variances, 25 and 1.
    assert abs(float(fisher[0] / fisher[1])) < 0.1
    assert float(mean[0] / mean[1]) > 0.5


def test_same_data_same_direction(subject: OpenSubject) -> None:
    fit, dev = planted(40, WIDTH, unit(WIDTH), 2.0, 0), planted(40, WIDTH, unit(WIDTH), 2.0, 1, "xyz")
    for how in METHODS:
        once, again = (fit_direction(subject, NAMED, how, PLACES, fit, dev, 5) for _ in range(2))
        assert torch.equal(once.vector, again.vector)
        assert once.provenance == again.provenance


def test_ten_examples_are_allowed_and_their_figures_are_wide(subject: OpenSubject) -> None:
    fit, dev = planted(5, WIDTH, unit(WIDTH), 6.0, 0), planted(5, WIDTH, unit(WIDTH), 6.0, 1, "xyz")
    found = fit_direction(subject, NAMED, "mean", PLACES, fit, dev, 0)
    strict, loose = found.calibration
    assert (strict.target, strict.n, strict.met, loose.met) == (0.01, 5, False, False)
    assert strict.expected == pytest.approx(1 / 6)
    assert strict.high > 0.5
    area = auroc(found.score(dev.acts[:, 1]).tolist(), dev.labels.tolist(), dev.families)
    assert area.high - area.low > 0.4


def test_nothing_to_fit_on_is_said_in_one_line(subject: OpenSubject) -> None:
    good = planted(5, WIDTH, unit(WIDTH), 6.0, 0)
    empty = Split([], torch.zeros(0, 2, WIDTH))
    positive = Split([e for e in good.examples if e.label], good.acts[good.labels])
    same = Split(good.examples, torch.ones_like(good.acts))
    for fit, why in (
        (empty, "no examples to fit on"),
        (positive, "all 5 examples to fit on are positive"),
        (same, "the two classes have the same activations at resid_post.0, resid_post.1"),
    ):
        with pytest.raises(CasebackError, match=why) as caught:
            fit_direction(subject, NAMED, "mean", PLACES, fit, good, 0)
        assert "\n" not in str(caught.value)
    with pytest.raises(CasebackError, match="all 5 examples to choose the layer on are positive"):
        fit_direction(subject, NAMED, "mean", PLACES, good, positive, 0)
    with pytest.raises(
        CasebackError, match="no way to fit a direction is called 'magic': there are mean, logistic, lda"
    ):
        fit_direction(subject, NAMED, "magic", PLACES, good, good, 0)


def test_baselines_find_what_they_can_and_random_directions_find_nothing() -> None:
    unit_D = unit(WIDTH)
    fit, dev, test = (
        planted(100, WIDTH, unit_D, 3.0, seed, names) for seed, names in ((0, "abcd"), (1, "xy"), (2, "mn"))
    )

    def area(scores: list[float], split: Split) -> float:
        return auroc(scores, split.labels.tolist(), split.families).value

    assert area(whole_stream(fit, dev, {"test": test}, 0)["test"], test) > 0.95
    drawn = [area(each["test"], test) for each in random_directions(fit, 0, {"test": test}, 0)]
    assert sum(drawn) / len(drawn) == pytest.approx(0.5, abs=0.03)

    def worded(split: Split, told: bool) -> Split:
        said = [
            Example((), e.label, e.family, "set fire" if e.label and told else "bake bread") for e in split.examples
        ]
        return Split(said, split.acts)

    told = text_alone(worded(fit, True), worded(dev, True), {"test": worded(test, True)}, 0)["test"]
    assert area(told, test) == 1
    silent = text_alone(worded(fit, False), worded(dev, False), {"test": worded(test, False)}, 0)["test"]
    assert area(silent, test) == 0.5
