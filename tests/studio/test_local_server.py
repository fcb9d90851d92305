"""The local server answers its own page and refuses everybody else, whatever is sent to it."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from caseback.errors import CasebackError
from caseback.studio.local_server import BODY, WAITING, Page, Served, listening, work

JSON = {"Content-Type": "application/json"}


def double(given: Any) -> Any:
    if given == "wrong":
        raise CasebackError("that was wrong")
    if given == "broken":
        raise ZeroDivisionError("a fault of ours")
    return {"twice": given * 2}


@contextmanager
def running(served: Served) -> Iterator[str]:
    with listening(served) as address:
        worker = threading.Thread(target=work, args=(served,))
        worker.start()
        try:
            yield address
        finally:
            served.jobs.put(None)
            worker.join(20)
            assert not worker.is_alive()


@pytest.fixture
def address() -> Iterator[str]:
    served = Served(Page("<p>the page</p>", "default-src 'none'"), {"about": {"name": "x"}}, {"double": double})
    with running(served) as there:
        yield there


def asked(
    address: str, method: str, name: str, body: Any = None, *, path: str = "", **headers: str
) -> tuple[int, dict[str, str], str]:
    at = urlsplit(address)
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=20)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path or at.path + name, body, sent)
    answer = connection.getresponse()
    found = answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read().decode()
    connection.close()
    return found


def posted(address: str, value: Any, **headers: str) -> tuple[int, Any]:
    status, _, text = asked(address, "POST", "double", json.dumps(value), Content_Type="application/json", **headers)
    return status, json.loads(text)


def test_the_page_its_data_and_its_question(address: str) -> None:
    status, headers, text = asked(address, "GET", "")
    assert (status, text) == (200, "<p>the page</p>")
    assert headers["content-security-policy"] == "default-src 'none'"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in headers
    assert json.loads(asked(address, "GET", "about")[2]) == {"name": "x"}
    assert posted(address, 21) == (200, {"twice": 42})
    at = urlsplit(address)
    assert posted(address, 1, Origin=f"http://127.0.0.1:{at.port}", Host=f"localhost:{at.port}")[0] == 200


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Host": "evil.example"}, "foreign name"),
        ({"Host": "127.0.0.1"}, "foreign name"),
        ({"Host": "127.0.0.1:1"}, "foreign name"),
        ({"Host": ""}, "foreign name"),
        ({"Origin": "https://evil.example"}, "another page"),
        ({"Origin": "null"}, "another page"),
        ({"Origin": "http://127.0.0.1:1"}, "another page"),
    ],
)
def test_foreign_pages_are_refused_even_with_the_token(address: str, headers: dict[str, str], why: str) -> None:
    for status, text in (posted(address, 1, **headers), asked(address, "GET", "", **headers)[::2]):
        assert status == 403
        assert why in str(text)


def test_without_the_token_there_is_nothing(address: str) -> None:
    at = urlsplit(address)
    token = at.path.strip("/")
    assert len(token) >= 32
    for path in (
        "/",
        "/about",
        f"/{token}",
        f"/{token[:-1]}/",
        f"/{token}x/about",
        "//",
        f"/x/{token}/",
        "/%00/",
    ):
        status, _, text = asked(address, "GET", "", path=path)
        assert status == 404, path
        assert token not in text
    assert asked(address, "POST", "", "1", path="/double", Content_Type="application/json")[0] == 404
    other = Served(Page("", ""), {}, {})
    assert other.token != token


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{}", {}, 415),
        (b"{}", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b"", JSON, 400),
        (b"{", JSON, 400),
        (b"\xff\xfe", JSON, 400),
        (b"[" * 100_000, JSON, 400),
        (b"NaN", JSON, 400),
        (b"-Infinity", JSON, 400),
        (b"9" * 5000, JSON, 400),
        (b"1" * (BODY + 1), JSON, 413),
        (b"1", {**JSON, "Content-Length": "-1"}, 411),
        (b"1", {**JSON, "Content-Length": "1e3"}, 411),
        (b"1", {**JSON, "Content-Length": "99999999999999999999"}, 413),
        (b"0\r\n\r\n", {**JSON, "Transfer-Encoding": "chunked"}, 411),
    ],
)
def test_malformed_requests_are_told_so_and_the_next_is_answered(
    address: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    at = urlsplit(address)
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=20)
    connection.putrequest("POST", at.path + "double")
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    assert answer.status == status
    assert json.loads(answer.read())["error"]
    assert posted(address, 2) == (200, {"twice": 4})


def test_a_missing_length_and_what_is_no_http_at_all(address: str) -> None:
    at = urlsplit(address)
    here = f"Host: 127.0.0.1:{at.port}\r\n"
    for sent, status in (
        (f"POST {at.path}double HTTP/1.1\r\n{here}Content-Type: application/json\r\n\r\n1", b"411"),
        (f"GET {at.path} HTTP/1.1\r\n{here}{here}\r\n", b"403"),
        (f"GET {at.path} HTTP/1.1\r\n\r\n", b"403"),
        ("GARBAGE\r\n\r\n", b"Bad request"),
        (f"GET {at.path}\r\n\r\n", b"foreign name"),
        (f"GET /é/ HTTP/1.1\r\n{here}\r\n", b"404"),
        (f"GET {at.path} HTTP/9.9\r\n{here}\r\n", b"Invalid HTTP version"),
        (f"DELETE {at.path} HTTP/1.1\r\n{here}\r\n", b"501"),
        (f"GET /{'a' * 70_000} HTTP/1.1\r\n{here}\r\n", b"414"),
        (f"GET {at.path} HTTP/1.1\r\n" + "X: y\r\n" * 200 + "\r\n", b"431"),
    ):
        with socket.create_connection((at.hostname or "", at.port or 0), timeout=20) as line:
            line.sendall(sent.encode())
            found = b""
            while part := line.recv(4096):
                found += part
        assert status in found.split(b"\r\n")[0], sent[:40]  # without a version there is no status line
        assert b"error" in found
    assert posted(address, 2)[0] == 200


def test_a_client_that_leaves_half_way_harms_nobody(address: str) -> None:
    at = urlsplit(address)
    for sent in ("POST", f"POST {at.path}double HTTP/1.1\r\nHost: 127.0.0.1:{at.port}\r\nContent-Length: 50\r\n\r\n{{"):
        with socket.create_connection((at.hostname or "", at.port or 0), timeout=20) as line:
            line.sendall(sent.encode())
    assert posted(address, 2)[0] == 200


def test_a_wrong_question_is_400_a_fault_500_and_both_leave_the_worker_alive(address: str) -> None:
    assert posted(address, "wrong") == (400, {"error": "that was wrong"})
    assert posted(address, "broken") == (500, {"error": "ZeroDivisionError: a fault of ours"})
    assert posted(address, 3) == (200, {"twice": 6})
    assert asked(address, "POST", "other", "1", Content_Type="application/json")[0] == 404
    assert asked(address, "GET", "double")[0] == 404


def test_requests_queue_one_runs_at_a_time_and_too_many_are_sent_away() -> None:
    now, most, order = 0, 0, []
    free = threading.Event()

    def slow(given: Any) -> Any:
        nonlocal now, most
        now, most = now + 1, max(most, now + 1)
        free.wait(20)
        order.append(given)
        now -= 1
        return given

    found: dict[int, int] = {}
    served = Served(Page("", ""), {}, {"double": slow})
    with running(served) as address:
        threads = []
        for number in range(WAITING + 3):
            thread = threading.Thread(target=lambda n=number: found.update({n: posted(address, n)[0]}))
            thread.start()
            threads.append(thread)
            until(lambda n=number: bool(now) and served.jobs.qsize() >= min(n, WAITING))
        until(lambda: len(found) == 2)
        free.set()
        for thread in threads:
            thread.join(20)
    assert most == 1
    assert order == sorted(order)
    assert sorted(found.values()) == [200] * (WAITING + 1) + [503] * 2


def test_what_waits_when_it_stops_is_told_so_and_the_port_is_free_again() -> None:
    served = Served(Page("", ""), {}, {"double": double})
    found = []
    with listening(served) as address:  # nobody works
        thread = threading.Thread(target=lambda: found.append(posted(address, 1)))
        thread.start()
        until(lambda: served.jobs.qsize() == 1)
    thread.join(20)
    assert found == [(503, {"error": "stopped"})]
    port = urlsplit(address).port or 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    with listening(Served(Page("", ""), {}, {}), port) as again:
        assert urlsplit(again).port == port
        with pytest.raises(CasebackError, match=f"cannot listen on port {port}"), listening(served, port):
            pass


def test_it_listens_on_this_machine_alone(address: str) -> None:
    port = urlsplit(address).port or 0
    with pytest.raises(OSError):  # noqa: PT011
        socket.create_connection(("127.0.0.2", port), timeout=2)


def until(done: Any, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)
