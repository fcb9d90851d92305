"""Detectors that stop or hold a reply before its client has it."""

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openai
import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.detectors.files import save_detector
from caseback.detectors.pattern import PatternDetector
from caseback.detectors.scored import Scored
from caseback.detectors.transcript import Transcript
from caseback.watch.exchange import exchange_of
from caseback.watch.gateway.keys import new_key
from watch.gateway.conftest import Running, Start
from watch.gateway.raw import CHAT, STREAM, post, sent, status
from watch.gateway.upstream import DONE, answered, events, reply, streamed

ASK = [{"role": "user", "content": "How are you?"}]


def detector(folder: Path, word: str, policy: str, name: str = "word", threshold: str = "threshold = 0") -> str:
    """A pattern in a folder, and the part of a configuration that has it watch."""
    save_detector(PatternDetector(name, "test", (word,)), folder / name)
    return f'\n[[detector]]\nfolder = "{name}"\npolicy = "{policy}"\n{threshold}\n'


def said(at: Running, **more: object) -> tuple[str, str | None]:
    """What the client gets of a stream: its text and how it ended."""
    parts = list(at.client().chat.completions.create(model="m", messages=ASK, stream=True, **more))  # type: ignore[call-overload]
    text = "".join(part.choices[0].delta.content or "" for part in parts)
    return text, parts[-1].choices[0].finish_reason


def test_a_whole_answer_is_stopped(start: Start, tmp_path: Path) -> None:
    at = start(detector(tmp_path, "bomb", "stop"))
    assert at.client().chat.completions.create(model="m", messages=ASK).choices[0].message.content == "fine"
    at.model.answer = answered(reply("how to make a bomb"))
    raw = at.client().chat.completions.with_raw_response.create(model="scripted", messages=ASK)
    found = raw.parse()
    assert (found.choices[0].finish_reason, found.choices[0].message.content) == ("content_filter", "")
    assert (found.id, found.model, found.usage.total_tokens) == ("chatcmpl-1", "scripted", 9)  # type: ignore[union-attr]
    assert b"bomb" not in raw.http_response.content
    clean, stopped = at.carried()
    assert (clean.ended, clean.verdicts[0].flagged, clean.verdicts[0].scored.score) == ("whole", False, 0.0)
    assert (stopped.ended, stopped.verdicts[0].flagged) == ("stopped", True)
    assert exchange_of(stopped).messages[-1]["content"] == "how to make a bomb"


def test_a_stream_is_stopped_before_what_was_found_leaves(start: Start, tmp_path: Path) -> None:
    at = start("[inline]\ncharacters = 20" + detector(tmp_path, "bomb", "stop"))
    slowly = [part for each in events(*["safe "] * 20, "a bomb ", *["never seen "] * 200) for part in (each, 0.01)]
    at.model.answer = streamed(slowly)
    text, finish = said(at)
    assert finish == "content_filter"
    assert text == "safe " * (len(text) // 5)
    assert len(text) >= 60
    [carried] = at.carried()
    assert (carried.ended, carried.streamed) == ("stopped", True)
    assert b"bomb" in carried.response
    assert carried.response.count(b"never") < 100
    at.model.answer = streamed(list(events(*["safe "] * 30)))
    assert said(at) == ("safe " * 30, "stop")
    raw = sent(at.address, post(STREAM))
    assert raw.count(DONE) == 1


def test_what_is_found_at_the_very_end_does_not_leave(start: Start, tmp_path: Path) -> None:
    at = start(detector(tmp_path, "bomb", "stop"))
    at.model.answer = streamed(list(events("short, ", "and a bomb")))
    assert said(at) == ("", "content_filter")
    at.model.answer = streamed(list(events("short, ", "and a bomb"))[:-1])  # without [DONE]
    assert said(at) == ("", "content_filter")


@pytest.mark.parametrize("stream", [False, True])
def test_a_reply_is_held_until_a_person_says(start: Start, tmp_path: Path, stream: bool) -> None:
    mine, other = new_key(tmp_path / "keys.json", "mine"), new_key(tmp_path / "keys.json", "other")
    at = start('keys = "keys.json"' + detector(tmp_path, "secret", "hold"))
    words = ("the ", "secret ", "word")
    at.model.answer = streamed(list(events(*words))) if stream else answered(reply("".join(words)))

    def asked() -> str:
        authorization = f"authorization: Bearer {mine}".encode()
        answer = sent(at.address, post(STREAM if stream else CHAT, authorization))
        assert b"content_filter" in answer
        assert b"secret" not in answer
        return next(line.split(b": ")[1].decode() for line in answer.split(b"\r\n") if line.startswith(b"x-request-id"))

    def fetched(id: str, key: str) -> tuple[int, bytes]:
        request = f"GET /v1/held/{id} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n"
        answer = sent(at.address, request.encode())
        return status(answer), answer.split(b"\r\n\r\n", 1)[1]

    def typed(*given: str) -> str:
        result = CliRunner().invoke(app, ["watch", "held", *given, "--config", str(at.configuration.file)])
        assert result.exit_code == 0, result.output
        return result.output

    first, second = asked(), asked()
    assert [each.ended for each in at.carried()] == ["held", "held"]
    assert fetched(first, mine) == (202, json.dumps({"id": first, "status": "waiting"}).encode())
    assert fetched(first, other)[0] == fetched("0" * 28, mine)[0] == fetched("../../keys.json", mine)[0] == 404
    assert fetched(first, "none")[0] == 401
    assert first in typed("list")
    assert second in typed("list")
    assert "the secret word" in typed("show", first)
    typed("release", first, "--by", "ann", "--why", "harmless")
    typed("refuse", second, "--by", "ann")
    assert typed("list", "--json").strip() == "[]"
    assert {each["state"] for each in json.loads(typed("list", "--all", "--json"))} == {"released", "refused"}
    code, content = fetched(first, mine)
    assert code == 200
    made = json.loads(content)
    assert made["choices"][0]["message"]["content"] == "the secret word"
    assert made["choices"][0]["finish_reason"] == "stop"
    assert fetched(first, other)[0] == 404
    code, content = fetched(second, mine)
    assert code == 403
    assert b"secret" not in content
    again = CliRunner().invoke(app, ["watch", "held", "release", second, "--config", str(at.configuration.file)])
    assert (again.exit_code, "refused by ann already" in again.output) == (2, True)


def test_nothing_of_a_stream_leaves_while_it_might_be_held(start: Start, tmp_path: Path) -> None:
    more = detector(tmp_path, "secret", "hold") + detector(tmp_path, "bomb", "stop", "other")
    at = start("[inline]\ncharacters = 5" + more)
    at.model.answer = streamed(list(events(*["safe "] * 30, "secret")))
    assert said(at) == ("", "content_filter")
    assert at.carried()[0].ended == "held"
    at.model.answer = streamed(list(events(*["safe "] * 30)))
    assert said(at) == ("safe " * 30, "stop")


def test_several_replies_at_once_would_slip_by(start: Start, tmp_path: Path) -> None:
    at = start(detector(tmp_path, "bomb", "stop"))
    with pytest.raises(openai.BadRequestError, match="n must be 1"):
        at.client().chat.completions.create(model="m", messages=ASK, n=2)
    for body in (CHAT[:-1] + b', "n": 2.0}', CHAT[:-1] + b', "n": "2"}', CHAT[:-1] + b', "n": 1, "n": 2}'):
        assert status(sent(at.address, post(body))) == 400
    assert at.model.seen == []
    at.client().chat.completions.create(model="m", messages=ASK, n=1)


def scoring(monkeypatch: pytest.MonkeyPatch, instead: Callable[[], list[Scored]]) -> None:
    def scores(self: object, transcripts: Sequence[Transcript], subject: object = None) -> list[Scored]:
        return instead()

    monkeypatch.setattr(PatternDetector, "scores", scores)


@pytest.mark.parametrize("stream", [False, True])
def test_one_that_fails_or_is_late_is_never_in_the_way(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    at = start("[inline]\nmilliseconds = 50\nthreads = 2" + detector(tmp_path, "bomb", "stop"))
    at.model.answer = streamed(list(events("a bomb"))) if stream else answered(reply("a bomb"))

    def text() -> str:
        if stream:
            return said(at)[0]
        return at.client().chat.completions.create(model="m", messages=ASK).choices[0].message.content or ""

    def fails() -> list[Scored]:
        raise ValueError("no good")

    def hangs() -> list[Scored]:
        time.sleep(1.0)
        return [Scored(1.0)]

    scoring(monkeypatch, fails)
    assert text() == "a bomb"
    scoring(monkeypatch, hangs)
    for _ in range(4):
        begun = time.monotonic()
        assert text() == "a bomb"
        assert time.monotonic() - begun < 0.9
    time.sleep(1.2)
    monkeypatch.undo()
    assert text() == ""
    whys = [each.verdicts[0].scored.why for each in at.carried()]
    assert "ValueError: no good" in whys[0]
    assert "more than 50 ms" in whys[1]
    assert "no thread was free" in whys[4]
    assert whys[5] == ""
    assert [each.ended for each in at.carried()] == ["whole"] * 5 + ["stopped"]
    told = sent(at.address, b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").decode()
    assert 'caseback_verdicts_total{detector="word",policy="stop",said="untold"} 5' in told
    assert 'caseback_verdicts_total{detector="word",policy="stop",said="flagged"} 1' in told


def test_what_could_not_be_read_is_said_and_passes(start: Start, tmp_path: Path) -> None:
    at = start("[limits]\nkept_bytes = 2000" + detector(tmp_path, "bomb", "stop"))
    long = "words " * 2000 + "bomb"
    at.model.answer = answered(reply(long))
    assert at.client().chat.completions.create(model="m", messages=ASK).choices[0].message.content == long
    at.model.answer = streamed(list(events(*["words "] * 100, "bomb")))
    assert said(at)[0] == "words " * 100 + "bomb"
    at.model.answer = answered({"error": {"message": "no"}}, 500)
    with pytest.raises(openai.InternalServerError):
        at.client().chat.completions.create(model="m", messages=ASK)
    whys = [each.verdicts[0].scored.why for each in at.carried()]
    assert whys == ["the answer has more than 2000 bytes"] * 2 + ["no reply was read to its end: whole, status 500"]


@pytest.mark.parametrize(("policy", "ended"), [("hold", "stopped"), ("flag", "whole")])
def test_what_was_flagged_before_an_answer_grew_too_long_stays_flagged(
    start: Start, tmp_path: Path, policy: str, ended: str
) -> None:
    limits = "[inline]\ncharacters = 20\n[limits]\nkept_bytes = 2000"
    at = start(limits + detector(tmp_path, "bomb", policy) + detector(tmp_path, "nothing", "stop", "other"))
    begun, first, *rest = events("a bomb and more than that", *["words "] * 100)
    at.model.answer = streamed([begun, first, 0.2, *rest])
    text = said(at)[0]
    assert ("bomb" in text) == (policy == "flag")
    [carried] = at.carried()
    assert carried.ended == ended
    whys = sorted(each.scored.why for each in carried.verdicts)
    assert whys == [""] * (policy == "hold") + ["the answer has more than 2000 bytes"]
    assert any(each.flagged for each in carried.verdicts) == (policy == "hold")  # flags are for the writer


def test_a_folder_that_cannot_be_written_holds_back_all_the_same(start: Start, tmp_path: Path) -> None:
    at = start('folder = "w"' + detector(tmp_path, "secret", "hold"))
    (tmp_path / "w" / "held").write_text("in the way")
    at.model.answer = answered(reply("a secret"))
    made = at.client().chat.completions.create(model="m", messages=ASK)
    assert (made.choices[0].finish_reason, made.choices[0].message.content) == ("content_filter", "")
    assert at.carried()[0].ended == "held"
    assert "a secret" in str(exchange_of(at.carried()[0]).messages)


def test_many_at_once_are_each_read(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More replies and more detectors than threads: they wait for one, within the budget."""
    at = start("[inline]\nmilliseconds = 3000\nthreads = 1" + "".join(
        detector(tmp_path, "bomb", "stop", name) for name in ("one", "two", "three")
    ))  # fmt: skip
    at.model.answer = answered(reply("a bomb"))

    def slow() -> list[Scored]:
        time.sleep(0.02)
        return [Scored(1.0)]

    scoring(monkeypatch, slow)
    client = at.client()

    def asked(_: int) -> str | None:
        return client.chat.completions.create(model="m", messages=ASK).choices[0].message.content

    with ThreadPoolExecutor(10) as threads:
        assert list(threads.map(asked, range(10))) == [""] * 10
    assert {(each.ended, len(each.verdicts)) for each in at.carried()} == {("stopped", 3)}
    assert all(said.flagged for each in at.carried() for said in each.verdicts)


@pytest.mark.parametrize("end", [None, 30.0])
def test_a_clean_beginning_is_no_clean_reply(start: Start, tmp_path: Path, end: float | None) -> None:
    at = start("[limits]\nidle_seconds = 0.4\n[inline]\ncharacters = 10" + detector(tmp_path, "bomb", "stop"))
    at.model.answer = streamed([*events(*["safe "] * 20, "a bo")[:-2], 0.2, end])
    with pytest.raises(openai.APIError, match=r"broke off|gave nothing"):
        said(at)
    [carried] = at.carried()
    assert carried.ended == "upstream broke"
    [verdict] = carried.verdicts
    assert (verdict.scored.score, verdict.scored.why) == (
        None, "no reply was read to its end: upstream broke, status 200",
    )  # fmt: skip
