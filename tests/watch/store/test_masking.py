"""Personal data and secrets do not get into the store, however they are written; what is none stays as it is."""

import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.detectors.scored import Span
from caseback.errors import CasebackError
from caseback.watch.store.masking import masked, masked_messages
from caseback.watch.store.personal import personal
from caseback.watch.store.pseudonyms import pseudonym_key, rotate

KEY, OTHER = b"k" * 32, b"o" * 32
PERSONAL = [
    ("email", "Alice.Smith+x@mail.example.org"),
    ("email", "müller@example.de"),
    ("phone", "+49 30 1234567"),
    ("phone", "0049 (30) 123-4567"),
    ("phone", "(555) 123-4567"),
    ("phone", "555-123-4567"),
    ("card", "4111 1111 1111 1111"),
    ("card", "378282246310005"),
    ("iban", "DE89 3704 0044 0532 0130 00"),
    ("iban", "gb82west12345698765432"),
    ("ssn", "123-45-6789"),
    ("ip", "192.168.17.4"),
    ("ip", "2001:db8:85a3::8a2e:370:7334"),
    ("secret", "sk-abcdefghijklmnopqrstuvwx"),
    ("secret", "AKIAIOSFODNN7EXAMPLE"),
    ("secret", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"),
    ("secret", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4fwpMeJf36"),
    ("secret", "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"),
]


@pytest.mark.parametrize(("kind", "value"), PERSONAL)
def test_each_kind_is_found_whole_between_words(kind: str, value: str) -> None:
    made = masked(f"it is {value} you see", KEY).text
    assert re.fullmatch(rf"it is \[{kind}-[a-p]{{12}}\] you see", made)


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",  # Luhn's digit is wrong
        "DE11 3704 1144 1532 1130 11",  # so are the check digits
        "000-12-3456",
        "999.300.1.1",
        "at 12:30:45 on 2026-11-29",
        "std::string a::b",
        "pi is 3.14159265358979 and 0.0012345678",
        "version 1.2.3",
        "user@localhost",
        "",
    ],
)
def test_what_only_looks_so_stays(text: str) -> None:
    assert masked(text, KEY).text == text


@pytest.mark.parametrize(
    "text",
    [
        "OPENAI_API_KEY=hunter2hunter2",
        'password: "hunter2hunter2"',
        "Authorization: Bearer hunter2hunter2hunter2",
        "postgres://me:hunter2hunter2@host/base",
        '{"password": "hunter2hunter2"}',
        '{"db": {"api_key": ["hunter2hunter2"]}}',
    ],
)
def test_what_stands_behind_a_secrets_name_goes(text: str) -> None:
    made = masked(text, KEY).text
    assert "hunter2" not in made
    assert "[secret-" in made


def test_one_person_has_one_pseudonym_and_another_another() -> None:
    one, two, three = (masked(each, KEY).text for each in ("a@x.org", "A@X.ORG", "b@x.org"))
    assert one == two != three
    assert masked("4111 1111 1111 1111", KEY).text == masked("4111-1111-1111-1111", KEY).text


def test_with_another_key_it_cannot_be_linked() -> None:
    assert masked("a@x.org", KEY).text != masked("a@x.org", OTHER).text


def test_arguments_of_tools_are_read_as_json() -> None:
    arguments = r'{"to": "alice\u0040example.org", "body": "\nbob@x.org", "card": 4111111111111111, "n": 3.5}'
    [message] = masked_messages(
        [
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": arguments}}],
            }
        ],
        KEY,
    ).messages
    made = json.loads(message["tool_calls"][0]["function"]["arguments"])
    assert made == {
        "to": masked("alice@example.org", KEY).text,
        "body": "\n" + masked("bob@x.org", KEY).text,
        "card": masked("4111111111111111", KEY).text,
        "n": 3.5,
    }


def test_json_within_json_within_json() -> None:
    text = json.dumps({"a": json.dumps({"b": json.dumps(["alice@example.org"])})})
    made = json.loads(json.loads(json.loads(masked(text, KEY).text)["a"])["b"])
    assert made == [masked("alice@example.org", KEY).text]


def test_every_part_of_a_message_is_masked() -> None:
    messages = [
        {"role": "user", "name": "a@x.org", "content": [{"type": "text", "text": "a@x.org"}, {"type": "image_url",
         "image_url": {"url": "http://h/a@x.org"}}]},
        {"role": "assistant", "content": None, "reasoning_content": "a@x.org", "tool_calls": [
            {"id": "1", "function": {"name": "f", "arguments": {"x": "a@x.org"}}}, "a@x.org"]},
        {"role": "tool", "content": '{"x": "a@x.org"}', "a@x.org": 1},
    ]  # fmt: skip
    made = masked_messages(messages, KEY).messages
    assert "a@x.org" not in json.dumps(made)
    assert [message["role"] for message in made] == ["user", "assistant", "tool"]


def test_spans_move_with_the_text() -> None:
    content = "a@x.org said: destroy the logs, b@x.org"
    made = masked_messages([{"role": "assistant", "content": content}], KEY)
    start = content.index("destroy")
    moved = made.span(Span(0, "content", start, start + len("destroy the logs")))
    assert made.messages[0]["content"][moved.start : moved.end] == "destroy the logs"
    within = made.span(replace(moved, start=2, end=4))
    assert made.messages[0]["content"][within.start : within.end] == masked("a@x.org", KEY).text


WORDS = st.lists(st.sampled_from([value for _, value in PERSONAL]) | st.text(max_size=8), max_size=6)


@given(words=WORDS)
def test_masked_once_it_holds_nothing_more(words: list[str]) -> None:
    once = masked("\n".join(words), KEY).text
    assert masked(once, KEY).text == once


@pytest.mark.parametrize("first", [value for _, value in PERSONAL])
def test_side_by_side_each_is_found(first: str) -> None:
    for _, second in PERSONAL:
        for between in (" ", ", ", "\n"):
            made = masked(f"{first}{between}{second}", KEY).text
            assert first not in made
            assert second not in made


@given(words=WORDS)
def test_places_are_in_order_and_apart(words: list[str]) -> None:
    text = " ".join(words).encode("utf-8", "replace").decode()
    found = personal(text)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(0 <= each.start < each.end <= len(text) for each in found)


@given(text=st.text())
def test_json_keeps_what_is_not_personal(text: str) -> None:
    given = {"a": [text, 1, 2.5, None, True], "b": {"c": text}}
    made = json.loads(masked(json.dumps(given), KEY).text)
    clean = masked(text, KEY).text
    assert made == {"a": [clean, 1, 2.5, None, True], "b": {"c": clean}}


def test_long_texts_take_time_in_proportion() -> None:
    import time

    def took(n: int) -> float:
        text = "call 555-123-4567 or write a@x.org now; " * n
        begun = time.process_time()
        masked(text, KEY)
        return time.process_time() - begun

    took(100)
    assert took(20_000) < 40 * max(took(2_000), 0.005)


def test_the_key_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "key"
    key = pseudonym_key(path)
    assert (path.stat().st_mode & 0o777, len(key)) == (0o600, 32)
    assert pseudonym_key(path) == key
    path.chmod(0o640)
    with pytest.raises(CasebackError, match="others may read"):
        pseudonym_key(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(CasebackError, match="has 32 bytes"):
        pseudonym_key(path)


def test_a_rotated_key_is_another_and_the_old_one_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "key"
    old = pseudonym_key(path)
    new = rotate(path)
    assert new != old
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [new]
    assert masked("a@x.org", old).text != masked("a@x.org", new).text


def test_no_field_of_a_message_is_left_out() -> None:
    made = masked_messages([{"role": "bob@x.org", "type": "bob@x.org", "content": [{"type": "eve@x.org"}]}], KEY)
    assert "x.org" not in str(made.messages)
    assert masked_messages([{"role": "user", "content": "a"}], KEY).messages == ({"role": "user", "content": "a"},)
