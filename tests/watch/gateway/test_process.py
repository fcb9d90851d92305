"""``caseback watch`` as a process: killed, told to end, started wrongly; and its writer."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.errors import CasebackError
from caseback.watch.entry import Begun, Carried, Closed
from caseback.watch.exchange import exchange_of
from caseback.watch.store.opening import open_store
from caseback.watch.store.read import since
from watch.gateway.conftest import journaled
from watch.gateway.raw import CHAT, STREAM, connected, post, sent, status
from watch.gateway.test_faults import until
from watch.gateway.upstream import DONE, Model, answered, event, events, reply, streamed


@contextmanager
def watch(*words: str, cwd: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and the address that it tells."""
    process = subprocess.Popen(
        [sys.executable, "-m", "caseback", "watch", *words], stderr=subprocess.PIPE, text=True, cwd=cwd
    )
    told: list[str] = []
    ready = threading.Event()

    def read() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            told.append(line)
            if "listening on" in line:
                ready.set()
        ready.set()

    threading.Thread(target=read, daemon=True).start()
    try:
        assert ready.wait(60)
        line = next((each for each in told if "listening on" in each), None)
        assert line is not None, told
        process.told = told  # type: ignore[attr-defined]
        yield process, line.split("listening on ")[1].split(",")[0]
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def configured(folder: Path, model: Model, more: str = "") -> Path:
    file = folder / "watch.toml"
    file.write_text(f'listen = "127.0.0.1:0"\nupstream = "{model.address}"\n{more}\n')
    return file


def test_killed_in_mid_traffic_what_a_client_got_whole_is_written_down_once(tmp_path: Path, model: Model) -> None:
    configured(tmp_path, model)

    async def numbered(request, seen):  # type: ignore[no-untyped-def]
        body = json.loads(seen.body)
        text = f"answer to {body['messages'][0]['content']}"
        if body.get("stream"):
            return await streamed(list(events(*text.split(" "))))(request, seen)
        return await answered(reply(text))(request, seen)

    model.answer = numbered
    got: list[str] = []
    left = threading.Event()

    def ask(address: str, worker: int) -> None:
        for n in range(10_000):
            name = f"{worker}-{n}"
            body = (STREAM if n % 2 else CHAT).replace(b"hello", name.encode())
            try:
                with connected(address) as sock:
                    sock.sendall(post(body))
                    answer = b""
                    while part := sock.recv(1 << 16):
                        answer += part
            except OSError:
                return
            if DONE in answer or answer.endswith(b"}"):
                got.append(name)
            if left.is_set():
                return

    for turn in range(2):
        with watch("--no-writer", cwd=tmp_path) as (process, address):
            workers = [threading.Thread(target=ask, args=(address, 10 * turn + k)) for k in range(6)]
            for each in workers:
                each.start()
            time.sleep(1.0)
            process.send_signal(signal.SIGKILL)
            for each in workers:
                each.join(20)
    entries = journaled(tmp_path / "watched/journal")
    carried = [each for each in entries if isinstance(each, Carried)]
    asked = [exchange_of(each).messages[0]["content"] for each in carried if each.ended == "whole"]
    assert len(got) > 50
    assert len(asked) == len(set(asked))
    assert set(got) <= set(asked)
    begun = {each.id for each in entries if isinstance(each, Begun)}
    assert {each.id for each in carried} <= begun


def test_told_to_end_it_lets_what_is_under_way_finish(tmp_path: Path, model: Model) -> None:
    configured(tmp_path, model, "[limits]\ndrain_seconds = 10")
    model.answer = streamed([event({"content": "begun"}), 1.0, event({"content": "ended"}), DONE])
    with watch("--no-writer", cwd=tmp_path) as (process, address), connected(address) as sock:
        sock.sendall(post(STREAM))
        assert b"begun" in sock.recv(1 << 16)
        process.terminate()
        time.sleep(0.4)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((urlsplit(address).hostname, urlsplit(address).port), 1)
        rest = b""
        while part := sock.recv(1 << 16):
            rest += part
        assert b"ended" in rest
        assert DONE in rest
        assert process.wait(10) == 0
    entries = journaled(tmp_path / "watched/journal")
    assert isinstance(entries[-1], Closed)
    assert [each.ended for each in entries if isinstance(each, Carried)] == ["whole"]


def test_what_does_not_finish_in_time_is_cut_and_written_down(tmp_path: Path, model: Model) -> None:
    configured(tmp_path, model, "[limits]\ndrain_seconds = 1")
    model.answer = streamed([event({"content": "begun"}), 30.0, DONE])
    with watch("--no-writer", cwd=tmp_path) as (process, address), connected(address, 20) as sock:
        sock.sendall(post(STREAM))
        assert b"begun" in sock.recv(1 << 16)
        process.terminate()
        process.wait(15)
    entries = journaled(tmp_path / "watched/journal")
    assert isinstance(entries[-1], Closed)
    assert [each.ended for each in entries if isinstance(each, Carried)] == ["upstream broke"]


def test_several_share_a_port_and_a_journal(tmp_path: Path, model: Model) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = configured(tmp_path, model)
    file.write_text(file.read_text().replace(":0", f":{port}") + "share_port = true\n")
    with (
        watch("--no-writer", cwd=tmp_path) as (_, address),
        watch("--no-writer", cwd=tmp_path) as (_, other),
    ):
        assert address == other
        for _ in range(40):
            assert status(sent(address, post(CHAT))) == 200
    journal = tmp_path / "watched/journal"
    assert len(list(journal.iterdir())) == 2
    assert sum(isinstance(each, Carried) for each in journaled(journal)) == 40


def test_by_options_alone(tmp_path: Path, model: Model) -> None:
    typed = CliRunner().invoke(
        app, ["detect", "pattern", str(tmp_path / "bombs"), "--behaviour", "b", "--match", "bomb", "--reads", "reply"]
    )
    assert typed.exit_code == 0, typed.output
    words = ("--upstream", model.address, "--detector", "bombs", "--listen", "127.0.0.1:0", "--no-writer")
    for _ in range(2):  # the second time it reads over what it wrote
        with watch(*words, cwd=tmp_path) as (_, address):
            assert status(sent(address, post(CHAT))) == 200
    text = (tmp_path / "watched/watch.toml").read_text()
    assert str(tmp_path / "bombs") in text
    assert sum(isinstance(each, Carried) for each in journaled(tmp_path / "watched/journal")) == 2


def test_a_writer_that_dies_is_started_again_and_serving_goes_on(tmp_path: Path, model: Model) -> None:
    configured(tmp_path, model)
    with watch(cwd=tmp_path) as (process, address):
        told: list[str] = process.told  # type: ignore[attr-defined]

        def writers() -> list[psutil.Process]:
            return [each for each in psutil.Process(process.pid).children() if "write" in each.cmdline()]

        until(lambda: writers() or any("writer ended" in line for line in told), 20)
        for each in writers():
            each.kill()
        until(lambda: any("the writer ended with status" in line for line in told), 30)
        assert status(sent(address, post(CHAT))) == 200
        before = {each.pid for each in writers()}
        until(
            lambda: {each.pid for each in writers()} - before or len([1 for x in told if "writer ended" in x]) > 1, 30
        )
        found = writers()
        process.terminate()
        assert process.wait(30) == 0
        until(lambda: not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in found), 10)


def test_the_writer_ends_when_the_gateway_is_killed_and_the_next_one_goes_on(tmp_path: Path, model: Model) -> None:
    configured(tmp_path, model)
    store = tmp_path / "watched/store"

    def stored() -> int:
        try:
            with closing(open_store(store, make=False)) as found:
                return int(found.query("SELECT COUNT(*) AS n FROM exchanges")[0]["n"])
        except CasebackError:
            return 0

    with watch(cwd=tmp_path) as (process, address):
        for _ in range(3):
            assert status(sent(address, post(CHAT))) == 200
        until(lambda: stored() == 3, 40)
        writers = psutil.Process(process.pid).children()
        process.kill()
        process.wait()
        until(lambda: not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in writers), 20)
    with watch(cwd=tmp_path) as (process, address):
        assert status(sent(address, post(CHAT))) == 200
        until(lambda: stored() == 4, 40)
        process.terminate()
        assert process.wait(40) == 0
    with closing(open_store(store, make=False)) as found:
        assert [each.ended for each in since(found, 0)] == ["whole"] * 4
        closed = [each["closed"] is None for each in found.query("SELECT closed FROM gateways ORDER BY opened")]
    assert closed == [True, False]
    assert list((tmp_path / "watched/journal").glob("*.journal")) == []


@pytest.mark.parametrize(("words", "said"), [
    (("--config", "none.toml"), "none.toml: cannot be read"),
    (("--detector", "x"), "go with --upstream"),
    (("--upstream", "nonsense"), "upstream is 'nonsense'"),
    (("--upstream", "http://x", "--config", "watch.toml"), "either --config or --upstream"),
    (("--upstream", "http://x", "--listen", "0.0.0.0:0"), "there are no keys"),
    (("check", "--config", "none.toml"), "none.toml"),
    (("keys", "new", "a", "--config", "none.toml"), "none.toml"),
    (("held", "show", "x", "--config", "none.toml"), "none.toml"),
])  # fmt: skip
def test_what_is_wrong_is_said_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["watch", *words])
    assert result.exit_code == 2
    lines = [each for each in result.output.splitlines() if each]
    assert said in lines[-1]
    assert all(each.startswith("caseback: ") for each in lines)


def test_an_upstreams_key_that_is_not_there(tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    file = configured(tmp_path, model, 'upstream_key = "NOT_THERE_AT_ALL"')
    monkeypatch.delenv("NOT_THERE_AT_ALL", raising=False)
    result = CliRunner().invoke(app, ["watch", "--config", str(file)])
    assert (result.exit_code, "set that environment variable" in result.output) == (2, True)


def test_keys_as_a_person_types_them(tmp_path: Path, model: Model) -> None:
    file = configured(tmp_path, model, 'keys = "keys.json"')

    def typed(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["watch", "keys", *words, "--config", str(file)])
        return result.exit_code, result.output

    code, made = typed("new", "notebook", "--per-minute", "60", "--scores")
    assert (code, made.startswith("cb-")) == (0, True)
    code, listed = typed("list", "--json")
    [one] = json.loads(listed)
    assert (one["name"], one["scores"], one["per_minute"], one["revoked"]) == ("notebook", True, 60, None)
    assert "hash" not in one
    assert typed("new", "notebook")[0] == 2
    assert typed("revoke", "notebook")[0] == 0
    assert "revoked" in typed("list")[1]
    assert os.stat(tmp_path / "keys.json").st_mode & 0o77 == 0


def test_a_gateway_that_scores_nothing_loads_no_torch() -> None:
    code = "import sys, caseback.watch.gateway.serve, caseback.cli.watch; print({'torch', 'scipy'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"
