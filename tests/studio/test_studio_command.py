"""The command as a user types it."""

import os
import signal
import subprocess
import sys
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.errors import CasebackError
from caseback.studio.serve import address_of, bound
from caseback.studio.stores import named_stores
from caseback.watch.store.postgres import without_password


def typed(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["studio", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


def test_it_serves_to_who_has_the_link_and_ctrl_c_ends_it(runs: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "caseback", "studio", str(runs), "--no-browser"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        # What runs in the background of a shell is born deaf to Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        link = process.stdout.readline().strip()
        assert link.startswith("http://127.0.0.1:")
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        with opener.open(link, timeout=60) as answer:
            assert b"what holds it back" in answer.read()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert "stopped" in out
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["nowhere"], "no folder 'nowhere'"),
        ([".", "--host", "0.0.0.0"], "lets others ask: give a password"),
        ([".", "--gateway", "javascript:alert(1)"], "is no address"),
        ([".", "--direction", "d"], "need a model to read with"),
        ([".", "--password-file", "none"], "no password can be read there"),
        ([".", "--store", "a=x", "--store", "a=y"], "two stores are called a"),
        ([".", "--host", "203.0.113.7", "--password-file", "p"], "cannot listen on 203.0.113.7"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(
    words: list[str], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CASEBACK_STUDIO_PASSWORD", raising=False)
    (tmp_path / "p").write_text("a password\n")
    code, said = typed(*words, "--no-browser")
    assert code == 2
    assert why in said


def test_a_port_that_is_taken_is_told() -> None:
    taken = bound("127.0.0.1", 0)
    try:
        with pytest.raises(CasebackError, match="name another --port"):
            bound("127.0.0.1", int(address_of(taken, "127.0.0.1").rpartition(":")[2]))
    finally:
        taken.close()


def test_stores_are_named_by_their_address_or_as_told() -> None:
    asked = "postgresql://db/third?sslmode=require&password=a/b"
    found = named_stores(
        ["live=postgresql://me:secret@db/watch", "postgresql://db/other", asked, "runs/watched/store.sqlite"]
    )
    assert found == {
        "live": "postgresql://me:secret@db/watch", "other": "postgresql://db/other", "third": asked,
        "store": "runs/watched/store.sqlite",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("where", "shown"),
    [
        ("postgresql://me:secret@db:5432/watch", "postgresql://me@db:5432/watch"),
        ("postgresql://:secret@db/watch", "postgresql://db/watch"),
        ("postgresql://me:se?c#ret@db/watch", "postgresql://…"),
        ("postgresql://me:sec/ret@db/watch", "postgresql://…"),
        ("postgresql://db/watch?password=sec@ret", "postgresql://…"),
        ("postgresql://me:se@cret@db/watch", "postgresql://me@db/watch"),
        ("postgresql://db/watch?user=me&password=secret", "postgresql://db/watch"),
        ("postgresql://db?password=sec/ret", "postgresql://db"),
        ("postgresql://me:secret@[::1]:5432,db/watch", "postgresql://me@[::1]:5432,db/watch"),
    ],
)
def test_an_address_is_shown_without_what_is_secret_in_it(where: str, shown: str) -> None:
    assert without_password(where) == shown
