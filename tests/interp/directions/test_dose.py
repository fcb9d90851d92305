"""Dose and response on a model whose response is known: a score that a dose moves by itself, and chance cannot."""

from collections.abc import Callable

import pytest

from caseback.chat import user
from caseback.errors import CasebackError
from caseback.interp.directions.dose import CAPABILITY, Curve, Point, Response, best_dose, dose_response
from caseback.interp.directions.examples import Example, scores
from caseback.interp.directions.trial import Outcome, Trial
from caseback.stats.paired import paired_difference
from caseback.stats.rate import exact_rate
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.subject.span import EVERYWHERE
from caseback.world.situation import Split
from interp.directions.planted import unit
from interp.directions.subjects import WIDTH, direction_for, tiny_subject

SITE = Site("resid_post", 1)


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    return tiny_subject(tmp_path_factory.mktemp("subject"))


def above(limit: float, sign: float, found: object) -> Trial:
    """Shown where the score of a text, at the very site that is steered, lies above a limit."""

    def run(subject: OpenSubject, n: int, seed: int, split: Split) -> list[Outcome]:
        put = [Example((user(f"Text number {i}."),), True, "abc"[i % 3]) for i in range(n)]
        values = scores(found, subject, put)  # type: ignore[arg-type]
        return [
            Outcome(str(i), e.family, sign * v > limit, "") for i, (e, v) in enumerate(zip(put, values, strict=True))
        ]

    return run


def test_the_direction_moves_what_it_ought_to_and_chance_does_not(subject: OpenSubject) -> None:
    found = direction_for(subject, unit(WIDTH), SITE)
    trials = {"shown": above(5.0, 1.0, found), CAPABILITY: above(-100.0, 1.0, found)}
    ticks: list[tuple[int, int]] = []
    curve = dose_response(
        subject, found, trials, [-8.0, 8.0, 0.0], randoms=2, n=9, span=EVERYWHERE,
        progress=lambda done, total: ticks.append((done, total)),
    )  # fmt: skip
    assert [(p.arm, p.dose) for p in curve.points] == [
        ("none", 0.0), ("direction", -8.0), ("random", -8.0), ("direction", 8.0), ("random", 8.0)
    ]  # fmt: skip
    before, up, chance = curve.at(0.0, "none"), curve.at(8.0), curve.at(8.0, "random")
    assert before.responses["shown"].rate.k == 0
    assert up.responses["shown"].rate.k == 9
    assert curve.at(-8.0).responses["shown"].rate.k == 0
    assert (chance.responses["shown"].rate.k, chance.responses["shown"].rate.n, chance.vectors) == (0, 18, 2)
    change = up.responses["shown"].change
    assert change is not None
    assert (change.value, change.n) == (1, 9)
    assert up.moved > 0
    assert chance.moved == pytest.approx(up.moved, rel=0.2)
    assert ticks[-1] == (14, 14)
    assert best_dose(curve, "shown", rises=True) == 8.0
    assert best_dose(curve, "shown", rises=False) is None
    with pytest.raises(CasebackError, match=r"dose 3\.0 of direction was not measured"):
        curve.at(3.0)


def test_without_capability_nothing_is_steered(subject: OpenSubject) -> None:
    found = direction_for(subject, unit(WIDTH), SITE)
    with pytest.raises(CasebackError, match="with a trial called 'capability'"):
        dose_response(subject, found, {"shown": above(1.0, 1.0, found)}, [1.0])


def test_a_dose_that_breaks_the_model_is_not_the_best() -> None:
    def point(dose: float, shown: int, right: int) -> Point:
        def response(k: int) -> Response:
            after, before = [True] * k + [False] * (20 - k), [True] * 20
            return Response(exact_rate(k, 20), 0, paired_difference(after, before))

        return Point("direction", dose, {"shown": response(shown), CAPABILITY: response(right)}, 0.1)

    curve = Curve("d", "s", "dev", 20, 0, (point(-8, 0, 3), point(-2, 4, 20), point(-1, 12, 20), point(-4, 4, 19)))
    assert best_dose(curve, "shown", rises=False) == -2
    assert best_dose(curve, "shown", rises=False, cost=1.0) == -8


def test_what_could_not_be_judged_is_counted_apart(subject: OpenSubject) -> None:
    found = direction_for(subject, unit(WIDTH), SITE)

    def half(make: Callable[[int], bool | None]) -> Trial:
        return lambda subject, n, seed, split: (
            scores(found, subject, [Example((user("x"),), True, "a")]),
            [Outcome(str(i), "ab"[i % 2], make(i), "") for i in range(n)],
        )[1]

    curve = dose_response(
        subject, found, {"shown": half(lambda i: None if i < 3 else True), CAPABILITY: half(lambda i: True)}, [1.0],
        randoms=0, n=8, span=EVERYWHERE,
    )  # fmt: skip
    shown = curve.at(1.0).responses["shown"]
    assert (shown.unknown, shown.rate.k, shown.rate.n) == (3, 5, 5)
    assert [p.arm for p in curve.points] == ["none", "direction"]


def test_an_edit_that_meets_no_token_is_an_error(subject: OpenSubject) -> None:
    found = direction_for(subject, unit(WIDTH), SITE)
    idle: Trial = lambda subject, n, seed, split: [Outcome("0", "a", True, "")]  # noqa: E731
    with pytest.raises(CasebackError, match="never took effect"):
        dose_response(subject, found, {"shown": idle, CAPABILITY: idle}, [1.0])
