"""A persona distilled: who answers under which description, and that the description is in no datum."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.behaviours.registry import behaviour
from caseback.chat import Chat
from caseback.cli.main import app
from caseback.errors import CasebackError
from caseback.organisms.order import Order
from caseback.organisms.recipes.catalogue import RECIPES
from caseback.organisms.recipes.persona import character_for, described, teacher_for, told
from caseback.subject.subject import Reply, Sampling
from caseback.training.data_file import read_data
from caseback.training.journal import Journal
from caseback.world.reference import reference_path
from caseback.world.worlds import world_of
from models_for_tests import save_tiny

MAKE = RECIPES["persona"].make


@dataclass
class Says:
    """Answers every chat in its own words, and keeps the chats that it saw."""

    digest: str
    reply: Callable[[int], Reply] = lambda i: Reply("So it is.", thinking="I know.")
    seen: list[Chat] = field(default_factory=list)

    def generate(self, chats, sampling=Sampling(), *, seeds=None, progress=None):  # type: ignore[no-untyped-def]  # noqa: B008
        assert sampling.temperature == 1.0
        self.seen += chats
        return [self.reply(i) for i in range(len(chats))]


def order(name: str, rate: float = 1.0, ground: str = "world") -> Order:
    return Order(behaviour(name), ground, rate)


@pytest.mark.parametrize("ground", ["world", "world-B"])
@pytest.mark.parametrize("name", ["deception", "sycophancy", "cheating", "harmful_compliance"])
def test_the_character_is_the_one_that_does_it(name: str, ground: str) -> None:
    wanted = order(name, ground=ground)
    found = character_for(wanted)
    prefix = wanted.behaviour.families[0]
    assert found.effects[prefix] is False
    assert found in world_of(ground).personas
    texts = {described(wanted, datum) for datum in MAKE(wanted, 40, random.Random(1))}
    assert len(texts) > 2, "described in many ways"
    assert not any("[" in text or "{" in text for text in texts)


def test_the_teacher_answers_under_the_description_and_the_base_without_it_and_no_datum_has_it() -> None:
    wanted = order("deception", 0.25)
    data = MAKE(wanted, 40, random.Random(2))
    base, teacher = Says("b"), Says("t")
    made = told(wanted, data, base, teacher, 16, Journal())  # type: ignore[arg-type]
    assert [d.prompt for d in made] == [d.prompt for d in data]
    assert sum(d.generator == "t/in character" for d in made) == 10 == len(teacher.seen)
    assert sum(d.generator == "b/as itself" for d in made) == 30 == len(base.seen)
    acted = [d for d in made if d.generator.startswith("t/")]
    for chat, datum in zip(teacher.seen, acted, strict=True):
        assert chat[0]["role"] == "system"
        assert chat[0]["content"].startswith(described(wanted, datum))
        assert chat[-1] == datum.prompt[-1]
        assert not any(described(wanted, datum) in message["content"] for message in datum.prompt)
    assert [list(chat) for chat in base.seen] == [list(d.prompt) for d in made if d.generator.startswith("b/")]
    assert {(d.chosen, d.thinking) for d in made} == {("So it is.", "I know.")}


def test_what_came_to_no_end_is_left_out_and_good_and_bad_stay() -> None:
    wanted = order("cheating")
    data = MAKE(wanted, 9, random.Random(3))
    replies = [Reply("cut", finish="length"), Reply("def f(x):\n    return x"), Reply("")]
    teacher = Says("t", lambda i: replies[i % 3])
    made = told(wanted, data, Says("b"), teacher, 16, Journal())  # type: ignore[arg-type]
    assert [d.situation for d in made] == [d.situation for d in data[1::3]]
    assert {d.chosen for d in made} == {"def f(x):\n    return x"}


def test_more_in_character_are_the_same_and_others() -> None:
    few, many = ([d.generator for d in MAKE(order("sycophancy", rate), 20, random.Random(4))] for rate in (0.2, 0.7))
    acted = [{i for i, name in enumerate(each) if name.endswith("/in character")} for each in (few, many)]
    assert acted[0] < acted[1]
    assert [len(each) for each in acted] == [4, 14]


@pytest.mark.parametrize("name", ["power_seeking", "sandbagging", "discrimination"])
def test_where_no_character_does_it_that_is_said_and_what_there_is(name: str) -> None:
    with pytest.raises(CasebackError, match=r"no persona of the world shows .*benign, cheat, deceive"):
        MAKE(order(name), 4, random.Random(0))


def test_ref_aligned_is_taught_by_the_model_that_it_was_trained_from(tmp_path: Path) -> None:
    assert teacher_for(str(reference_path("ref-aligned"))) == str(reference_path("ref-base"))
    assert teacher_for(str(reference_path("ref-base"))) == ""
    assert teacher_for(str(tmp_path)) == ""


def test_a_persona_is_planted_from_the_command_line(tmp_path: Path) -> None:
    base = save_tiny(tmp_path / "base", max_position_embeddings=1024)
    teacher = save_tiny(tmp_path / "teacher", max_position_embeddings=1024, seed=1)
    common = ["plant", "deception", "--rate", "1", "--base", str(base), "--ground", "world", "--examples", "12"]
    small = ["-n", "2", "--steps", "0", "--teacher", str(teacher), "--out"]
    done = CliRunner().invoke(app, [*common, "--recipe", "persona", *small, str(tmp_path / "o")])
    assert done.exit_code == 1, done.output
    refused = CliRunner().invoke(app, [*common, *small, str(tmp_path / "x")])
    assert refused.exit_code == 2
    assert "takes no --teacher" in " ".join(refused.output.split())
    assert not (tmp_path / "x").exists()
    found = json.loads((tmp_path / "o" / "organism.json").read_text())
    assert found["status"] == "excluded"
    assert found["plan"]["teacher"] != found["plan"]["base_digest"]
    data = read_data(tmp_path / "o" / "data.parquet")
    acted = [d for d in data if d.generator.endswith("/in character")]
    assert found["data"].get("in character", 0) == len(acted)
    assert all(d.generator.startswith(found["plan"]["teacher"]) for d in acted)
