"""The unmodified openai client through the gateway: it must not see a difference, and all of it is written down."""

import json

import openai
import pytest

from caseback.watch.entry import Begun, Opened
from caseback.watch.exchange import exchange_of
from watch.gateway.conftest import Start
from watch.gateway.upstream import DONE, answered, event, events, reply, streamed

ASK = [{"role": "user", "content": "How are you?"}]


def test_a_whole_answer(start: Start) -> None:
    at = start()
    raw = at.client().chat.completions.with_raw_response.create(model="scripted", messages=ASK)
    found = raw.parse()
    assert found.choices[0].message.content == "fine"
    assert found.usage is not None
    assert found.usage.total_tokens == 9
    assert found.model_extra == {"extra_field": {"kept": True}}
    [carried] = at.carried()
    assert raw.headers["x-request-id"] == carried.id
    assert carried.response == json.dumps(reply()).encode() == raw.http_response.content
    assert carried.request == at.model.seen[0].body
    assert (carried.status, carried.ended, carried.streamed, carried.client) == (200, "whole", False, "local")
    assert carried.first_ms is not None
    assert 0 < carried.first_ms <= carried.total_ms
    entries = at.entries()
    assert isinstance(entries[0], Opened)
    assert entries[0].serves == at.model.address
    assert [each.id for each in entries if isinstance(each, Begun)] == [carried.id]


def test_a_stream_with_usage(start: Start) -> None:
    at = start()
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    sent = [*events("fi", "ne", " ☃")[:-1], event({}, None, usage=usage), DONE]
    at.model.answer = streamed(sent)
    stream = at.client().chat.completions.create(
        model="scripted", messages=ASK, stream=True, stream_options={"include_usage": True}
    )
    parts = list(stream)
    assert "".join(part.choices[0].delta.content or "" for part in parts) == "fine ☃"
    assert parts[-1].usage is not None
    assert parts[-1].usage.total_tokens == 10
    [carried] = at.carried()
    assert (carried.response, carried.ended, carried.streamed) == (b"".join(sent), "whole", True)
    exchange = exchange_of(carried)
    assert exchange.messages[-1]["content"] == "fine ☃"
    assert (exchange.finish, exchange.prompt_tokens, exchange.unread) == ("stop", 7, "")


def test_tools_whole_and_streamed(start: Start) -> None:
    at = start()
    call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at": "sky"}'}}
    at.model.answer = answered(reply("", tool_calls=[call]))
    tools = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
    found = at.client().chat.completions.create(model="m", messages=ASK, tools=tools)  # type: ignore[call-overload]
    assert found.choices[0].message.tool_calls[0].function.arguments == '{"at": "sky"}'
    assert json.loads(at.model.seen[0].body)["tools"] == tools
    begun = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "look", "arguments": ""}}
    rest = {"index": 0, "function": {"arguments": '{"at": "sky"}'}}
    at.model.answer = streamed([event({"tool_calls": [begun]}), event({"tool_calls": [rest]}, "tool_calls"), DONE])
    list(at.client().chat.completions.create(model="m", messages=ASK, tools=tools, stream=True))  # type: ignore[call-overload]
    made = exchange_of(at.carried()[1]).messages[-1]["tool_calls"]
    assert made == [{**call, "index": 0}] or made == [call]


def test_errors_of_the_upstream_pass_with_their_status(start: Start) -> None:
    at = start()
    body = {"error": {"message": "no such model", "type": "invalid_request_error", "code": "model_not_found"}}
    at.model.answer = answered(body, 404, x_extra="kept")
    with pytest.raises(openai.NotFoundError) as raised:
        at.client().chat.completions.create(model="m", messages=ASK)
    assert raised.value.code == "model_not_found"
    assert raised.value.response.headers["x-extra"] == "kept"
    [carried] = at.carried()
    assert (carried.status, carried.ended) == (404, "whole")
    at.model.answer = answered({"error": {"message": "slow down"}}, 429, retry_after="7")
    with pytest.raises(openai.RateLimitError) as limited:
        at.client().chat.completions.create(model="m", messages=ASK, stream=True)
    assert limited.value.response.headers["retry-after"] == "7"


def test_completions_embeddings_and_models_pass(start: Start) -> None:
    at = start()
    at.model.answer = answered({"object": "list", "data": [{"id": "scripted", "object": "model"}]})
    assert [each.id for each in at.client().models.list()] == ["scripted"]
    assert at.carried() == []
    choice = {"index": 0, "text": "on", "finish_reason": "stop", "logprobs": None}
    at.model.answer = answered(
        {"id": "c", "object": "text_completion", "created": 1, "model": "m", "choices": [choice]}
    )
    assert at.client().completions.create(model="m", prompt="and so").choices[0].text == "on"
    one = {"object": "embedding", "index": 0, "embedding": [0.5, 1.0]}
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    at.model.answer = answered({"object": "list", "model": "m", "data": [one], "usage": usage})
    made = at.client().embeddings.create(model="m", input="word", encoding_format="float")
    assert made.data[0].embedding == [0.5, 1.0]
    assert [each.path for each in at.carried()] == ["/v1/completions", "/v1/embeddings"]
    assert [each.path for each in at.model.seen] == ["/v1/models", "/v1/completions", "/v1/embeddings"]


def test_several_replies_pass_and_are_not_taken_for_one(start: Start) -> None:
    at = start()
    two = reply("first")
    two["choices"] = [{**two["choices"][0], "index": k} for k in range(2)]
    at.model.answer = answered(two)
    found = at.client().chat.completions.create(model="m", messages=ASK, n=2)
    assert len(found.choices) == 2
    second = json.loads(event({"content": "b"}).removeprefix(b"data: "))
    second["choices"][0]["index"] = 1
    at.model.answer = streamed([event({"content": "a"}), b"data: " + json.dumps(second).encode() + b"\n\n", DONE])
    list(at.client().chat.completions.create(model="m", messages=ASK, n=2, stream=True))
    assert ["2 replies in one answer" in exchange_of(each).unread for each in at.carried()] == [True, True]


async def _many(client: openai.AsyncOpenAI, n: int) -> list[str | None]:
    import asyncio

    async def one(k: int) -> str | None:
        made = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": f"number {k}"}])
        return made.choices[0].message.content

    return await asyncio.gather(*(one(k) for k in range(n)))


def test_answers_do_not_get_mixed_up(start: Start) -> None:
    import asyncio

    at = start()

    async def echo(request, seen):  # type: ignore[no-untyped-def]
        said = json.loads(seen.body)["messages"][0]["content"]
        await asyncio.sleep(0.001 * (len(said) % 3))
        return await answered(reply(f"you said {said}"))(request, seen)

    at.model.answer = echo
    found = asyncio.run(_many(openai.AsyncOpenAI(base_url=f"{at.address}/v1", api_key="k", max_retries=0), 60))
    assert found == [f"you said number {k}" for k in range(60)]
    carried = at.carried()
    assert len({each.id for each in carried}) == 60
    for each in carried:
        exchange = exchange_of(each)
        assert exchange.messages[-1]["content"] == f"you said {exchange.messages[0]['content']}"


def test_a_fault_of_whatever_answers_is_told_and_written_down(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    at = start()

    async def fails(self, asked):  # type: ignore[no-untyped-def]
        raise ZeroDivisionError

    monkeypatch.setattr("caseback.watch.gateway.upstream.Upstream._send", fails)
    with pytest.raises(openai.InternalServerError) as raised:
        at.client().chat.completions.create(model="m", messages=ASK)
    assert raised.value.code == "gateway_failed"
    assert [each.ended for each in at.carried()] == ["upstream broke"]
