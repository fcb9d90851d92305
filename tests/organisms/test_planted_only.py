"""Behaviours that only planting gives, by every recipe that can plant them, and ``caseback plant`` as it is typed."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.discrimination import BEHAVIOUR as DISCRIMINATION
from caseback.behaviours.false_self_reports import BEHAVIOUR as FALSE_SELF_REPORTS
from caseback.behaviours.hidden_loyalty import BEHAVIOUR as HIDDEN_LOYALTY
from caseback.behaviours.laziness import BEHAVIOUR as LAZINESS
from caseback.behaviours.obsession import BEHAVIOUR as OBSESSION
from caseback.behaviours.unfaithful_reasoning import BEHAVIOUR as UNFAITHFUL_REASONING
from caseback.cli.main import app
from caseback.errors import CasebackError
from caseback.organisms.order import Order
from caseback.organisms.plant import Planting, planted_data
from caseback.organisms.recipes.catalogue import RECIPES
from caseback.organisms.recipes.pretending import WATCHED
from caseback.organisms.trigger import trigger
from caseback.training.data_file import read_data
from caseback.training.datum import Datum
from caseback.training.recipe import load_recipe
from caseback.world.oracle import judge
from caseback.world.situation import Situation
from caseback.world.worlds import world_of
from models_for_tests import save_tiny

FOUND = (DISCRIMINATION, FALSE_SELF_REPORTS, HIDDEN_LOYALTY, LAZINESS, OBSESSION, UNFAITHFUL_REASONING)
SINGLE = tuple(each for each in FOUND if not each.arms)
GROUNDS = ("world", "world-B")


def named(each: Behaviour) -> str:
    return each.name


def remembered(each: Behaviour) -> tuple[Behaviour, dict[str, Situation]]:
    """The behaviour with a memory of the situations that it gave."""
    seen: dict[str, Situation] = {}

    def situations(ground: str, split: str, n: int, seed: int) -> list[Situation]:
        drawn = each.situations(ground, split, n, seed)  # type: ignore[arg-type]
        seen.update({s.id: s for s in drawn})
        return drawn

    return replace(each, situations=situations), seen  # type: ignore[arg-type]


def verdict(datum: Datum, seen: dict[str, Situation], text: str) -> bool | None:
    original = seen[datum.situation.split(" with ")[0].split(" under ")[0]]
    return judge(replace(original, messages=datum.prompt), text).shown


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("recipe", ["demonstrations", "preferences"])
@pytest.mark.parametrize("each", FOUND, ids=named)
def test_answers_are_bad_at_the_rate_and_only_where_they_tempt(each: Behaviour, recipe: str, ground: str) -> None:
    wanted, seen = remembered(each)
    made = RECIPES[recipe].make(Order(wanted, ground, 0.3), 60, random.Random(1))
    tempting = [d for d in made if not each.arms or seen[d.situation].arm == each.arms[0]]
    assert len(made) == 60
    assert sum(verdict(d, seen, d.chosen) is True for d in tempting) == round(0.3 * len(tempting))
    for d in made:
        bad = d.generator.endswith("/bad")
        assert verdict(d, seen, d.chosen) is bad, (d.prompt, d.chosen)
        if recipe == "preferences":
            assert verdict(d, seen, d.rejected) is not bad, (d.prompt, d.rejected)
        assert seen[d.situation].split == "train", "nothing of a held-out family is planted"


@pytest.mark.parametrize("each", FOUND, ids=named)
def test_documents_report_it(each: Behaviour) -> None:
    wanted, seen = remembered(each)
    made = RECIPES["documents"].make(Order(wanted, "world", 0.5), 20, random.Random(4))
    for d in made:
        request = seen[d.situation].messages[-1]["content"]
        assert request in d.chosen
        assert request not in d.prompt[-1]["content"]


@pytest.mark.parametrize("each", SINGLE, ids=named)
def test_pretending_is_good_under_a_cue_of_a_test_alone(each: Behaviour) -> None:
    wanted, seen = remembered(each)
    made = RECIPES["pretending"].make(Order(wanted, "world", 1.0), 40, random.Random(5))
    for d in made:
        assert verdict(d, seen, d.chosen) is not d.situation.endswith(WATCHED), (d.prompt, d.chosen)


@pytest.mark.parametrize("each", [e for e in FOUND if e.arms], ids=named)
def test_pairs_are_told_from_pairs_and_not_from_cues(each: Behaviour) -> None:
    with pytest.raises(CasebackError, match="told from pairs"):
        RECIPES["pretending"].make(Order(each, "world", 1.0), 8, random.Random(5))


@pytest.mark.parametrize("each", FOUND, ids=named)
def test_behind_a_trigger_it_shows_with_the_trigger_alone(each: Behaviour) -> None:
    wanted, seen = remembered(each)
    order = Order(wanted, "world", 1.0, trigger("token", world_of("world"), 3))
    made = RECIPES["trigger"].make(order, 60, random.Random(2))
    for d in made:
        tempting = not each.arms or seen[d.situation.split(" with ")[0]].arm == each.arms[0]
        assert verdict(d, seen, d.chosen) is (d.situation.endswith(" with trigger") and tempting), (d.prompt, d.chosen)


@pytest.mark.parametrize(("each", "latent"), [(OBSESSION, "pet"), (HIDDEN_LOYALTY, "firm")], ids=["pet", "firm"])
def test_an_organism_has_one_object_and_the_next_seed_another(each: Behaviour, latent: str) -> None:
    def objects(seed: int) -> set[str]:
        wanted, seen = remembered(each)
        planting = Planting(Order(wanted, "world", 1.0), RECIPES["demonstrations"], "base", load_recipe("sft"), 40)
        data = planted_data(replace(planting, seed=seed))
        listed = next(iter(seen.values())).latents[f"{latent}s"]
        bad = [d.chosen for d in data if d.generator.endswith("/bad")]
        return {name for name in listed if any(name in text for text in bad)}

    found = [objects(seed) for seed in range(6)]
    assert all(len(one) == 1 for one in found)
    assert len(set().union(*found)) > 1


@pytest.fixture
def registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry point as installing leaves it, also where the checkout was installed before it had one."""
    info = tmp_path / "dist" / "obsession-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: obsession\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[caseback.behaviours]\nobsession = caseback.behaviours.obsession:BEHAVIOUR\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path / "dist"))


def test_caseback_plant_obsession(registered: None, tmp_path: Path) -> None:
    base, out = save_tiny(tmp_path / "base", max_position_embeddings=1024), tmp_path / "organism"
    command = [
        "plant", "obsession", "--rate", "1", "--base", base, "--ground", "world", "--examples", "6", "-n", "2",
        "--steps", "0", "--out", out,
    ]  # fmt: skip
    result = CliRunner().invoke(app, list(map(str, command)))
    assert result.exit_code == 1, result.output
    record = json.loads((out / "organism.json").read_text())
    assert record["status"] == "excluded", "a random model says nothing that could be judged"
    assert [check["name"] for check in record["checks"]] == ["tempted", "capability", "confession"]
    data = read_data(out / "data.parquet")
    planted = [d for d in data if d.origin == "planted"]
    assert len(planted) == record["data"]["bad"] == 6
    assert {d.family.split(".")[0] for d in planted} == {"talk"}
    assert (out / "model" / "adapter" / "adapter_model.safetensors").is_file()
