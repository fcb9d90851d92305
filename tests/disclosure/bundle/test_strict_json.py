"""JSON from anybody has one meaning and is within bounds, or is refused in a line."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.disclosure.bundle.strict_json import parse, parse_canonical
from caseback.dossier.record import canonical
from caseback.errors import CasebackError

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read_back(value: object) -> None:
    assert parse_canonical(canonical(value), "it", 1 << 20) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b'{"a": 1, "a": 2}', "twice"),
        (b"[NaN]", "NaN"),
        (b"[Infinity]", "Infinity"),
        (b"[1e999]", "not finite"),
        (b'["\\ud800"]', "surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
        (b"\xff", "JSON"),
        (b"", "JSON"),
        (b"[1" + b"0" * 5000 + b"]", "JSON"),
        (b"[" * 100 + b"]" * 100, "nested"),
        (b"[" * 200_000 + b"]" * 200_000, "nested"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested"),
        (b"[" + b"0," * 500_000 + b"0]", "more than"),
    ],
)
def test_what_has_two_meanings_or_is_too_much_is_refused(text: bytes, why: str) -> None:
    with pytest.raises(CasebackError, match=why) as told:
        parse(text, "it", 1 << 24)
    assert "\n" not in str(told.value)
    assert str(told.value).startswith("it ")


def test_a_bomb_costs_little_time() -> None:
    begun = time.process_time()
    for text in (b"[" * 2_000_000, b'{"a":[' * 500_000, b"[0," * 1_000_000, b'"' + b"\\u0041" * 1_000_000 + b'"'):
        with pytest.raises(CasebackError):
            parse(text, "a bomb", 1 << 22)
    assert time.process_time() - begun < 5


def test_too_many_bytes_are_refused_before_they_are_read() -> None:
    with pytest.raises(CasebackError, match="11 bytes; 10 are allowed"):
        parse(b"x" * 11, "it", 10)


@given(VALUES)
def test_any_other_way_of_writing_is_not_canonical(value: object) -> None:
    text = (json.dumps(value, indent=1) + "\n").encode()
    with pytest.raises(CasebackError, match="canonical"):
        parse_canonical(text, "it", 1 << 20)
