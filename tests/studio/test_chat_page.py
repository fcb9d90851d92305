"""The chat page over HTTP and in a browser, and the command that serves it, in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from browser_for_tests import browser
from caseback.chat import user
from caseback.interp.chat.dial import direction_dial
from caseback.interp.chat.turn import take_turn
from caseback.interp.directions.files import save_direction
from caseback.studio.chat import chat_page
from caseback.studio.local_server import listening, work
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.subject.subject import Sampling
from interp.directions.planted import unit
from interp.directions.subjects import WIDTH, direction_for, tiny_subject

BEGIN = {"system": "Be brief.", "temperature": 0.0, "seed": 0, "max_new_tokens": 16}
ASKED = {"chat": [{"role": "user", "content": "One?"}], "values": {"planted": 6.0}, "temperature": 0.0,
         "max_new_tokens": 8, "seed": 0}  # fmt: skip


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    return tiny_subject(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def address(subject: OpenSubject) -> Iterator[str]:
    dial = direction_dial(direction_for(subject, unit(WIDTH), Site("resid_post", 2), step=2.0))
    served = chat_page(subject, [dial], BEGIN, 64)
    with listening(served) as there:
        worker = threading.Thread(target=work, args=(served,))
        worker.start()
        try:
            yield there
        finally:
            served.jobs.put(None)
            worker.join(30)


def post(address: str, value: Any) -> tuple[int, Any]:
    request = urllib.request.Request(address + "turn", json.dumps(value).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


def test_a_turn_over_http_is_the_turn_that_the_function_gives(address: str, subject: OpenSubject) -> None:
    dial = direction_dial(direction_for(subject, unit(WIDTH), Site("resid_post", 2), step=2.0))
    status, found = post(address, ASKED)
    made = take_turn(subject, [dial], (user("One?"),), {"planted": 6.0}, Sampling(8))
    assert status == 200
    assert found["steered"]["text"] == made.steered.text != made.plain.text == found["plain"]["text"]
    assert found["steered"]["readings"]["planted"] == pytest.approx(list(made.steered.readings["planted"]))
    assert found["values"] == {"planted": 6.0}
    with urllib.request.urlopen(address + "about") as answer:
        about = json.load(answer)
    assert (about["model"], about["begin"], about["dials"][0]["name"]) == (subject.digest, BEGIN, "planted")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"chat": []}, "list of messages"),
        ({"chat": "hello"}, "list of messages"),
        ({"chat": [{"role": "user"}]}, "a message has a role"),
        ({"chat": [{"role": "root", "content": "x"}]}, "a message has a role"),
        ({"chat": [{"role": ["user"], "content": "x"}]}, "a message has a role"),
        ({"chat": [{"role": "user", "content": 5}]}, "must be text"),
        ({"chat": [{"role": "user", "content": "\ud800"}]}, "must be text"),
        ({"chat": [{"role": "user", "content": "x", "tool_calls": []}]}, "a message has a role"),
        ({"chat": [{"role": "assistant", "content": "x"}]}, "ends with what the user says"),
        ({"chat": [{"role": "user", "content": "word " * 2000}]}, "leaves no room"),
        ({"values": {"nobody": 1}}, "no dial is called"),
        ({"values": {"planted": True}}, "must be a number"),
        ({"values": {"planted": "6"}}, "must be a number"),
        ({"values": {"planted": 1e300}}, "must be a number below a billion"),
        ({"values": {"planted": 10**400}}, "must be a number below a billion"),
        ({"values": [6]}, "values must be an object"),
        ({"temperature": -1}, "temperature is -1"),
        ({"temperature": None}, "temperature must be a number"),
        ({"max_new_tokens": 65}, "from 1 to 64"),
        ({"max_new_tokens": 0}, "from 1 to 64"),
        ({"max_new_tokens": 2.0}, "from 1 to 64"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"seed": 2**63}, "seed must be a whole number"),
        ({"more": 1}, "send an object with"),
    ],
)
def test_what_is_malformed_is_told_and_the_next_is_answered(address: str, changes: dict[str, Any], why: str) -> None:
    status, found = post(address, {**ASKED, **changes})
    assert status == 400
    assert why in found["error"]
    assert post(address, [1])[0] == 400
    assert post(address, ASKED)[0] == 200


def test_a_person_moves_a_slider_reads_tokens_and_saves(address: str, tmp_path: Path) -> None:
    with browser() as tab:
        tab.send("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
        tab.go(address)
        tab.until("document.querySelector('[data-dial]')")
        assert tab.run("document.getElementById('system').value") == "Be brief."
        tab.run(
            "const s = document.querySelector('input[type=range]'); s.value = 6; s.dispatchEvent(new Event('input'))"
        )
        assert tab.run("document.querySelector('[data-dial]').value") == "6"
        say = "document.getElementById('said').value = {}; document.getElementById('ask').requestSubmit()"
        tab.run(say.format(json.dumps("<b>One?</b>\u202e")))
        tab.until("document.querySelectorAll('.turn').length === 1")
        assert tab.run("document.querySelector('.said').textContent") == "<b>One?</b>⟨U+202E⟩"
        steered, plain = tab.run("[...document.querySelectorAll('.reply .text')].map(p => p.textContent)")
        assert steered != plain
        assert "planted +6" in tab.run("document.querySelector('.set').textContent")
        tab.run("const p = document.getElementById('shown'); p.value = 'planted'; p.dispatchEvent(new Event('change'))")
        shaded = "[...document.querySelectorAll('.reply.after .tokens span')].map(s => s.style.backgroundColor)"
        assert len(set(tab.run(shaded))) > 1
        assert tab.run("document.querySelectorAll('details.prompt .tokens span').length") > 5
        tab.run(say.format(json.dumps("Two?")))
        tab.until("document.querySelectorAll('.turn').length === 2")
        tab.run("document.getElementById('save').click()")
        saved = tmp_path / "chat.json"
        wait_for(saved)
        data = json.loads(saved.read_text())
        assert data["kind"] == "caseback chat"
        assert [m["role"] for m in data["turns"][1]["chat"]] == ["system", "user", "assistant", "user"]
        assert data["turns"][1]["chat"][2]["content"] == data["turns"][0]["steered"]["text"]
        tab.run("document.getElementById('max_new_tokens').value = 999")
        tab.run(say.format(json.dumps("Three?")))
        tab.until("document.getElementById('status').textContent.includes('from 1 to 64')")
        tab.run("document.getElementById('undo').click()")
        assert tab.run("document.querySelectorAll('.turn').length") == 1
        assert all(url.startswith((address, "blob:http://127.0.0.1")) for url in tab.asked if url != "about:blank")
        assert [entry for entry in tab.logged if "400" not in entry] == []
        if folder := os.environ.get("CASEBACK_PICTURES"):
            tab.picture(Path(folder) / "chat.png")
            tab.picture(Path(folder) / "chat-narrow.png", 420, 900)


def test_another_page_cannot_drive_it(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a hostile page in the same browser may try, with the whole address in its hands."""
    taken: list[Any] = []
    monkeypatch.setattr("caseback.studio.chat.take_turn", lambda *given: taken.append(given))
    body = json.dumps(json.dumps(ASKED))
    with browser() as tab:
        tab.go("data:text/html,<p>elsewhere")
        for init in (
            "{}",
            f"{{method: 'POST', body: {body}}}",
            f"{{method: 'POST', mode: 'no-cors', body: {body}}}",
            f"{{method: 'POST', headers: {{'Content-Type': 'application/json'}}, body: {body}}}",
        ):
            said = tab.run(f"fetch({json.dumps(address + 'turn')}, {init}).then(a => a.type, () => 'refused')")
            assert said in ("refused", "opaque")
        assert taken == []


def test_the_command_serves_and_ctrl_c_ends_it_cleanly_in_the_middle_of_an_answer(tmp_path: Path) -> None:
    subject = tiny_subject(tmp_path)
    save_direction(direction_for(subject, unit(WIDTH), Site("resid_post", 2)), tmp_path / "d")
    command = [
        sys.executable,
        "-m",
        "caseback",
        "look",
        "chat",
        str(tmp_path / "tiny-0"),
        "--direction",
        f"up={tmp_path / 'd'}",
    ]
    process = subprocess.Popen(
        [*command, "--no-browser"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        # What runs in the background of a shell is born deaf to Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        assert post(address, {**ASKED, "values": {"up": 1}})[0] == 200
        found: list[tuple[int, Any]] = []
        long = {**ASKED, "values": {"up": 1}, "max_new_tokens": 480}
        thread = threading.Thread(target=lambda: found.append(post(address, long)))
        thread.start()
        thread.join(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        thread.join(60)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert "stopped" in out
    assert "Traceback" not in err
    assert found[0][0] in (200, 503)


def wait_for(path: Path) -> None:
    import time

    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.05)
