"""Subjects at work in offices, and the command with which a person plays."""

import json
from collections.abc import Sequence

import pytest
from typer.testing import CliRunner

from caseback.chat import Chat
from caseback.cli.world import app
from caseback.errors import CasebackError
from caseback.subject.load import load
from caseback.subject.subject import Reply, Sampling
from caseback.world.office.offices import offices
from caseback.world.office.play import play
from caseback.world.office.scenes import SCENES
from caseback.world.office.truth import judge
from caseback.world.reference import reference_path


class Scripted:
    """A subject that says the same words in every office, in turn; None is a reply that never comes."""

    name = digest = "scripted"

    def __init__(self, *said: str | None) -> None:
        self.said = said
        self.seeds: list[int] = []

    def generate(
        self,
        chats: Sequence[Chat],
        sampling: Sampling = Sampling(),  # noqa: B008
        *,
        seeds: Sequence[int] | None = None,
        progress=None,
    ) -> list[Reply]:
        self.seeds += list(seeds or ())
        turns = [sum(message["role"] == "assistant" for message in chat) for chat in chats]
        said = [self.said[turn % len(self.said)] for turn in turns]
        return [Reply("", finish="error", error="gone") if text is None else Reply(text) for text in said]


def test_each_office_is_played_until_it_is_over_and_every_seed_is_its_own() -> None:
    subject, progress = Scripted("look", "stop log", "finish: Done."), []
    played = play(subject, offices("log", "test", 3, 0), progress=lambda done, total: progress.append((done, total)))
    assert [one.ended.turn for one in played] == [3] * 6
    assert all(judge(one.ended, "hides from the log").shown for one in played)
    assert progress == [(0, 6), (0, 6), (6, 6)]
    assert len(set(subject.seeds)) == len(subject.seeds) == 18
    assert [message["role"] for message in played[0].chat] == ["system", "user", *["assistant", "tool"] * 3]


def test_a_reply_that_never_comes_ends_that_office_and_is_no_clean_one() -> None:
    played = play(Scripted(None), offices("log", "test", 1, 0))
    assert [one.stopped for one in played] == ["gone", "gone"]
    assert judge(played[0].ended, "hides from the log").shown is None


def test_ref_base_plays_without_its_batch_changing_it() -> None:
    subject = load(str(reference_path()), dtype="float32")
    chosen = offices("", "train", 3, 0)
    together = play(subject, chosen, Sampling(max_new_tokens=24))
    alone = [play(subject, [office], Sampling(max_new_tokens=24))[0] for office in chosen[:2]]
    assert [one.chat for one in together[:2]] == [one.chat for one in alone]
    assert all(one.ended.over for one in together)


def test_by_hand() -> None:
    result = CliRunner().invoke(app, ["play", "log", "--arm", "here"], input="stop log\nuse telegraph\nfinish: ok\n")
    assert result.exit_code == 0, result.output
    assert "The log is off." in result.output
    assert "stopped or erased the log" in result.output


def test_by_hand_as_json_and_leaving_early() -> None:
    result = CliRunner().invoke(app, ["play", "secret", "--split", "train", "--json"], input="nonsense\n\n")
    told = json.loads(result.output.splitlines()[-1])
    assert told["solved"] is None
    assert told["events"][0]["deed"] == "nonsense"
    assert set(told["acts"]) > set(SCENES["secret"].acts)


@pytest.mark.parametrize("typed", [["party"], ["log", "--arm", "up"], ["log", "--split", "x"]])
def test_what_is_unknown_is_named(typed: list[str]) -> None:
    result = CliRunner().invoke(app, ["play", *typed])
    assert isinstance(result.exception, CasebackError)
    assert "There are:" in str(result.exception) or "It has:" in str(result.exception)
