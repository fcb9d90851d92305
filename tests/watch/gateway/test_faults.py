"""What goes wrong behind the gateway, in front of it and beneath it: the client is told, and it is written down."""

import errno
import json
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import openai
import pytest

from caseback.watch.configuration import read_configuration
from caseback.watch.entry import Beat, Begun, Carried, Missed
from caseback.watch.exchange import exchange_of
from caseback.watch.journal import Journal
from caseback.watch.writer.batch import Gateway, lost, stretch
from watch.gateway.conftest import Running, Start, gateway
from watch.gateway.raw import CHAT, STREAM, connected, post, received, sent, status
from watch.gateway.upstream import DONE, Model, answered, event, events, reply, streamed

ASK = [{"role": "user", "content": "How are you?"}]


def until(true: Any, seconds: float = 10.0) -> None:
    """Waits until it is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)


def test_an_upstream_that_is_down(tmp_path: Path, model: Model) -> None:
    file = tmp_path / "watch.toml"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        file.write_text(f'listen = "127.0.0.1:0"\nupstream = "http://127.0.0.1:{taken.getsockname()[1]}"\n')
        configuration = read_configuration(file)
        with gateway(configuration) as address:
            at = Running(configuration, address, model)
            with pytest.raises(openai.APIStatusError) as raised:
                at.client().chat.completions.create(model="m", messages=ASK)
            assert (raised.value.status_code, raised.value.code) == (502, "upstream_down")
            [carried] = at.carried()
            assert (carried.status, carried.ended) == (502, "upstream broke")
            assert (carried.response, carried.first_ms) == (b"", None)


def test_an_upstream_that_breaks_off_mid_stream(start: Start) -> None:
    at = start()
    kept = events("one ", "two ")[:3]
    at.model.answer = streamed([*kept, 0.05, b'data: {"id": "half an ev', 0.05, None])
    stream = at.client().chat.completions.create(model="m", messages=ASK, stream=True)
    said: list[str] = []
    with pytest.raises(openai.APIError, match="broke off"):
        said.extend(part.choices[0].delta.content or "" for part in stream)
    assert "".join(said) == "one two "
    [carried] = at.carried()
    assert (carried.ended, carried.status, carried.streamed) == ("upstream broke", 200, True)
    assert carried.response.startswith(b"".join(kept))
    assert exchange_of(carried).messages[-1]["content"] == "one two "


def test_an_upstream_that_stalls_mid_stream(start: Start) -> None:
    at = start("[limits]\nidle_seconds = 0.4")
    at.model.answer = streamed([*events("one ")[:2], 20.0])
    begun = time.monotonic()
    with pytest.raises(openai.APIError, match=r"gave nothing for 0\.4 s"):
        list(at.client().chat.completions.create(model="m", messages=ASK, stream=True))
    assert time.monotonic() - begun < 5
    [carried] = at.carried()
    assert carried.ended == "upstream broke"
    assert carried.total_ms < 5000
    until(lambda: at.model.seen[0].gone.is_set())


def test_an_upstream_that_never_answers(start: Start) -> None:
    at = start("[limits]\nidle_seconds = 0.4")

    async def never(request: Any, seen: Any) -> Any:
        import asyncio

        await asyncio.sleep(30)

    at.model.answer = never
    with pytest.raises(openai.APIStatusError) as raised:
        at.client().chat.completions.create(model="m", messages=ASK)
    assert (raised.value.status_code, raised.value.code) == (504, "upstream_timeout")
    assert at.carried()[0].ended == "upstream broke"


def test_one_that_drips_for_ever_is_ended_by_the_limit_of_all_of_it(start: Start) -> None:
    at = start("[limits]\nseconds = 1.0")
    at.model.answer = streamed([each for n in range(100) for each in (event({"content": "x"}), 0.1)])
    with pytest.raises(openai.APIError, match="over 1 s"):
        list(at.client().chat.completions.create(model="m", messages=ASK, stream=True))
    assert at.carried()[0].ended == "upstream broke"


def test_a_connection_that_went_stale_is_tried_once_more(start: Start) -> None:
    at = start()
    for _ in range(3):
        at.client().chat.completions.create(model="m", messages=ASK)
        at.model.drop()
    assert [each.ended for each in at.carried()] == ["whole"] * 3


def test_a_new_connection_that_gives_nothing_is_not_tried_again(start: Start) -> None:
    at = start()

    async def hang_up(request: Any, seen: Any) -> Any:
        request.transport.abort()
        return None

    at.model.answer = hang_up
    with pytest.raises(openai.APIStatusError) as raised:
        at.client().chat.completions.create(model="m", messages=ASK)
    assert (raised.value.status_code, raised.value.code) == (502, "upstream_broke")
    assert len(at.model.seen) == 1


def test_a_client_that_leaves_mid_stream(start: Start) -> None:
    at = start()
    at.model.answer = streamed(
        [event({"content": "begun"}), *[each for _ in range(200) for each in (event({"content": "."}), 0.05)]]
    )
    stream = at.client().chat.completions.create(model="m", messages=ASK, stream=True)
    next(iter(stream))
    stream.close()
    until(lambda: at.carried())
    [carried] = at.carried()
    assert carried.ended == "client left"
    assert b"begun" in carried.response
    until(lambda: at.model.seen[0].gone.is_set())


def test_a_client_that_leaves_before_the_answer(start: Start) -> None:
    at = start()

    async def slow(request: Any, seen: Any) -> Any:
        import asyncio

        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            seen.gone.set()
            raise

    at.model.answer = slow
    with pytest.raises(openai.APITimeoutError):
        at.client(timeout=0.5).chat.completions.create(model="m", messages=ASK)
    until(lambda: at.carried())
    assert at.carried()[0].ended == "client left"
    until(lambda: at.model.seen[0].gone.is_set())


def test_a_half_closed_request_is_left(start: Start) -> None:
    at = start()
    cut = post(CHAT)[:-10]
    assert sent(at.address, cut, half_close=True) == b""
    assert at.carried() == []
    assert at.model.seen == []
    at.client().chat.completions.create(model="m", messages=ASK)
    assert len(at.carried()) == 1


def test_a_client_that_sends_too_slowly(start: Start) -> None:
    at = start("[limits]\nupload_seconds = 0.5")
    answer = sent(at.address, post(CHAT)[:-10], 1.2)
    assert status(answer) == 408
    [carried] = at.carried()
    assert (carried.ended, carried.status, carried.request) == ("refused", 408, b"")


def test_a_head_that_never_ends_or_never_comes(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    at = start()
    begun = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
    assert status(sent(at.address, begun, *[b"x-more: " + b"y" * 5_000 + b"\r\n"] * 400)) == 400
    assert status(sent(at.address, begun + b"x: ", *[b"y" * 50_000] * 40)) == 400
    assert status(sent(at.address, b"GET /" + b"a" * 2_000_000)) == 400
    monkeypatch.setattr("caseback.watch.gateway.protocol.HEAD_SECONDS", 0.5)
    for parts in ((), (begun,), (begun, 0.3, b"x: y\r\n", 0.3, b"x: y\r\n", 0.3, b"\r\n")):
        clock = time.monotonic()
        assert sent(at.address, *parts) == b""
        assert time.monotonic() - clock < 3
    assert status(sent(at.address, post(CHAT, close=False), 1.0, post(CHAT))) == 200
    assert at.model.seen[0].body == CHAT
    assert len(at.carried()) == 2


def test_a_client_that_reads_slowly_gets_all_of_it(start: Start) -> None:
    at = start()
    words = [f"word{n} " * 40 for n in range(400)]
    at.model.answer = streamed(list(events(*words)))
    with connected(at.address) as sock:
        sock.sendall(post(STREAM))
        got = b""
        for _ in range(20):
            got += sock.recv(1 << 10)
            time.sleep(0.01)
        got += received(sock)
    assert got.count(b"data: ") == len(words) + 3
    assert b"[DONE]" in got
    assert at.carried()[0].ended == "whole"
    assert at.carried()[0].response.endswith(DONE)


def test_a_client_that_takes_nothing_does_not_hold_it_for_ever(start: Start) -> None:
    at = start("[limits]\nidle_seconds = 1.0")
    part = event({"content": "x" * 60_000})
    at.model.answer = streamed([part] * 400)
    with connected(at.address) as sock:
        sock.sendall(post(STREAM))
        until(lambda: at.carried(), 20)
    assert at.carried()[0].ended == "client left"


def test_an_answer_larger_than_what_is_kept_passes_whole_and_is_said_to_be_cut(start: Start) -> None:
    at = start("[limits]\nkept_bytes = 1000")
    text = "long " * 5_000
    at.model.answer = answered(reply(text))
    assert at.client().chat.completions.create(model="m", messages=ASK).choices[0].message.content == text
    at.model.answer = streamed(list(events(*["long "] * 500)))
    parts = at.client().chat.completions.create(model="m", messages=ASK, stream=True)
    assert "".join(part.choices[0].delta.content or "" for part in parts) == "long " * 500
    for carried in at.carried():
        assert len(carried.response) == 1000
        assert carried.left_out > 0
        assert carried.ended == "whole"
        assert f"{carried.left_out} bytes of the answer were not kept" in exchange_of(carried).unread


def test_a_full_disk_stops_nothing_and_is_counted(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    at = start()
    append = Journal.append
    full = [True]

    def failing(self: Journal, entry: Any) -> None:
        if full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        append(self, entry)

    at.client().chat.completions.create(model="m", messages=ASK)
    monkeypatch.setattr(Journal, "append", failing)
    begun = time.time()
    for _ in range(3):
        assert at.client().chat.completions.create(model="m", messages=ASK).choices[0].message.content == "fine"
    assert len(at.carried()) == 1
    assert json.loads(
        sent(at.address, b"GET /ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").split(b"\r\n\r\n")[1]
    ) == {"ready": True, "journal": False}
    counts = sent(at.address, b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").decode()
    assert "\ncaseback_missed_total 3\n" in counts
    assert "\ncaseback_missed_pending 3\n" in counts
    full[0] = False
    until(lambda: any(isinstance(each, Missed) for each in at.entries()))
    [missed] = [each for each in at.entries() if isinstance(each, Missed)]
    assert (missed.exchanges, missed.why) == (3, "No space left on device")
    assert begun - 1 <= missed.begun <= missed.ended <= time.time()
    at.client().chat.completions.create(model="m", messages=ASK)
    assert len(at.carried()) == 2


def test_what_is_missed_is_not_lost_too(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A nearly full disk takes that a request came, and not what was said."""
    at = start()
    append, full = Journal.append, [True]

    def failing(self: Journal, entry: Any) -> None:
        if full[0] and isinstance(entry, Carried):
            raise OSError(errno.ENOSPC, "No space left on device")
        append(self, entry)

    monkeypatch.setattr(Journal, "append", failing)
    for _ in range(3):
        at.client().chat.completions.create(model="m", messages=ASK)
    until(lambda: sum(each.exchanges for each in at.entries() if isinstance(each, Missed)) == 3)
    full[0] = False
    found = stretch(Gateway("g"), at.entries())
    assert sum(gap.exchanges or 0 for gap in found.gaps) == 3
    assert lost(found.gateway) == ()


def test_a_disk_that_is_really_full(start: Start, small_disk: Path) -> None:
    at = start(f'folder = "{small_disk}"')
    text = "a" * 300_000
    for n in range(12):
        made = at.client().chat.completions.create(model="m", messages=[{"role": "user", "content": text + str(n)}])
        assert made.choices[0].message.content == "fine"
    written = len(at.carried())
    assert 1 <= written < 12
    subprocess.run(["mount", "-o", "remount,size=32m", str(small_disk)], check=True)
    until(lambda: sum(each.exchanges for each in at.entries() if isinstance(each, Missed)) == 12 - written)
    assert len(at.carried()) == written


def test_ten_megabytes_pass_and_more_than_the_limit_does_not(start: Start) -> None:
    at = start("[limits]\nbody_bytes = 12_000_000")
    text = "p" * 10_000_000
    at.client().chat.completions.create(model="m", messages=[{"role": "user", "content": text}])
    assert len(at.model.seen[0].body) > 10_000_000
    with pytest.raises(openai.APIStatusError) as raised:
        at.client().chat.completions.create(model="m", messages=[{"role": "user", "content": text * 2}])
    assert (raised.value.status_code, raised.value.code) == (413, "request_too_large")
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
    assert status(sent(at.address, head + b"content-length: 99999999999\r\nconnection: close\r\n\r\n", wait=3.0)) == 413
    chunk = b"%x\r\n%s\r\n" % (1 << 20, b"c" * (1 << 20))
    assert status(sent(at.address, head + b"transfer-encoding: chunked\r\n\r\n", *[chunk] * 13, wait=3.0)) == 413
    assert len(at.model.seen) == 1
    refused = at.carried()[1:]
    assert [(each.ended, each.status, each.request) for each in refused] == [("refused", 413, b"")] * 3


@pytest.mark.parametrize("body", [
    b"", b"{", b"[1, 2", b"\xff\xfe", b"null garbage", b'{"messages": 7, "', b"[" * 100_000,
    b'{"messages": [' + b'{"a":' * 50_000,
])  # fmt: skip
def test_what_is_no_json_is_refused(start: Start, body: bytes) -> None:
    at = start()
    answer = sent(at.address, post(body))
    assert status(answer) == 400
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["error"]["code"] == "invalid_json"
    assert at.model.seen == []
    assert at.carried()[0].ended == "refused"


@pytest.mark.parametrize("content", [
    b'"\xff\xfe"', b'"\\ud800"', b'"\\u0000"', '"‮ ﷽ 💣"'.encode(), b"7", b"null", b'[{"type": "text", "text": "x"}]',
])  # fmt: skip
def test_strange_content_passes_unchanged_or_is_refused_and_is_never_lost(start: Start, content: bytes) -> None:
    at = start()
    body = b'{"model": "m", "messages": [{"role": "user", "content": %s}]}' % content
    answer = sent(at.address, post(body))
    assert status(answer) in (200, 400)
    [carried] = at.carried()
    if status(answer) == 200:
        assert at.model.seen[0].body == body == carried.request
        exchange_of(carried)
    else:
        assert carried.ended == "refused"


def test_too_many_messages(start: Start) -> None:
    at = start("[limits]\nmessages = 3")
    with pytest.raises(openai.BadRequestError) as raised:
        at.client().chat.completions.create(model="m", messages=ASK * 4)
    assert raised.value.code == "too_many_messages"


def test_too_many_at_once(start: Start) -> None:
    at = start("[limits]\nin_flight = 1")
    at.model.answer = streamed([event({"content": "a"}), 1.0, DONE])
    stream = at.client().chat.completions.create(model="m", messages=ASK, stream=True)
    next(iter(stream))
    with pytest.raises(openai.InternalServerError) as raised:
        at.client().chat.completions.create(model="m", messages=ASK)
    assert raised.value.status_code == 503
    assert raised.value.response.headers["retry-after"] == "1"
    list(stream)


def test_it_beats_each_second_and_ends_in_order(start: Start) -> None:
    at = start()
    time.sleep(1.3)
    beats = [each for each in at.entries() if isinstance(each, Beat)]
    assert len(beats) >= 2
    assert 0.8 < beats[-1].time - beats[-2].time < 2.0
    assert not [each for each in at.entries() if isinstance(each, Begun)]
