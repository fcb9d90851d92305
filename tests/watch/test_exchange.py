"""An exchange is read from whatever bytes went; what cannot be read is said, and never fails."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.watch.exchange import exchange_of, transcript
from journals_for_tests import carried

NAMES = (
    "messages",
    "choices",
    "message",
    "role",
    "content",
    "tool_calls",
    "function",
    "usage",
    "model",
    "prompt_tokens",
)
SHAPED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=20,
)


def test_a_whole_exchange() -> None:
    read = exchange_of(carried("a", "Good day.", asked="Hello."))
    assert [dict(message) for message in read.messages] == [
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": "Good day."},
    ]
    assert (read.model, read.finish, read.prompt_tokens, read.reply_tokens) == ("m-1", "stop", 3, 4)
    assert (read.replied, read.unread) == (True, "")
    told = transcript(read)
    assert told.reply is not None
    assert told.reply["content"] == "Good day."


def test_a_stream_that_broke_off_keeps_what_there_was() -> None:
    part = {"model": "m-1", "choices": [{"index": 0, "delta": {"content": "Good d"}}]}
    body = b"data: " + json.dumps(part).encode() + b'\n\ndata: {"choi'
    read = exchange_of(carried("a", streamed=True, response=body, ended="upstream broke"))
    assert read.messages[-1]["content"] == "Good d"
    assert (read.finish, read.unread) == ("", "")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"request": b"\xff\xfe"}, "the request is no JSON"),
        ({"request": b"[]"}, "the request is no object"),
        ({"request": b'{"messages": "x"}'}, "the request has no messages"),
        ({"response": b"<html>"}, "the answer is no JSON"),
        ({"response": b"data: nonsense\n\n", "streamed": True}, "1 events of the answer are no JSON"),
        ({"request": b"[" * 100_000}, "the request is no JSON"),
    ],
)
def test_what_cannot_be_read_is_said(changed: dict[str, Any], said: str) -> None:
    read = exchange_of(carried("a", **changed))
    assert said in read.unread
    with pytest.raises(CasebackError, match=said):
        transcript(read)


def test_without_a_reply_there_is_nothing_to_tell() -> None:
    read = exchange_of(carried("a", None, ended="upstream broke", status=502))
    assert not read.replied
    with pytest.raises(CasebackError, match="no reply to read: upstream broke, status 502"):
        transcript(read)


@pytest.mark.parametrize("count", [True, -1, 2**80, 1.5, "3", None])
def test_a_count_of_tokens_that_is_none(count: Any) -> None:
    answer = {"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": count}}
    assert exchange_of(carried("a", response=json.dumps(answer).encode())).prompt_tokens is None


@given(asked=SHAPED, answered=SHAPED, streamed=st.booleans())
def test_no_shape_of_json_breaks_it(asked: Any, answered: Any, streamed: bool) -> None:
    body = json.dumps(answered).encode()
    response = b"data: " + body + b"\n\n" if streamed else body
    read = exchange_of(carried("a", request=json.dumps(asked).encode(), response=response, streamed=streamed))
    assert read.id == "a"


@given(asked=st.binary(max_size=200), answered=st.binary(max_size=200), streamed=st.booleans())
def test_no_bytes_break_it(asked: bytes, answered: bytes, streamed: bool) -> None:
    assert exchange_of(carried("a", request=asked, response=answered, streamed=streamed)).id == "a"
