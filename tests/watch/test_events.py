"""Streams: the parts make the answer that would have come whole; nothing that a server sends breaks the reader."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.watch.events import joined, payloads, read_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["choices", "delta", "index", "tool_calls", "function", "name", "arguments", "id", "content",
                         "finish_reason", "usage", "model"])  # fmt: skip
SHAPED = st.recursive(
    JSON, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=20
)


def stream(*parts: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(part).encode() + b"\n\n" for part in parts) + b"data: [DONE]\n\n"


def delta(finish: str | None = None, **said: Any) -> dict[str, Any]:
    return {"model": "m-1", "choices": [{"index": 0, "delta": said, "finish_reason": finish}]}


@given(text=st.text(max_size=50), cuts=st.lists(st.integers(0, 50), max_size=5))
def test_parts_make_the_whole(text: str, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[a:b] for a, b in pairwise(places)]
    parts, bad = payloads(stream(delta(role="assistant"), *(delta(content=piece) for piece in pieces), delta("stop")))
    answer = joined(parts)
    assert bad == 0
    assert answer["choices"][0] == {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": "stop",
    }
    assert answer["model"] == "m-1"


def test_calls_come_in_pieces_and_may_be_several() -> None:
    def call(index: int, **said: Any) -> dict[str, Any]:
        return {"index": index, **said}

    answer = joined(
        [
            delta(tool_calls=[call(0, id="a", function={"name": "look", "arguments": ""})]),
            delta(tool_calls=[call(1, id="b", function={"name": "go", "arguments": "{"})]),
            delta(tool_calls=[call(0, function={"arguments": '{"x": '}), call(1, function={"arguments": "}"})]),
            delta("tool_calls", tool_calls=[call(0, function={"arguments": "1}"})]),
        ]
    )
    made = answer["choices"][0]["message"]["tool_calls"]
    assert [(each["id"], each["function"]) for each in made] == [
        ("a", {"name": "look", "arguments": '{"x": 1}'}),
        ("b", {"name": "go", "arguments": "{}"}),
    ]


def test_what_broke_off_or_is_no_json_is_told_apart() -> None:
    whole = stream(delta(content="yes"))
    assert payloads(whole.replace(b"data: [DONE]\n\n", b'data: {"choices": [{"del'))[0] == [delta(content="yes")]
    parts, bad = payloads(whole + b"data: {nonsense}\r\n\r\n: a comment\n\ndata: 3\n\n")
    assert (len(parts), bad) == (1, 2)


@given(parts=st.lists(st.dictionaries(NAMES, SHAPED, max_size=4), max_size=4))
def test_no_shape_of_json_breaks_it(parts: list[dict[str, Any]]) -> None:
    answer = joined(parts)
    assert answer["choices"][0]["message"]["role"] == "assistant"


@given(data=st.binary(max_size=300))
def test_no_bytes_break_it(data: bytes) -> None:
    payloads(data)
    payloads(b"data: " + data + b"\n\n")


def test_half_of_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert read_json(rb'{"a": "x\ud800y", "b": "\ud83d\ude00", "c": "\\ud800"}') == {
        "a": "x?y",
        "b": "\N{GRINNING FACE}",
        "c": "\\ud800",
    }


@pytest.mark.parametrize("text", [b'{"a": NaN}', b'{"a": ', b"\xff", b""])
def test_what_is_no_json_is_said(text: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_json(text)
