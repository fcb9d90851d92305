"""Reading a text and steering in the studio, and the chat with a gateway that is away or refuses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from browser_for_tests import browser
from caseback.interp.chat.dial import direction_dial
from caseback.studio.app import studio
from caseback.studio.desk import Desk, Gateway
from caseback.studio.door import Door
from caseback.studio.pages.chat import wrong
from caseback.studio.pages.reading import level, scale
from caseback.studio.reader import Reader
from caseback.subject.capture import capture
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from interp.directions.planted import unit
from interp.directions.subjects import WIDTH, direction_for, tiny_subject
from server_for_tests import problem
from server_for_tests import serving as answering
from studio.shown_for_tests import serving

SITE = Site("resid_post", 2)


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    return tiny_subject(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def reader(subject: OpenSubject) -> Reader:
    return Reader(subject, [direction_dial(direction_for(subject, unit(WIDTH), SITE, step=2.0))])


@pytest.fixture
def client(reader: Reader, tmp_path: Path) -> Iterator[TestClient]:
    door = Door()
    with TestClient(studio(Desk(tmp_path, reader=reader), door), base_url="http://127.0.0.1") as found:
        found.get(f"/login?token={door.link}")
        yield found


def test_every_token_has_the_reading_that_the_model_gives(client: TestClient, subject: OpenSubject) -> None:
    data = client.get("/inside/read.json", params={"prompt": "One?", "reply": "Two."}).json()
    prompt = subject.format.prompt(({"role": "user", "content": "One?"},))
    ids = [*prompt.ids, *subject.continuation_ids(prompt, "Two.")]
    [captured] = capture(subject.model, [ids], [SITE])
    direction = direction_for(subject, unit(WIDTH), SITE, step=2.0)
    assert data["prompt"] == len(prompt.ids)
    assert len(data["tokens"]) == len(data["levels"]) == len(ids)
    assert data["readings"]["planted"] == pytest.approx(direction.score(captured.at[SITE]).tolist(), abs=1e-5)
    page = client.get("/inside/read", params={"prompt": "One?", "reply": "<b>"}, headers={"accept": "text/html"})
    assert "&lt;" in page.text


def test_a_text_too_long_and_a_dial_that_is_none_are_told(client: TestClient) -> None:
    assert client.get("/inside/read.json", params={"prompt": "x" * 9000}).status_code == 400
    assert client.get("/inside/read.json", params={"prompt": "word " * 1500}).status_code == 422
    answer = client.get("/inside/read.json", params={"prompt": "One?", "by": "nobody"})
    assert answer.status_code == 400
    assert "there are planted" in answer.json()["error"]


def test_levels_are_of_the_largest_but_few() -> None:
    most = scale([1.0] * 99 + [1000.0])
    assert most == 1.0
    assert [level(value, most) for value in (-5.0, -1.0, 0.0, 0.5, 7.0)] == [-10, -10, 0, 5, 10]
    assert scale([]) == scale([0.0]) == 1.0


def test_a_person_steers_on_a_page_of_the_studio(reader: Reader, tmp_path: Path) -> None:
    with serving(Desk(tmp_path, reader=reader)) as served, browser() as tab:
        tab.go(served.link())
        tab.go(f"{served.address}/inside/steer")
        tab.until("document.querySelector('[data-dial]')")
        tab.run("document.querySelector('[data-dial]').value = 6")
        tab.run("document.getElementById('max_new_tokens').value = 8")
        tab.run("document.getElementById('said').value = 'One?'; document.getElementById('ask').requestSubmit()")
        tab.until("document.querySelectorAll('.reply .text').length === 2")
        steered, plain = tab.run("[...document.querySelectorAll('.reply .text')].map(p => p.textContent)")
        assert steered != plain
        assert tab.logged == []


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "send a list of messages"),
        ({"messages": []}, "send a list of messages"),
        ({"messages": "x"}, "send a list of messages"),
        ({"messages": [{"role": "user", "content": "x"}], "model": "other"}, "send messages"),
        ({"messages": [{"role": "root", "content": "x"}]}, "a message has a role"),
        ({"messages": [{"role": "user"}]}, "a message has a role"),
        ({"messages": [{"role": "user", "content": 1}]}, "the content of a message"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, "the content of a message"),
        ({"messages": [{"role": "user", "content": "x"}], "max_tokens": 0}, "max_tokens must be"),
        ({"messages": [{"role": "user", "content": "x"}], "temperature": "hot"}, "temperature must be"),
        ({"messages": [{"role": "user", "content": "x"}], "seed": True}, "seed must be"),
        ({"messages": [{"role": "user", "content": "x"}], "seed": 3}, ""),
    ],
)
def test_what_a_chat_may_ask(given: dict[str, Any], why: str) -> None:
    assert wrong(given).startswith(why) if why else wrong(given) == ""


def test_a_gateway_that_is_away_or_refuses_is_told(tmp_path: Path) -> None:
    asked = {"messages": [{"role": "user", "content": "x"}]}

    def say(address: str) -> tuple[int, str]:
        door = Door()
        with TestClient(studio(Desk(tmp_path, gateway=Gateway(address)), door), base_url="http://127.0.0.1") as client:
            client.get(f"/login?token={door.link}")
            answer = client.post("/chat/say", json=asked)
            return answer.status_code, answer.json()["error"]

    status, why = say("http://127.0.0.1:9")
    assert status == 502
    assert "does not answer" in why
    with answering(lambda number, body: problem(429, "slow down")) as (address, _):
        status, why = say(address.removesuffix("/v1"))
    assert status == 502
    assert "slow down" in why
