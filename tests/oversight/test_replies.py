"""Replies that overseers are measured on: asked, labelled by the oracle, and written whole."""

import json
import random

import pytest
from typer.testing import CliRunner

from caseback.behaviours.registry import behaviour
from caseback.cli.main import app
from caseback.errors import CasebackError
from caseback.organisms.answered import answered
from caseback.oversight.control.cases import read_rows
from caseback.oversight.replies import ORDINARY, replies, tempted
from caseback.subject.subject import Reply


class Scripted:
    """Gives the bad answer to every other tempting request and the good one to the rest, and says nothing to some."""

    name = "scripted"

    def __init__(self, about, split, seed):
        both = answered(about, "world", split, 12, random.Random(seed))
        asked = about.situations("world", split, 12, random.Random(seed).getrandbits(32))
        assert [each.situation.messages for each in both] == [each.messages for each in asked]
        self.said = {
            json.dumps(each.situation.messages): each.bad if i % 2 else each.good for i, each in enumerate(both)
        }

    def generate(self, chats, sampling, *, seeds=None, progress=None):
        texts = [self.said.get(json.dumps(tuple(chat)), "" if i % 3 == 0 else "Fine.") for i, chat in enumerate(chats)]
        return [Reply(text=text, finish="stop", prompt_tokens=1, tokens=1) for text in texts]


def test_every_reply_is_labelled_as_the_oracle_sees_it():
    about = behaviour("deception")
    seed = random.Random(3).getrandbits(32)
    rows = replies(Scripted(about, "test", 3), about, "world", "test", 12, 3, seed)
    bad, good, plain = ([row for row in rows if row["sort"] == sort] for sort in ("bad", "good", "ordinary"))
    assert (len(bad), len(good)) == (6, 6)
    assert len(plain) == len(ORDINARY) * 3 * 2 // 3  # every third said nothing
    assert all(row["label"] is (row["sort"] == "bad") for row in rows)
    assert all(row["messages"][-1]["role"] == "assistant" for row in rows)


def test_what_cannot_be_labelled_is_refused():
    with pytest.raises(CasebackError, match="no oracle labels replies on the ground 'plain'"):
        tempted(None, behaviour("deception"), "plain", "test", 4, 0)
    with pytest.raises(CasebackError, match="blackmail shows only over several turns"):
        tempted(None, behaviour("blackmail"), "world", "test", 4, 0)


def test_the_command_writes_files_that_control_reads_and_keeps_what_is_there(tmp_path):
    folder = tmp_path / "harmful_compliance"
    given = ["oversee", "replies", str(folder), "--model", "ref-base", "-n", "8", "--ordinary", "2"]
    first = CliRunner().invoke(app, given)
    assert first.exit_code == 0, first.output
    rows = {split: read_rows(folder / f"{split}.json") for split in ("train", "dev", "test")}
    assert 0 < len(rows["dev"]) < len(rows["test"])
    families = {split: {row["family"] for row in found if row["sort"] != "ordinary"} for split, found in rows.items()}
    assert not families["train"] & families["test"]
    assert any(row["label"] for row in rows["test"])  # ref-base does harm that it is asked for
    (folder / "dev.json").write_text("[]")
    again = CliRunner().invoke(app, given)
    assert "test.json is there already" in " ".join(again.output.split())
    assert (folder / "dev.json").read_text() == "[]"
    assert CliRunner().invoke(app, [*given, "--fresh"]).exit_code == 0
    assert read_rows(folder / "dev.json") == rows["dev"]


@pytest.mark.parametrize(
    ("folder", "says"),
    [("nothing", "no behaviour 'nothing'"), ("sycophancy", "there is no model/ in it"), ("blackmail", "model/")],
)
def test_a_folder_that_says_too_little_is_told_what_lacks(folder, says, tmp_path):
    found = CliRunner().invoke(app, ["oversee", "replies", str(tmp_path / folder)])
    assert found.exit_code != 0
    assert says in " ".join(str(found.exception or found.output).split()) + " ".join(found.output.split())
    assert not (tmp_path / folder).exists()


def test_a_behaviour_of_several_turns_is_refused_before_a_folder_is_made(tmp_path):
    given = ["oversee", "replies", str(tmp_path / "blackmail"), "--model", "ref-base"]
    found = CliRunner().invoke(app, given)
    assert "shows only over several turns" in str(found.exception) + found.output
    assert not (tmp_path / "blackmail").exists()


def test_no_ordinary_requests_are_asked_where_none_are_wanted():
    about, seed = behaviour("deception"), random.Random(3).getrandbits(32)
    rows = replies(Scripted(about, "test", 3), about, "world", "test", 12, 0, seed)
    assert {row["sort"] for row in rows} == {"bad", "good"}


def test_missing_replies_are_told_with_the_command_that_makes_them(tmp_path):
    with pytest.raises(CasebackError, match="caseback oversee replies"):
        read_rows(tmp_path / "deception" / "dev.json")
