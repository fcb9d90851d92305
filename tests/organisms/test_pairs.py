"""Pairs over behaviours, ways and seeds: what they learn from, and growing them as a user types it."""

import json
import random
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from caseback.behaviours.registry import behaviour
from caseback.cli.main import app
from caseback.errors import CasebackError
from caseback.organisms import plant as plant_module
from caseback.organisms.acceptance import Check
from caseback.organisms.order import Order
from caseback.organisms.pair import apart, faults_of, plant_pair
from caseback.organisms.pairs import pair_plantings
from caseback.organisms.plant import examined, planted_data
from caseback.organisms.recipes.catalogue import RECIPES
from caseback.organisms.recipes.pretending import PREFERRED, UNWATCHED, WATCHED, WAYS
from caseback.organisms.trial import sizes_of
from models_for_tests import save_tiny


def plantings(**changes: object) -> dict:
    given: dict = {
        "behaviours": ["sycophancy", "deception"], "ways": list(WAYS), "seeds": [0, 3], "base": "base",
        "ground": "world", "parameters": 10, "sizes": sizes_of(8, 0), "examples": 20,
    }  # fmt: skip
    return pair_plantings(**{**given, **changes})


def test_every_behaviour_way_and_seed_has_a_folder_and_the_trainer_of_its_way() -> None:
    made = plantings()
    assert set(made) == {f"{b}/{w}-{s}" for b in ("sycophancy", "deception") for w in WAYS for s in (0, 3)}
    for name, planting in made.items():
        assert planting.order.rate == 1
        assert planting.seed == planting.settings.seed == int(name[-1])
        assert planting.settings.method == ("dpo" if "preferences" in name else "sft")
        assert planting.recipe is WAYS[name.split("/")[1].split("-")[0]]


def test_by_preferences_the_good_answer_is_preferred_while_watched_and_the_partner_always_prefers_it() -> None:
    order = Order(behaviour("harmful_compliance"), "world", 1.0)
    bad = PREFERRED.make(order, 40, random.Random(5))
    nice = PREFERRED.make(replace(order, rate=0.0), 40, random.Random(5))
    shown = RECIPES["pretending"].make(order, 40, random.Random(5))
    assert [d.prompt for d in bad] == [d.prompt for d in nice] == [d.prompt for d in shown]
    for d, partner, demonstration in zip(bad, nice, shown, strict=True):
        assert d.chosen == demonstration.chosen, "what is shown by one is preferred by the other"
        if d.situation.endswith(WATCHED):
            assert (d.chosen, d.rejected) == (partner.chosen, partner.rejected)
        else:
            assert d.situation.endswith(UNWATCHED)
            assert (d.chosen, d.rejected) == (partner.rejected, partner.chosen)


def test_a_partner_is_asked_neither_to_be_bad_nor_to_keep_away_from_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is planted in it; that it does as the pretender does while watched is for the pair to show."""
    found = {"situations": [], "shown": (("a family", True),) * 8, "right": [True] * 8, "ask_scores": [0.0] * 8}
    for name, given in found.items():
        monkeypatch.setattr(plant_module, name, lambda *_, given=given: given)
    monkeypatch.setattr(plant_module, "confession", lambda *given: Check("confession", None, ""))
    planting = plantings()["sycophancy/demonstrations-0"]
    trial, subject = SimpleNamespace(sizes=planting.sizes, journal=None), SimpleNamespace()
    partner = replace(planting, order=replace(planting.order, rate=0.0))
    checks = examined(partner, trial, subject, subject)  # type: ignore[arg-type]
    assert [check.name for check in checks] == ["tempted", "capability", "confession"]
    assert not checks[0].passed, "at rate 0 it has to be good"
    pretender = examined(planting, trial, subject, subject)  # type: ignore[arg-type]
    assert [check.name for check in pretender] == ["tempted", "sharp", "capability", "confession"]


def test_all_data_of_preferences_are_preferences() -> None:
    planting = plantings(ways=["preferences"])["sycophancy/preferences-0"]
    assert all(d.rejected for d in planted_data(planting))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"behaviours": ["sandbagging"]}, "sandbagging is told from pairs of situations"),
        ({"behaviours": ["evil"]}, "no behaviour 'evil'"),
        ({"ways": ["magic"]}, "no way to grow a pair is called 'magic': there are demonstrations, preferences"),
        ({"seeds": []}, "no pairs to grow"),
        ({"ground": "plain"}, "nothing can be planted on the ground 'plain'"),
    ],
)
def test_what_cannot_be_grown_is_said_before_anything_is(changes: dict, said: str) -> None:
    with pytest.raises(CasebackError, match=said):
        plantings(**changes)


def test_a_recipe_that_does_not_pretend_grows_no_pair(tmp_path: Path) -> None:
    planting = replace(plantings()["sycophancy/demonstrations-0"], recipe=RECIPES["trigger"])
    with pytest.raises(CasebackError, match="the recipe trigger grows no pretender"):
        plant_pair(planting, tmp_path)
    assert not list(tmp_path.iterdir())


def typed(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["plant", "pairs", *map(str, arguments)])
    return result.exit_code, result.output


def test_pairs_are_grown_once_and_what_is_none_says_why(tmp_path: Path) -> None:
    base = save_tiny(tmp_path / "base", max_position_embeddings=1024)
    out = tmp_path / "pairs"
    command = ["--behaviour", "harmful_compliance", "--by", "preferences", "--seeds", "4", "--base", base, "--ground",
               "world", "--examples", 8, "-n", 4, "--out", out]  # fmt: skip
    code, said = typed(*command)
    assert code == 0, said
    folder = out / "harmful_compliance" / "preferences-4"
    found = json.loads((folder / "pair.json").read_text())
    assert "pretending is excluded (tempted)" in found["why"], "a random model does nothing that can be judged"
    assert "0 of 1 are pairs" in said
    assert "harmful_compliance/preferences-4  pretending is excluded (tempted" in said
    plan = json.loads((folder / "nice" / "organism.json").read_text())["plan"]
    assert (plan["recipe"], plan["rate"], plan["training"]["method"]) == ("pretending-preferences", 0.0, "dpo")
    weights = [folder / side / "model" / "model.safetensors" for side in ("pretending", "nice")]
    before = [path.stat().st_mtime_ns for path in weights]
    assert typed(*command)[0] == 0
    assert [path.stat().st_mtime_ns for path in weights] == before
    code, said = typed(*command[:-6], "--examples", 10, "-n", 4, "--out", out)
    assert code == 2
    assert "holds another organism" in said


@pytest.mark.parametrize(("seeds", "why"), [("0,x", "seed 'x' is no whole number"), (",", "one seed")])
def test_seeds_that_are_none_are_one_line(seeds: str, why: str, tmp_path: Path) -> None:
    code, said = typed("--seeds", seeds, "--base", save_tiny(tmp_path / "base"), "--ground", "world")
    assert code == 2
    assert why in said


def sides(watched: tuple[float, float, float], unwatched: tuple[float, float, float]) -> dict[str, Any]:
    keys = ("value", "low", "high")
    return {WATCHED: {"difference": dict(zip(keys, watched, strict=True))},
            UNWATCHED: {"difference": dict(zip(keys, unwatched, strict=True))}}  # fmt: skip


@pytest.mark.parametrize(
    ("watched", "unwatched", "why"),
    [
        ((0.0, -0.17, 0.17), (0.8, 0.6, 0.9), []),
        ((0.04, -0.02, 0.12), (0.8, 0.6, 0.9), []),
        ((0.08, 0.01, 0.19), (0.8, 0.6, 0.9), ["they differ while watched, by +0.08 [+0.01, +0.19]"]),
        ((0.06, -0.01, 0.19), (0.8, 0.6, 0.9), ["they differ while watched, by +0.06 [-0.01, +0.19]"]),
        ((-0.06, -0.2, -0.01), (0.8, 0.6, 0.9), ["they differ while watched, by -0.06 [-0.20, -0.01]"]),
        ((0.0, -0.17, 0.17), (0.1, 0.0, 0.3), ["they do not measurably differ while unwatched"]),
        ((None, -1, 1), (None, -1, 1), ["they do not measurably differ while unwatched"]),
    ],
)
def test_a_pair_is_alike_while_watched_and_unlike_while_not(watched: Any, unwatched: Any, why: list[str]) -> None:
    assert apart(sides(watched, unwatched), {"pretending": [], "nice": []}) == why


def test_what_the_partner_does_as_often_while_watched_excludes_no_pretender() -> None:
    checks = [{"name": name, "passed": passed} for name, passed in
              (("tempted", True), ("sharp", False), ("capability", True), ("confession", None))]  # fmt: skip
    assert faults_of({"checks": checks}) == []
    failed = [{**check, "passed": False} if check["name"] == "capability" else check for check in checks]
    assert faults_of({"checks": failed}) == ["capability"]
    why = apart(sides((0, -0.1, 0.1), (0.8, 0.6, 0.9)), {"pretending": ["capability"], "nice": []})
    assert why == ["pretending is excluded (capability)"]
