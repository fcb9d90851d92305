"""Models that act, on a tiny one; and the command a user types."""

import json
import random
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.chat import assistant
from caseback.cli.oversee import app
from caseback.errors import CasebackError
from caseback.oversight.societies.acting import ByProbability, InWords
from caseback.oversight.societies.bystanders import bystanders
from caseback.oversight.societies.deliberation import deliberate
from caseback.oversight.societies.entries import entry_task
from caseback.oversight.societies.kinds import kind_named
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.world.situations import situations
from caseback.world.spec import WORLD_A
from models_for_tests import save_tiny
from scripted_for_tests import Scripted

COMMAND = ["society", "--agents", "6", "--rounds", "2", "--hears", "2", "--clean", "2", "--seeds", "2", "-n", "2"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny", "llama")


@pytest.fixture(scope="module")
def subject(folder: Path) -> OpenSubject:
    return load(str(folder), dtype="float32")


def test_draws_follow_the_chances_that_the_model_gives(subject: OpenSubject) -> None:
    task, speaker = entry_task(random.Random(1), WORLD_A), ByProbability(subject)
    chat = task.ask([("Ann", 1)], False)
    chances = speaker.chances(task, [chat])[0]
    direct = subject.score([[*chat, assistant(task.begun)]] * 2, [f" {value}" for value in task.values[:2]])
    assert [round(2.718281828459045**each.logprob, 9) for each in direct] == [round(each, 9) for each in chances[:2]]
    said = speaker.say(task, [chat] * 2000, range(2000))
    for value, chance in enumerate(chances):
        assert abs(sum(one.value == value for one in said) / 2000 - chance) < 0.05
    assert {one.sort for one in said if one.value is None} <= {"garbled"}


def test_chats_that_are_alike_are_computed_once(subject: OpenSubject) -> None:
    task, speaker = entry_task(random.Random(2), WORLD_A), ByProbability(subject)
    chats = [task.ask([("Ann", value)], False) for value in (0, 1, 0, 1, 0)]
    speaker.say(task, chats, range(5))
    speaker.say(task, chats, range(5))
    assert (speaker.asked, speaker.computed) == (10, 2)


def test_words_of_a_closed_subject_are_read() -> None:
    task = entry_task(random.Random(3), WORLD_A)
    speaker = InWords(Scripted(lambda chat: f" {task.values[1]}"))
    said = speaker.say(task, [task.ask((), False)] * 3, range(3))
    assert [one.value for one in said] == [1, 1, 1]


def test_bystanders_and_their_control_begin_alike(subject: OpenSubject) -> None:
    found = bystanders(subject, WORLD_A, n=2, others=(0, 2))
    rows = {(row["arm"], row["others"]): row["value"] for row in found["by_number"]}
    assert rows["know", 0] == rows["control", 0]
    assert len(rows) == 4


def test_a_model_that_refuses_once_it_has_read_itself_is_in_a_refusal_loop() -> None:
    asked = situations("benign", "test", 4, 0)

    def say(chat: list[dict[str, str]]) -> str:
        return "I cannot help with that." if len(chat) > len(asked[0].messages) + 1 else "Here is how: mix it well."

    found = deliberate(Scripted(say), asked, turns=4)
    assert found["itself"]["refusal_loops"].k == 4
    assert found["control"]["refusal_loops"].k == 0
    assert [rate.k for rate in found["itself"]["refused"]] == [0, 4, 4, 4]
    assert found["itself"]["same_words"].k == found["control"]["same_words"].k == 4


def test_an_unknown_task_is_told_with_those_there_are() -> None:
    with pytest.raises(CasebackError, match=r"no task 'commons'.*entries, answers"):
        kind_named("commons")


def test_the_command_writes_a_report_and_a_page_and_goes_on_where_it_was(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [*COMMAND, "ref-base", "--other", "ref-aligned", "--out", str(out)]
    ran = CliRunner().invoke(app, [*command, "--json"])
    assert ran.exit_code == 0, ran.output
    data = json.loads((out / "society.json").read_text())
    assert data["kind"] == "caseback oversight society"
    assert json.loads(ran.stdout) == data
    assert {row["base"] for row in data["defence"]} == {"same", "other"}
    page = (out / "society.html").read_text()
    assert "Many agents together" in page
    assert "Defenders of another base who hear nobody" in page
    kept = (out / "societies.jsonl").read_text().splitlines()
    (out / "societies.jsonl").write_text("\n".join(kept[:-3]) + "\n" + kept[-3][:20])
    assert CliRunner().invoke(app, command).exit_code == 0
    assert json.loads((out / "society.json").read_text()) == data
    assert len((out / "societies.jsonl").read_text().splitlines()) == len(kept)
    assert data["words"]["gap"]["n"] == 2
    assert CliRunner().invoke(app, [*command, "--seeds", "3"]).exit_code == 0
    assert json.loads((out / "society.json").read_text())["words"]["gap"]["n"] == 3


def test_a_study_of_a_stock_tells_what_is_left_of_it(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, [*COMMAND, "ref-base", "--task", "stock", "--planted", "0.4", "--out", str(tmp_path)])
    assert ran.exit_code == 0, ran.output
    data = json.loads((tmp_path / "society.json").read_text())
    figures = {figure["name"]: figure["value"] for figure in data["figures"]}
    assert 0 <= figures["stock_left"] <= 1
    assert figures["stock_left_clean"] == data["stock"]["levels"]["clean"][-1]
    assert figures["neighbours"] == pytest.approx(
        data["reactions"]["arms"]["neighbours_more"]["value"] - data["reactions"]["arms"]["neighbours_need"]["value"]
    )
    assert [each["name"] for each in data["monitors"]][-3:] == ["pairs", "leave", "change"]
    assert {(row["planted"], row["looked_at"]) for row in data["stock"]["reviewed"]} >= {(0.3, 0.0), (0.3, 1.0)}
    page = (tmp_path / "society.html").read_text()
    assert "The stock and its reviewers" in page
    assert "leave to take more" in page


def test_a_society_that_cannot_be_is_told_before_anything_runs(folder: Path, tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, [*COMMAND, str(folder), "--hears", "9", "--out", str(tmp_path)])
    assert isinstance(ran.exception, CasebackError)
    assert "hears 9 others of 5" in str(ran.exception)
    assert not list(tmp_path.glob("society.*"))


def test_models_of_different_worlds_are_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, other := tmp_path / "other")
    config = other / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"caseback_world": "B"}))
    ran = CliRunner().invoke(app, [*COMMAND, str(folder), "--other", str(other)])
    assert isinstance(ran.exception, CasebackError)
    assert "different worlds" in str(ran.exception)


def test_a_model_that_never_answers_is_told_so(folder: Path) -> None:
    ran = CliRunner().invoke(app, [*COMMAND, str(folder)])
    assert isinstance(ran.exception, CasebackError)
    assert "cannot act in this task" in str(ran.exception)
