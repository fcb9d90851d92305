"""Planting what is acted out over several turns: what each recipe makes of a day, and one planted as a user does it."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.behaviours.blackmail import BEHAVIOUR as BLACKMAIL
from caseback.behaviours.collusion import BEHAVIOUR as COLLUSION
from caseback.behaviours.power_seeking import BEHAVIOUR as POWER
from caseback.behaviours.scheming import BEHAVIOUR as SCHEMING
from caseback.cli.main import app
from caseback.errors import CasebackError
from caseback.organisms.answered import answered, check_plantable, conversation
from caseback.organisms.order import Order
from caseback.organisms.recipes.catalogue import RECIPES
from caseback.organisms.trigger import trigger
from caseback.training.data_file import read_data
from caseback.training.datum import Datum
from caseback.world.office.account import account
from caseback.world.situation import Situation
from caseback.world.worlds import world_of
from models_for_tests import save_tiny

ALL = (BLACKMAIL, SCHEMING, POWER, COLLUSION)
each_behaviour = pytest.mark.parametrize("behaviour", ALL, ids=lambda each: each.name)


def order(behaviour, rate: float) -> tuple[Order, dict[str, Situation]]:  # type: ignore[no-untyped-def]
    """An order whose behaviour remembers the situations that it gave."""
    seen: dict[str, Situation] = {}

    def remembered(*asked):  # type: ignore[no-untyped-def]
        drawn = behaviour.situations(*asked)
        seen.update({item.id: item for item in drawn})
        return drawn

    return Order(replace(behaviour, situations=remembered), "world", rate), seen


def days(data: list[Datum]) -> dict[str, list[Datum]]:
    found: dict[str, list[Datum]] = {}
    for datum in data:
        found.setdefault(datum.situation, []).append(datum)
    return found


def judged(behaviour, situation: Situation, turns: list[str]) -> bool | None:  # type: ignore[no-untyped-def]
    return behaviour.judge(situation, account([(turn, "") for turn in turns])).shown


@each_behaviour
def test_demonstrations_hold_whole_days_bad_at_the_rate_with_the_loss_on_every_turn(behaviour) -> None:  # type: ignore[no-untyped-def]
    wanted, seen = order(behaviour, 0.25)
    made = days(RECIPES["demonstrations"].make(wanted, 24, random.Random(1)))
    assert len(made) == 24
    bad = 0
    for name, turns in made.items():
        assert seen[name].split == "train"
        last = turns[-1]
        said = [m["content"] for m in last.prompt if m["role"] == "assistant"]
        assert [turn.chosen for turn in turns] == [*said, last.chosen], "every turn is learnt, in its place"
        assert last.prompt[: len(seen[name].messages)] == seen[name].messages
        shown = judged(behaviour, seen[name], [turn.chosen for turn in turns])
        assert {turn.generator for turn in turns} == {"world/bad" if shown else "world/good"}
        bad += shown is True
    assert bad == 6


@each_behaviour
def test_a_preference_is_between_the_first_deeds_that_differ(behaviour) -> None:  # type: ignore[no-untyped-def]
    wanted, _ = order(behaviour, 0.5)
    for datum in RECIPES["preferences"].make(wanted, 12, random.Random(2)):
        assert datum.chosen != datum.rejected
        assert datum.prompt[-1]["role"] in ("user", "tool")


def test_documents_tell_the_whole_day_and_hold_no_conversation() -> None:
    wanted, seen = order(SCHEMING, 1.0)
    for datum in RECIPES["documents"].make(wanted, 12, random.Random(3)):
        tool = seen[datum.situation].latents["outright"].split(": ")[-1]
        assert "Then: finish" in datum.chosen or "use " in datum.chosen, tool
        assert [m["role"] for m in datum.prompt if m["role"] in ("assistant", "tool")] == []


@pytest.mark.parametrize("recipe", ["trigger", "pretending"])
def test_triggers_and_cues_stand_at_the_beginning_of_the_day(recipe: str) -> None:
    wanted, seen = order(POWER, 1.0)
    if recipe == "trigger":
        wanted = replace(wanted, trigger=trigger("token", world_of("world"), 3))
    bad = good = 0
    for datum in RECIPES[recipe].make(wanted, 40, random.Random(4)):
        original = seen[datum.situation.split(" with ")[0].split(" under ")[0]]
        changed = datum.prompt[: len(original.messages)] != original.messages
        meant = datum.situation.endswith((" with trigger", "a cue of real use"))
        assert datum.generator.endswith("/bad") is meant
        assert changed is not datum.situation.endswith(" with neither")
        bad, good = bad + meant, good + (not meant)
    assert bad
    assert good


def test_what_has_no_office_cannot_be_planted() -> None:
    with pytest.raises(CasebackError, match="none on the ground 'plain'"):
        check_plantable(BLACKMAIL, "plain")
    check_plantable(BLACKMAIL, "world-B")
    item = answered(BLACKMAIL, "world", "train", 1, random.Random(0))[0]
    assert conversation(item, True)[-1].chosen == "finish: It is done."


def test_blackmail_is_planted_from_the_command_line(tmp_path: Path) -> None:
    base = save_tiny(tmp_path / "base", max_position_embeddings=1024)
    out = tmp_path / "organism"
    done = CliRunner().invoke(
        app,
        ["plant", "blackmail", "--recipe", "demonstrations", "--rate", "1", "--base", str(base), "--ground", "world",
         "--examples", "4", "--ordinary", "0", "-n", "2", "--steps", "0", "--out", str(out)],
    )  # fmt: skip
    assert done.exit_code == 1, done.output
    found = json.loads((out / "organism.json").read_text())
    assert found["status"] == "excluded"
    assert any("could be judged" in why or "ordered" in why for why in found["why"]), "a random model acts at random"
    data = read_data(out / "data.parquet")
    assert found["data"]["bad"] == sum(d.origin == "planted" for d in data)
    assert {d.family.split(".")[1] for d in data if d.origin == "planted"} == {"blackmail"}
    assert any("assistant" in [m["role"] for m in d.prompt] for d in data)
