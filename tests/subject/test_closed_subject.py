"""Closed subjects against a real server on this machine that misbehaves in every way."""

import asyncio
import json
import logging
import sqlite3
import time

import pytest
from aiohttp import web

from caseback.chat import system, user
from caseback.errors import CasebackError
from caseback.subject import closed
from caseback.subject.closed import connect
from caseback.subject.closed_protocol import retry_after
from caseback.subject.resolve import resolve
from caseback.subject.subject import Sampling
from server_for_tests import answer, problem, serving


def subject_at(address, **settings):
    subject = connect(address, "toy", **{"api_key": "", **settings})
    subject.first_delay = 0.01
    return subject


def chats(count):
    return [[user(f"question {i}")] for i in range(count)]


def test_replies_come_in_order_with_thinking_logprobs_and_cost():
    def behave(_, body):
        return answer(body["messages"][-1]["content"] + "!\n", reasoning_content=" hm ")

    with serving(behave) as (address, seen):
        subject = subject_at(address, price=(2.0, 10.0), max_concurrency=3)
        done = []
        replies = subject.generate(
            [[system("be brief"), *chat] for chat in chats(9)],
            Sampling(33, temperature=0.5, top_p=0.9, stop=("##",)),
            seeds=range(100, 109),
            progress=lambda *at: done.append(at),
        )
    assert [reply.text for reply in replies] == [f"question {i}!" for i in range(9)]
    assert replies[0].thinking == "hm"
    assert replies[0].logprobs == (-0.5, -0.25)
    assert replies[0].prompt_tokens == 7
    assert sorted(done) == [(i, 9) for i in range(1, 10)]
    by_seed = {request["body"]["seed"]: request["body"] for request in seen}
    assert by_seed[104]["messages"][1]["content"] == "question 4"
    assert by_seed[104] | {"messages": []} == {
        "model": "toy", "messages": [], "max_tokens": 33, "temperature": 0.5, "top_p": 0.9, "seed": 104,
        "stop": ["##"], "logprobs": True,
    }  # fmt: skip
    assert subject.usage.cost == pytest.approx((9 * 7 * 2 + 9 * 2 * 10) / 1e6)
    assert "9 requests" in str(subject.usage)


def test_thinking_written_into_the_text_is_set_apart():
    with serving(lambda *_: answer("<think>first\n</think>\n\nthen")) as (address, _):
        [reply] = subject_at(address).generate(chats(1))
    assert (reply.thinking, reply.text) == ("first", "then")


@pytest.mark.parametrize(
    "failure",
    [
        lambda: problem(500, "oops"),
        lambda: problem(503, "busy"),
        lambda: problem(429, "slow down", **{"Retry-After": "0"}),
        lambda: web.Response(text="<html>not json"),
        lambda: web.Response(text='{"choices": []}'),
        lambda: web.Response(text='{"choices": [{"message": {"content": ["a", "list"]}}]}'),
        lambda: web.Response(body=b"\xff\xfe\x00garbage"),
        lambda: web.Response(text="null"),
    ],
)
def test_what_passes_is_tried_again(failure):
    with serving(lambda number, _: failure() if number < 2 else answer()) as (address, seen):
        subject = subject_at(address)
        [reply] = subject.generate(chats(1))
    assert reply.text == "fine"
    assert len(seen) == 3
    assert subject.usage.retries == 2


def test_a_connection_cut_off_is_tried_again():
    async def cut_off(request):
        response = web.StreamResponse(headers={"Content-Length": "5000"})
        await response.prepare(request)
        await response.write(b'{"choices": [{"mess')
        request.transport.close()
        return response

    with serving(lambda number, _: cut_off(seen[0]["request"]) if number == 0 else answer()) as (address, seen):
        [reply] = subject_at(address).generate(chats(1))
    assert reply.text == "fine"
    assert len(seen) == 2


def test_a_slow_answer_is_waited_for_and_a_hanging_one_is_not():
    async def after(seconds):
        await asyncio.sleep(seconds)
        return answer()

    with serving(lambda number, _: after(30) if number == 0 else after(0.1)) as (address, seen):
        [reply] = subject_at(address, timeout=0.8).generate(chats(1))
    assert reply.text == "fine"
    assert len(seen) == 2


def test_retry_after_is_honoured_by_everybody():
    with serving(lambda number, _: problem(429, "wait", **{"Retry-After": "0.6"}) if number == 0 else answer()) as (
        address,
        seen,
    ):
        subject_at(address, max_concurrency=1).generate(chats(2))
    assert seen[1]["at"] - seen[0]["at"] >= 0.55
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after("soon") is None


def test_rate_limit_spaces_requests():
    with serving(lambda *_: answer()) as (address, seen):
        subject_at(address, rate_limit=600).generate(chats(5))
    times = sorted(request["at"] for request in seen)
    assert times[-1] - times[0] >= 0.35


def test_no_more_requests_at_once_than_allowed():
    now, most = [0], [0]

    async def busy():
        now[0] += 1
        most[0] = max(most[0], now[0])
        await asyncio.sleep(0.05)
        now[0] -= 1
        return answer()

    with serving(lambda *_: busy()) as (address, _):
        subject_at(address, max_concurrency=3).generate(chats(12))
    assert most[0] == 3


def test_one_chat_that_never_gets_an_answer_spares_the_others():
    def behave(_, body):
        return problem(500, "cursed") if "question 1" in body["messages"][0]["content"] else answer()

    with serving(behave) as (address, _):
        replies = subject_at(address, retries=1).generate(chats(3))
    assert [reply.finish for reply in replies] == ["stop", "error", "stop"]
    assert "cursed" in replies[1].error
    assert replies[1].text == ""


def test_nothing_ever_answered_is_one_clear_error():
    with serving(lambda *_: problem(500, "down")) as (address, seen):
        subject = subject_at(address, retries=2, max_concurrency=2)
        with pytest.raises(CasebackError, match=r"answered none of 2 requests, each tried 3 times .*down"):
            subject.generate(chats(50))
    assert len(seen) <= 8


def test_nobody_there_is_one_clear_error():
    subject = subject_at("http://127.0.0.1:9/v1", retries=1)
    with pytest.raises(CasebackError, match="check the address") as caught:
        subject.generate(chats(1))
    assert "\n" not in str(caught.value)


def test_an_address_that_hangs_is_given_up_when_patience_ends_and_says_so_meanwhile(caplog, monkeypatch):
    async def hang():
        await asyncio.sleep(30)

    monkeypatch.setattr(closed, "SILENCE", 0.1)
    began = time.monotonic()
    with serving(lambda *_: hang()) as (address, seen):
        subject = subject_at(address, timeout=0.5, patience=0.8, retries=100)
        with pytest.raises(CasebackError, match=r"none of 2 requests, each tried 2 times in 1 s .*--patience"):
            subject.generate(chats(2))
    assert time.monotonic() - began < 5
    assert len(seen) == 4
    said = [record.getMessage() for record in caplog.records if record.name == closed.log.name]
    assert any("#toy: no answer in the last 0 s (2 tries so far; given up after 0.8 s" in line for line in said)
    assert sum("within 0.5 seconds; trying again" in line for line in said) == 1


def test_every_retry_is_one_line_however_many_wait(caplog):
    with serving(lambda *_: problem(500, "down")) as (address, _), pytest.raises(CasebackError):
        subject_at(address, retries=3, max_concurrency=8).generate(chats(20))
    said = [record for record in caplog.records if record.name == closed.log.name]
    assert [record.levelno for record in said] == [logging.WARNING] * 3
    assert all("HTTP 500: down; trying again" in record.getMessage() for record in said)


def test_pauses_that_the_address_asks_for_do_not_try_patience():
    def behave(number, _):
        return problem(429, "wait", **{"Retry-After": "0.4"}) if number < 2 else answer()

    with serving(behave) as (address, seen):
        [reply] = subject_at(address, patience=0.7).generate(chats(1))
    assert reply.text == "fine"
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("status", "said", "remedy"),
    [(401, "bad key", "OPENAI_API_KEY"), (404, "no such model", "toy"), (400, "bad request", "mend")],
)
def test_a_refusal_for_good_is_raised_at_once(status, said, remedy):
    with serving(lambda *_: problem(status, said)) as (address, seen):
        subject = subject_at(address, max_concurrency=1)
        with pytest.raises(CasebackError, match=f"{said}.*{remedy}"):
            subject.generate(chats(20))
    assert len(seen) == 1


def test_fields_an_address_does_not_take_are_done_without():
    def behave(_, body):
        for name in ("logprobs", "max_tokens"):
            if name in body:
                return problem(400, f"Unsupported parameter: '{name}'")
        assert body["max_completion_tokens"] == 256
        return answer()

    with serving(behave) as (address, seen):
        subject = subject_at(address, max_concurrency=1)
        assert [reply.text for reply in subject.generate(chats(3))] == ["fine"] * 3
    assert len(seen) == 5


def test_too_long_a_chat_is_an_error_of_its_own():
    def behave(_, body):
        if "question 0" in body["messages"][0]["content"]:
            return problem(400, "maximum context length is 4096 tokens; you asked for more in max_tokens")
        return answer()

    with serving(behave) as (address, _):
        replies = subject_at(address, max_concurrency=1).generate(chats(2))
    assert [reply.finish for reply in replies] == ["error", "stop"]
    assert "context length" in replies[0].error


def test_a_content_filter_is_not_an_answer():
    def behave(*_):
        return web.json_response({"choices": [{"message": {"content": ""}, "finish_reason": "content_filter"}]})

    with serving(behave) as (address, seen):
        [reply] = subject_at(address).generate(chats(1))
    assert reply.finish == "error"
    assert "filter" in reply.error
    assert len(seen) == 1


def test_cached_replies_survive_an_interruption_and_cost_nothing(tmp_path):
    path = tmp_path / "made" / "replies.sqlite"

    def behave(number, _):
        return answer(f"reply {number}") if number < 3 else problem(401, "key expired")

    with serving(behave) as (address, seen):
        subject = subject_at(address, cache=path, max_concurrency=1)
        with pytest.raises(CasebackError, match="key expired"):
            subject.generate(chats(6))
        again = subject_at(address, cache=path, price=(1, 1))
        replies = again.generate(chats(3))
        assert len(seen) == 4
        assert [reply.text for reply in replies] == ["reply 0", "reply 1", "reply 2"]
        assert replies[0].logprobs == (-0.5, -0.25)
        assert (again.usage.from_cache, again.usage.cost) == (3, 0)
        with pytest.raises(CasebackError):  # another seed is another request
            again.generate(chats(1), seeds=[77])


def test_errors_are_not_cached(tmp_path):
    path = tmp_path / "replies.sqlite"
    with serving(lambda number, _: problem(500, "no") if number == 0 else answer()) as (address, _):
        first = subject_at(address, cache=path, retries=0, max_concurrency=2).generate(chats(2))
        assert sorted(reply.finish for reply in first) == ["error", "stop"]
        assert [r.finish for r in subject_at(address, cache=path).generate(chats(2))] == ["stop", "stop"]


def test_a_file_that_is_no_cache_is_refused(tmp_path):
    path = tmp_path / "replies.sqlite"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(CasebackError, match=r"replies\.sqlite cannot be opened"):
        subject_at("http://127.0.0.1:9/v1", cache=path).generate(chats(1))


def test_the_key_comes_from_the_environment_and_is_written_nowhere(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-123")
    path = tmp_path / "replies.sqlite"
    with serving(lambda *_: answer()) as (address, seen):
        subject = connect(address, "toy", cache=path)
        subject.generate(chats(1))
    assert seen[0]["headers"]["Authorization"] == "Bearer sk-secret-123"
    for text in (repr(subject), subject.name, subject.digest, str(subject.usage)):
        assert "secret" not in text
    for file in tmp_path.iterdir():
        assert b"secret" not in file.read_bytes()
    [(kept,)] = sqlite3.connect(path).execute("SELECT reply FROM replies").fetchall()
    assert json.loads(kept)["text"] == "fine"


def test_works_where_an_event_loop_is_running_as_in_a_notebook():
    with serving(lambda *_: answer()) as (address, _):

        async def cell():
            return subject_at(address).generate(chats(1))

        [reply] = asyncio.run(cell())
    assert reply.text == "fine"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("host/v1", "m"), "not an address"),
        (("http://host/v1", ""), "no model"),
    ],
)
def test_addresses_that_are_none_are_refused(arguments, named):
    with pytest.raises(CasebackError, match=named):
        connect(*arguments)
    for wrong in ({"rate_limit": 0}, {"patience": 0}):
        with pytest.raises(CasebackError, match="above 0"):
            connect("http://host/v1", "m", **wrong)


def test_a_spec_with_an_address_is_a_closed_subject():
    subject = resolve("https://host.example/v1#some/model")
    assert subject.name == "https://host.example/v1#some/model"
    with pytest.raises(CasebackError, match="after a #"):
        resolve("https://host.example/v1")
