"""A served subject behind the gateway, over a real socket: the unmodified openai client, refusals, who leaves."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from caseback.cli.models import load_named
from caseback.subject.open_subject import OpenSubject
from caseback.subject.site import Site
from caseback.subject.subject import Sampling
from caseback.watch.configuration import read_configuration
from caseback.watch.entry import Begun, Carried, Opened
from caseback.watch.exchange import exchange_of
from caseback.watch.exchange import transcript as transcript_in
from caseback.watch.serving.embedded import Embedded, serve
from watch.gateway.conftest import gateway, journaled
from watch.gateway.test_faults import until
from watch.serving.served import QUESTIONS, chat, direction, events, watching


@dataclass
class Up:
    address: str
    embedded: Embedded
    journal: Path

    def entries(self) -> list[Any]:
        return journaled(self.journal)

    def carried(self, least: int = 1) -> list[Carried]:
        def found() -> list[Carried]:
            return [each for each in self.entries() if isinstance(each, Carried)]

        until(lambda: len(found()) >= least)
        return found()

    def posted(self, body: Any, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.post(f"{self.address}/v1/chat/completions", content=content, headers=headers, timeout=60)

    @property
    def client(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.address}/v1", api_key="none", max_retries=0)


@contextmanager
def served(folder: Path, embedded: Embedded) -> Iterator[Up]:
    """The gateway that ``caseback watch`` starts, before this model."""
    file = folder / "watch.toml"
    file.write_text('listen = "127.0.0.1:0"\nmodel = "ref-aligned"\n')
    configuration = read_configuration(file)
    try:
        with gateway(configuration, embedded) as address:
            yield Up(address, embedded, configuration.journal)
    finally:
        embedded.close(10)


@pytest.fixture(scope="module")
def subject() -> OpenSubject:
    return load_named("ref-aligned")


@pytest.fixture
def up(subject: OpenSubject, tmp_path: Path) -> Iterator[Up]:
    each = direction(subject, "d", Site("resid_post", 2), "reply", "mean")
    with served(tmp_path, serve(subject, [watching(each, "flag", -1e9)])) as found:
        yield found


def test_the_openai_client_gets_whole_and_streamed_replies(subject: OpenSubject, up: Up) -> None:
    question = [{"role": "user", "content": QUESTIONS[0]}]
    [wanted] = subject.generate([question], Sampling(40))  # type: ignore[list-item]
    given: Any = {"model": "ref-aligned", "messages": question, "temperature": 0, "max_tokens": 40}
    whole = up.client.chat.completions.create(**given, logprobs=True)
    assert whole.choices[0].message.content == wanted.text
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage
    assert whole.usage.total_tokens == wanted.prompt_tokens + len(wanted.tokens)
    assert whole.choices[0].logprobs
    found = [each.logprob for each in whole.choices[0].logprobs.content or []]
    assert found == pytest.approx(wanted.logprobs, abs=1e-4)
    parts = list(up.client.chat.completions.create(**given, stream=True))
    assert "".join(part.choices[0].delta.content or "" for part in parts) == wanted.text
    assert len([part for part in parts if part.choices[0].delta.content]) > 3
    scores = [score for part in parts for score in (getattr(part, "caseback", {}) or {}).get("scores", {}).get("d", [])]
    assert len(scores) == len(wanted.tokens)
    assert up.client.models.list().data[0].id == "ref-aligned"


def test_each_exchange_is_in_the_journal_with_its_verdicts_before_its_last_byte(up: Up) -> None:
    whole = up.posted(
        chat(QUESTIONS[0]),
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        **{"x-caseback-agent": "a"},
    )
    assert [type(each) for each in up.entries()].count(Carried) == 1  # at once: nothing was waited for
    streamed = up.posted(chat(QUESTIONS[1], stream=True))
    carried = up.carried(2)
    assert len(carried) == 2
    assert [each.response for each in carried] == [whole.content, streamed.content]
    assert [each.ended for each in carried] == ["whole", "whole"]
    for each, streams in zip(carried, (False, True), strict=True):
        assert each.streamed is streams
        assert [verdict.flagged for verdict in each.verdicts] == [True]
        assert each.verdicts[0].scored.tokens
        exchange = exchange_of(each)
        assert exchange.finish == "stop"
        assert exchange.model == "ref-aligned"
        assert transcript_in(exchange).messages[-1]["content"]
    assert (carried[0].trace, carried[0].agent) == ("0af7651916cd43dd8448eb211c80319c", "a")
    said = json.loads(whole.content)["caseback"]
    assert said["exchange"] == carried[0].id
    assert said["verdicts"][0]["score"] == carried[0].verdicts[0].scored.score
    kinds = [type(each) for each in up.entries()]
    assert kinds[0] is Opened
    assert up.entries()[0].serves == up.embedded.subject.digest
    assert kinds.count(Begun) == 2


REFUSED: list[tuple[Any, int, str]] = [
    (b"{", 400, "no JSON"),
    (b"[]", 400, "no JSON object"),
    (b"\xff\xfe", 400, "no JSON"),
    ({}, 400, "no transcript"),
    ({"messages": []}, 400, "without messages"),
    ({"messages": [{"role": "robot", "content": "x"}]}, 400, "role"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}, 400, "only text"),
    (chat("x", temperature=-1), 400, "temperature"),
    (chat("x", temperature="hot"), 400, "temperature"),
    (chat("x", top_p=0), 400, "top_p"),
    (chat("x", max_tokens=0), 400, "max_tokens"),
    (chat("x", max_tokens=True), 400, "max_tokens"),
    (chat("x", stop=[""]), 400, "stop"),
    (chat("x", stop=["a"] * 5), 400, "stop"),
    (chat("x", n=2), 400, "n is 2"),
    (chat("x", seed="one"), 400, "seed"),
    (chat("x", stream="yes"), 400, "stream"),
    (chat("x", response_format={"type": "json_object"}), 400, "response_format"),
    (chat("x", chat_template_kwargs={"chat_template": "{{ 1 }}"}), 400, "enable_thinking"),
    (chat("x", tools=[{"type": "function", "function": {"name": "f"}}]), 400, "knows no tools"),
    (chat("x", tools="all"), 400, "tools must be"),
    (chat("word " * 3000), 400, "leaves no room in the context of 1024"),
    (chat("x", model="other"), 404, "no model"),
]


@pytest.mark.parametrize(("body", "status", "why"), REFUSED, ids=[str(at) for at in range(len(REFUSED))])
def test_what_is_wrong_is_told_as_openai_tells_it(refusing: Up, body: Any, status: int, why: str) -> None:
    found = refusing.posted(body)
    assert found.status_code == status
    error = found.json()["error"]
    assert why in error["message"]
    assert error["type"] == "invalid_request_error"
    assert set(error) == {"message", "type", "param", "code"}
    assert "\n" not in error["message"]


@pytest.fixture(scope="module")
def refusing(subject: OpenSubject, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with served(tmp_path_factory.mktemp("refusing"), serve(subject)) as found:
        yield found


def test_the_openai_client_raises_its_own_errors(refusing: Up) -> None:
    messages: Any = [{"role": "user", "content": "word " * 3000}]
    with pytest.raises(openai.BadRequestError) as raised:
        refusing.client.chat.completions.create(model="ref-aligned", messages=messages)
    assert raised.value.code == "context_length_exceeded"
    with pytest.raises(openai.NotFoundError):
        refusing.client.chat.completions.create(model="other", messages=messages[:1])


def test_other_paths_and_methods_are_refused(refusing: Up) -> None:
    assert httpx.get(f"{refusing.address}/v1/chat/completions").status_code == 405
    assert httpx.get(f"{refusing.address}/etc/passwd").status_code == 404


def test_tools_reach_a_template_that_knows_them(tmp_path: Path) -> None:
    from caseback.subject.load import load
    from models_for_tests import CHAT_TEMPLATE, save_tiny

    folder = save_tiny(tmp_path / "tiny")
    tiny = load(str(folder))
    tiny.tokenizer.chat_template = "{% if tools %}<|system|>{{ tools[0].function.name }}{% endif %}" + CHAT_TEMPLATE
    tools = [{"type": "function", "function": {"name": "read_the_file"}}]
    embedded = serve(tiny, name="tiny")
    with served(tmp_path, embedded) as found:
        url = f"{found.address}/v1/chat/completions"
        bare, with_tools, without = (
            httpx.post(url, json=chat("hello", max_tokens=3, **more), timeout=60).json()
            for more in ({}, {"tools": tools}, {"tools": tools, "tool_choice": "none"})
        )
    used = [each["usage"]["prompt_tokens"] for each in (bare, with_tools, without)]
    assert used[1] > used[0] == used[2]


def test_a_client_that_leaves_mid_stream_is_written_down_and_frees_its_place(up: Up) -> None:
    body = json.dumps(chat(QUESTIONS[3], stream=True, temperature=1.9, max_tokens=900, seed=3)).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
    host, port = up.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(head.encode() + body)
        got = raw.recv(65536)
        while b"content" not in got:
            got += raw.recv(65536)
    [carried] = up.carried()
    assert carried.ended == "client left"
    assert carried.streamed
    assert carried.response.startswith(b"data: ")
    assert b"[DONE]" not in carried.response
    assert carried.verdicts[0].scored.tokens  # of what was made until then
    until(lambda: not up.embedded.engine.load().answered)
    assert up.posted(chat(QUESTIONS[0])).status_code == 200


def test_sixteen_clients_of_unlike_length_each_get_their_own_reply(subject: OpenSubject, up: Up) -> None:
    async def run() -> list[Any]:
        client = openai.AsyncOpenAI(base_url=f"{up.address}/v1", api_key="none", timeout=120)

        async def one(at: int) -> str:
            question: Any = [{"role": "user", "content": QUESTIONS[at % 8] + " Well?" * (at % 5)}]
            given: Any = {"model": "ref-aligned", "messages": question, "seed": at, "max_tokens": 3 + 5 * at}
            if at % 2:
                return (await client.chat.completions.create(**given)).choices[0].message.content or ""
            parts = await client.chat.completions.create(**given, stream=True)
            return "".join([part.choices[0].delta.content or "" async for part in parts])

        async with client:
            return await asyncio.gather(*map(one, range(16)))

    found = asyncio.run(run())
    for at, text in enumerate(found):
        question: Any = [{"role": "user", "content": QUESTIONS[at % 8] + " Well?" * (at % 5)}]
        [wanted] = subject.generate([question], Sampling(3 + 5 * at, 1.0), seeds=[at])
        assert text == wanted.text
    assert len({each.id for each in up.carried(16)}) == 16


def test_an_engine_that_fails_mid_stream_says_so_and_the_stream_has_no_good_end(
    up: Up, monkeypatch: pytest.MonkeyPatch
) -> None:
    from caseback.watch.serving import batch

    steps = []

    def fails(*given: Any) -> Any:
        steps.append(given)
        if len(steps) > 4:
            raise RuntimeError("the device is gone")
        return extend(*given)

    extend = batch.extend
    monkeypatch.setattr(batch, "extend", fails)
    found = up.posted(chat(QUESTIONS[5], stream=True)).text
    assert "the device is gone" in found
    assert "[DONE]" not in found
    assert up.carried()[0].ended == "upstream broke"
    monkeypatch.setattr(batch, "extend", extend)
    assert events(up.posted(chat(QUESTIONS[0], stream=True)).content)[-1]["choices"][0]["finish_reason"] == "stop"
