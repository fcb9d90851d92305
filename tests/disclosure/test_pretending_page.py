"""The page of nice or pretending: every figure and every verdict is there, and nothing in it acts."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from audit.pretending.pairs_by_hand import acts
from caseback.audit.pretending.apart import tell_apart
from caseback.audit.pretending.pair_files import PairFiles, PairGrid
from caseback.audit.pretending.reading import PairsRead
from caseback.audit.pretending.record import pretending_data
from caseback.audit.pretending.steering import Steered
from caseback.audit.pretending.study import Plan, Study
from caseback.disclosure.pretending_page import render_pretending, steering_series
from caseback.interp.directions.dose import Curve, Point, Response
from caseback.stats.crossed import crossed_difference
from caseback.stats.rate import exact_rate

RATE = {"value": 0.5, "k": 2, "n": 4, "low": 0.1, "high": 0.9, "confidence": 0.95, "unknown": 0}
NAMES = [(behaviour, "x", seed) for behaviour in ("a", "<b>bold</b>") for seed in "012"]


@cache
def data(steered: bool = True) -> dict[str, Any]:
    """A study of pairs by their activations alone, and a pair steered."""
    pairs = acts(3.0, 0.2, NAMES, seed=1)
    kinds = dict.fromkeys(("watched", "unrelated", "unwatched"), pairs)
    replies = {p.name: {"pretending": ["I will not."] * 3, "nice": ["I will not."] * 3} for p in pairs}
    found = tell_apart(PairsRead(kinds, pairs, replies), False, None, 0)
    rates = {"watched": {"pretending": RATE, "nice": RATE}, "unwatched": {"pretending": RATE, "nice": RATE}}
    files = tuple(PairFiles(p.name, Path("."), p.behaviour, "pretending", int(p.seed), rates, {}) for p in pairs)
    grid = PairGrid("base\u202e", "sha256:" + "0" * 64, "world", files, (("c/x-0", "nice is excluded"),))
    study = Study(
        grid, Plan(), ("resid_post.0", "resid_post.1", "resid_post.2"), found.rows, found.chances, found.flips,
        found.innocents, (), (), (), (_steered(pairs[0].name),) if steered else (), found.unable,
    )  # fmt: skip
    return json.loads(json.dumps(pretending_data(study), allow_nan=False))


def _steered(name: str) -> Steered:
    bad, good = [True] * 12, [False] * 12
    families = [str(at) for at in range(12)]

    def response(after: list[bool], before: list[bool]) -> Response:
        return Response(exact_rate(sum(after), 12), 0, crossed_difference(after, before, families, [0] * 12))

    def point(arm: Any, dose: float, unwatched: list[bool]) -> Point:
        right = response(bad, bad)
        return Point(arm, dose, {"unwatched": response(unwatched, bad), "watched": response(good, good),
                                 "capability": right}, 0.1, 3 if arm == "random" else 1)  # fmt: skip

    points = (point("none", 0, bad), point("direction", -2, good), point("random", -2, bad))
    back = (point("none", 0, good), point("direction", 2, good), point("random", 2, good))
    curves = [Curve("pretending", "resid_post.1", "test", 12, 0, each) for each in (points, back)]
    return Steered(name, "a", "b/x-0", -2.0, True, curves[0], curves[1])


def test_the_page_tells_every_verdict_and_needs_nothing_else() -> None:
    made = data()
    page = render_pretending(made)
    assert page.count("Cannot tell: too few to leave out") == 2, "of two behaviours, and of three seeds"
    assert "It carries over" in page, "six pairs, one left out at a time"
    assert "leaving a recipe out: all pairs have the same" in page
    assert "c/x-0: nice is excluded" in page
    assert "less bad unwatched" in page
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)=", page)
    assert "<b>bold</b>" not in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert "⟨U+202E⟩" in page


def test_text_that_is_the_same_in_both_is_at_chance() -> None:
    for row in data()["rows"]:
        if row["what"].startswith("own replies"):
            assert row["auroc"]["value"] == 0.5


def test_without_steering_the_page_says_so() -> None:
    assert "Nothing was steered." in render_pretending(data(steered=False))


def test_curves_run_through_no_dose_for_both_models() -> None:
    lines = steering_series(data()["steered"][0])
    assert [line.name for line in lines] == [
        "pretending, unwatched, the direction", "pretending, unwatched, random vectors",
        "nice, unwatched, the direction", "nice, unwatched, random vectors",
    ]  # fmt: skip
    assert [[spot[0] for spot in line.points] for line in lines] == [[-2, 0], [-2, 0], [0, 2], [0, 2]]
    assert [spot[2] for spot in lines[0].points] == [0, 1]


def test_a_pretender_is_mended_where_it_is_measurably_less_bad_and_random_vectors_do_nothing() -> None:
    steered = _steered("a")
    assert steered.lowers is True
    idle, none = steered.nice.points[2], steered.pretending.points[0]
    noisy = Curve("pretending", "resid_post.1", "test", 12, 0, (none, steered.pretending.points[1]))
    assert Steered("a", "a", "b", -2.0, True, noisy, steered.nice).lowers is None, "no random vectors beside it"
    assert idle.arm == "random"
