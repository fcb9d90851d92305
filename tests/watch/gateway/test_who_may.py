"""Keys, limits of rate, web pages, and headers that try to be two things at once."""

import json
import os
import time
from dataclasses import replace
from pathlib import Path

import openai
import pytest

from caseback.errors import CasebackError
from caseback.watch.gateway import app
from caseback.watch.gateway.keys import Keys, new_key, read_keys, revoke_key
from caseback.watch.gateway.serve import listening
from watch.gateway.conftest import Start
from watch.gateway.raw import CHAT, connected, post, received, sent, status
from watch.gateway.test_inline import detector
from watch.gateway.upstream import DONE, answered, events, reply, streamed

ASK = [{"role": "user", "content": "How are you?"}]


def get(path: str, *headers: str) -> bytes:
    """A request in order."""
    return "\r\n".join([f"GET {path} HTTP/1.1", *headers, "connection: close", "", ""]).encode()


def test_a_key_opens_and_none_or_a_wrong_one_does_not(start: Start, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    good = new_key(keys, "notebook")
    at = start('keys = "keys.json"')
    assert at.client(good).chat.completions.create(model="m", messages=ASK).choices[0].message.content == "fine"
    id, secret = good.removeprefix("cb-").split("-", 1)
    other = new_key(tmp_path / "others.json", "other")
    for wrong in ("none", good[:-1], good + "x", f"cb-{id}-", f"cb--{secret}", other, "cb", "ü"):
        answer = sent(at.address, post(CHAT, f"authorization: Bearer {wrong}".encode()))
        assert status(answer) == 401, wrong
        assert secret.encode() not in answer
    assert status(sent(at.address, post(CHAT))) == 401
    assert status(sent(at.address, post(CHAT, b"authorization: Basic " + good.encode()))) == 401
    with pytest.raises(openai.AuthenticationError) as raised:
        at.client("cb-wrong").chat.completions.create(model="m", messages=ASK)
    assert raised.value.code == "invalid_api_key"
    assert len(at.model.seen) == 1
    carried = at.carried()
    assert (carried[0].client, carried[0].ended) == ("notebook", "whole")
    assert {(each.client, each.ended, each.status, each.request) for each in carried[1:]} == {("", "refused", 401, b"")}


def test_the_clients_key_never_reaches_the_upstream(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_key(tmp_path / "keys.json", "notebook")
    monkeypatch.setenv("BEHIND", "upstream-secret")
    at = start('keys = "keys.json"\nupstream_key = "BEHIND"')
    at.client(key, default_headers={"x-api-key": key, "Cookie": f"k={key}", "X-Request-Id": "mine"}).models.list()
    at.client(key).chat.completions.create(model="m", messages=ASK)
    for seen in at.model.seen:
        assert seen.headers["authorization"] == "Bearer upstream-secret"
        assert key not in json.dumps(seen.headers)
        assert seen.headers["x-request-id"] != "mine"
    journal = b"".join(path.read_bytes() for path in at.configuration.journal.iterdir())
    assert key.encode() not in journal
    assert b"upstream-secret" not in journal


def test_without_a_key_for_it_the_upstream_gets_none(start: Start) -> None:
    at = start()
    at.client("sk-local").chat.completions.create(model="m", messages=ASK)
    assert "authorization" not in at.model.seen[0].headers


def test_a_revoked_key_opens_nothing_within_two_seconds(start: Start, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    key = new_key(keys, "notebook")
    at = start('keys = "keys.json"')
    at.client(key).chat.completions.create(model="m", messages=ASK)
    revoke_key(keys, "notebook")
    later = new_key(keys, "later")
    time.sleep(2.0)
    with pytest.raises(openai.AuthenticationError):
        at.client(key).chat.completions.create(model="m", messages=ASK)
    at.client(later).chat.completions.create(model="m", messages=ASK)
    keys.write_text("{")
    time.sleep(1.5)
    at.client(later).chat.completions.create(model="m", messages=ASK)


def test_the_file_of_keys_holds_no_key(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    made = [new_key(keys, name) for name in ("a", "b")]
    text = keys.read_text()
    for key in made:
        assert key.split("-", 2)[2] not in text
    assert keys.stat().st_mode & 0o77 == 0
    found = read_keys(keys)
    assert len({each.salt for each in found}) == 2
    owner = Keys(found).owner(made[1])
    assert owner is not None
    assert owner.name == "b"
    with pytest.raises(CasebackError, match="already"):
        new_key(keys, "a")
    revoke_key(keys, "a")
    assert Keys(read_keys(keys)).owner(made[0]) is None
    with pytest.raises(CasebackError, match="already"):
        new_key(keys, "a")
    with pytest.raises(CasebackError, match="there are: a, b"):
        revoke_key(keys, "c")
    for bad in ("", " ", "a\nb", "x" * 65):
        with pytest.raises(CasebackError, match="printable"):
            new_key(keys, bad)


def test_requests_a_minute(start: Start, tmp_path: Path) -> None:
    key = new_key(tmp_path / "keys.json", "eager", per_minute=3)
    free = new_key(tmp_path / "keys.json", "free")
    at = start('keys = "keys.json"')
    for _ in range(3):
        at.client(key).chat.completions.create(model="m", messages=ASK)
    with pytest.raises(openai.RateLimitError) as raised:
        at.client(key).chat.completions.create(model="m", messages=ASK)
    assert 1 <= int(raised.value.response.headers["retry-after"]) <= 21
    at.client(free).chat.completions.create(model="m", messages=ASK)
    assert len(at.model.seen) == 4


def test_counts_are_for_those_who_may_see_the_other_clients(start: Start, tmp_path: Path) -> None:
    plain = new_key(tmp_path / "keys.json", 'pl"ain')
    watcher = new_key(tmp_path / "keys.json", "watcher", metrics=True)
    at = start('keys = "keys.json"')
    at.client(plain).chat.completions.create(model="m", messages=ASK)
    assert status(sent(at.address, get("/metrics", "host: x"))) == 401
    assert status(sent(at.address, get("/metrics", "host: x", f"authorization: Bearer {plain}"))) == 403
    told = sent(at.address, get("/metrics", "host: x", f"authorization: Bearer {watcher}"))
    assert status(told) == 200
    text = told.decode()
    assert 'caseback_requests_total{client="pl\\"ain",path="/v1/chat/completions",status="200"} 1' in text
    assert 'caseback_request_seconds_bucket{le="+Inf"} 1' in text
    assert 'caseback_ended_total{ended="whole"} 1' in text
    for path in ("/health", "/ready", "/openapi.json"):
        assert status(sent(at.address, get(path, "host: x"))) == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "https://chat.example.org.evil"]
)
def test_a_foreign_page_drives_nothing(start: Start, origin: str) -> None:
    at = start('origins = ["https://chat.example.org"]')
    for request in (post(CHAT, f"origin: {origin}".encode()), get("/v1/models", "host: localhost", f"origin: {origin}"),
                    f"OPTIONS /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\norigin: {origin}\r\nconnection: close\r\n\r\n".encode()):  # fmt: skip  # noqa: E501
        answer = sent(at.address, request)
        assert status(answer) == 403
        assert b"access-control-allow-origin" not in answer
    assert at.model.seen == []


def test_a_page_that_was_named_may(start: Start) -> None:
    at = start('origins = ["https://chat.example.org"]')
    preflight = (
        b"OPTIONS /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\norigin: https://chat.example.org\r\n"
        b"access-control-request-headers: authorization\r\nconnection: close\r\n\r\n"
    )
    told = sent(at.address, preflight)
    assert status(told) == 204
    assert b"access-control-allow-headers: authorization" in told
    answer = sent(at.address, post(CHAT, b"origin: https://chat.example.org"))
    assert status(answer) == 200
    assert b"access-control-allow-origin: https://chat.example.org" in answer
    assert "origin" not in at.model.seen[0].headers


def test_without_keys_a_foreign_name_is_refused(start: Start) -> None:
    at = start()
    for host in ("evil.example", "127.0.0.1.evil.example", "", "[::2]:80"):
        assert status(sent(at.address, get("/v1/models", f"host: {host}"))) == 403, host
    for host in ("localhost", "127.0.0.1:8100", "[::1]:8100", "LOCALHOST:1"):
        assert status(sent(at.address, get("/v1/models", f"host: {host}"))) == 200, host


def test_others_may_come_only_with_keys(start: Start) -> None:
    at = start()
    with pytest.raises(CasebackError, match="there are no keys"):
        listening(replace(at.configuration, host="0.0.0.0"))
    with pytest.raises(CasebackError, match="cannot listen there"):
        listening(replace(at.configuration, port=int(at.address.rsplit(":", 1)[1])))


@pytest.mark.parametrize("name", [b"authorization", b"traceparent", b"x-caseback-agent", b"content-type", b"host"])
def test_a_header_that_may_stand_once(start: Start, name: bytes) -> None:
    at = start()
    answer = sent(at.address, post(CHAT, name + b": one", name + b": two"))
    assert status(answer) == 400
    assert at.model.seen == []


HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
INNER = b"GET /v1/smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n"


@pytest.mark.parametrize("request_", [
    HEAD + b"content-length: 5\r\ncontent-length: 6\r\n\r\n12345" + INNER,
    HEAD + b"content-length: %d\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" % (5 + len(INNER)) + INNER,
    HEAD + b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n" + INNER,
    HEAD + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n" + INNER,
    HEAD + b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n" + INNER,
    HEAD + b"content-length: +5\r\n\r\n12345" + INNER,
    HEAD + b"content-length: 5, 5\r\n\r\n12345" + INNER,
    HEAD + b"transfer-encoding: chunked\r\n\r\n0x5\r\n12345\r\n0\r\n\r\n" + INNER,
    HEAD + b"transfer-encoding: chunked\r\n\r\n5;\x00\r\n12345\r\n0\r\n\r\n" + INNER,
    HEAD + b" folded: header\r\ncontent-length: 0\r\n\r\n" + INNER,
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\rx: y\r\n\r\n" + INNER,
    b"POST /v1/chat/completions\r\n HTTP/1.1\r\n\r\n",
])  # fmt: skip
def test_smuggling(start: Start, request_: bytes) -> None:
    """None of these reaches the upstream, and what stands behind the first is not answered as a second one."""
    at = start()
    answer = sent(at.address, request_, wait=1.5)
    assert answer.count(b"HTTP/1.1 2") == 0
    assert at.model.seen == []


def test_what_is_of_one_connection_stays_there(start: Start) -> None:
    at = start()
    at.model.answer = answered(reply(), 200, keep_alive="timeout=1", x_kept="yes", set_cookie="a=b", server="secret/1")
    own = [
        b"connection: x-mine, close",
        b"x-mine: gone",
        b"te: trailers",
        b"upgrade: websocket",
        b"proxy-authorization: p",
    ]
    answer = sent(at.address, post(CHAT, *own, b"x-other: kept", close=False))
    assert status(answer) == 200
    seen = at.model.seen[0]
    assert seen.headers["x-other"] == "kept"
    for name in ("x-mine", "te", "upgrade", "proxy-authorization", "transfer-encoding"):
        assert name not in seen.headers
    assert seen.names.count("content-length") == seen.names.count("content-type") == seen.names.count("host") == 1
    low = answer.lower()
    assert b"x-kept: yes" in low
    for name in (b"keep-alive:", b"set-cookie", b"secret/1"):
        assert name not in low


def test_the_way_on_is_fixed_and_the_query_is_passed(start: Start) -> None:
    at = start()
    sent(at.address, post(CHAT, path=b"/v1/chat/completions?api-version=1&x=%0d%0aHost:%20evil"))
    assert at.model.seen[0].path == "/v1/chat/completions?api-version=1&x=%0d%0aHost:%20evil"
    for path in (b"/v1/chat/../../etc", b"//v1/chat/completions", b"/v1/chat/completions/", b"http://evil/v1/models/x",
                 b"/v1/chat%2fcompletionsx", b"/"):  # fmt: skip
        assert status(sent(at.address, post(CHAT, path=path))) == 404
    assert status(sent(at.address, get("/v1/chat/completions", "host: localhost"))) == 405
    assert len(at.model.seen) == 1


def test_trace_and_agent_are_written_down(start: Start) -> None:
    at = start()
    trace = "0af7651916cd43dd8448eb211c80319c"
    good, agent = f"traceparent: 00-{trace}-b7ad6b7169203331-01".encode(), b"x-caseback-agent: planner"
    sent(at.address, post(CHAT, good, agent))
    sent(at.address, post(CHAT, b"traceparent: 00-%s-b7ad6b7169203331-01" % (b"0" * 32), b"x-caseback-agent: \xff\xfe"))
    sent(at.address, post(CHAT, b"traceparent: nonsense", b"x-caseback-agent: " + b"long" * 100))
    first, second, third = at.carried()
    assert (first.trace, first.agent) == (trace, "planner")
    assert second.trace == third.trace == ""
    assert third.agent == "long" * 25
    assert at.model.seen[0].headers["traceparent"].startswith("00-")


def test_two_requests_sent_at_once_get_their_own_answers(start: Start) -> None:
    at = start()
    at.model.answer = streamed(list(events("a ", "b ")))
    with connected(at.address) as sock:
        sock.sendall(post(CHAT, close=False) + post(CHAT))
        answer = received(sock)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.count(DONE) == 2
    assert len(at.carried()) == 2


def test_a_file_of_keys_that_nobody_may_write(tmp_path: Path) -> None:
    with pytest.raises(CasebackError, match="cannot be written"):
        new_key(Path("/proc/nowhere/keys.json"), "a")
    bad = tmp_path / "keys.json"
    for content in (b"", b"[]", b'{"kind": "caseback keys", "version": 2, "keys": []}', os.urandom(50)):
        bad.write_bytes(content)
        with pytest.raises(CasebackError, match=r"keys\.json"):
            read_keys(bad)


def test_strangers_fill_no_disk(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "STRANGERS", 5.0)
    key = new_key(tmp_path / "keys.json", "mine", metrics=True)
    at = start('keys = "keys.json"' + detector(tmp_path, "bomb", "stop"))
    mine = f"authorization: Bearer {key}"
    for _ in range(30):
        assert status(sent(at.address, post(CHAT))) == 401
    for _ in range(8):
        assert status(sent(at.address, post(b"no json", mine.encode()))) == 400
    assert [each.client for each in at.carried()] == [""] * 5 + ["mine"] * 8
    assert not any(each.verdicts for each in at.carried())
    counts = sent(at.address, get("/metrics", "host: localhost", mine)).decode()
    assert "\ncaseback_refused_unwritten_total 25\n" in counts
    assert 'ended="refused"} ' in counts
