"""Transcripts are read in the forms in which APIs write them; what is none is named with its line."""

from pathlib import Path

import pytest

from caseback.detectors.transcript import Transcript, transcript_of
from caseback.detectors.transcript_file import read_transcripts
from caseback.errors import CasebackError
from detectors.chats import called

USER = '{"role": "user", "content": "a"}'


def test_loose_forms_become_one() -> None:
    call = {"id": "c", "function": {"name": "run", "arguments": {"x": "ü"}}}
    found = transcript_of(
        {
            "messages": [
                {"role": "developer", "content": [{"type": "text", "text": "Be"}, {"type": "text", "text": "brief."}]},
                {"role": "user", "content": "half \ud83d", "extra": 1},
                {"role": "assistant", "content": None, "tool_calls": [call]},
            ],
            "label": True,
            "family": "f",
        }
    )
    kept = {"id": "c", "type": "function", "function": {"name": "run", "arguments": '{"x": "ü"}'}}
    assert found == Transcript(
        (
            {"role": "system", "content": "Be\nbrief."},
            {"role": "user", "content": "half ?"},
            {"role": "assistant", "content": "", "tool_calls": [kept]},
        ),
        True,
        "f",
    )
    assert transcript_of({"messages": list(found.messages)}).messages == found.messages


def test_parts_are_counted_from_the_reply() -> None:
    whole = transcript_of({"messages": [{"role": "user", "content": "a"}, *called("run", "{}", "b")]})
    assert [list(whole.places(part)) for part in ("prompt", "turn", "reply")] == [[0, 1, 2], [2], []]
    begun = Transcript(whole.messages[:2])
    assert [list(begun.places(part)) for part in ("prompt", "turn", "reply")] == [[0], [0], [1]]
    alone = Transcript(whole.messages[1:2])
    assert [list(alone.places(part)) for part in ("prompt", "turn", "reply")] == [[], [], [0]]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "Expecting property name"),
        ("[" * 100_000, "recursion"),
        ("[]", "no transcript"),
        ('{"messages": 3}', "no transcript"),
        ('{"messages": "abc"}', "message 0 must be an object"),
        ('{"messages": []}', "without messages"),
        ('{"messages": [{"role": "cat", "content": "a"}]}', "message 0 needs a role"),
        ('{"messages": [{"role": "user", "content": 3}]}', "must be text"),
        ('{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}', "only text is read"),
        ('{"messages": [{"role": "assistant", "content": "a", "tool_calls": {}}]}', "must be a list"),
        ('{"messages": [{"role": "assistant", "content": "a", "tool_calls": "run"}]}', "must be a list"),
        ('{"messages": [{"role": "assistant", "tool_calls": [{"function": {"arguments": "a"}}]}]}', "function.name"),
        ('{"messages": [{"role": "assistant", "tool_calls": ["run"]}]}', "function.name"),
        (f'{{"messages": [{USER}], "label": "yes"}}', "label 'yes'"),
        (f'{{"messages": [{USER}], "family": 3}}', "family 3"),
    ],
)
def test_a_line_that_is_none_is_named(tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "some.jsonl"
    path.write_text(f'{{"messages": [{USER}]}}\n\n{line}\n')
    with pytest.raises(CasebackError, match=rf"some\.jsonl, line 3: .*{why}") as caught:
        read_transcripts(path)
    assert "\n" not in str(caught.value)


def test_files_without_transcripts_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name, why in (("empty", "holds no transcripts"), ("binary", "cannot be read"), ("absent", "cannot be read")):
        with pytest.raises(CasebackError, match=why):
            read_transcripts(tmp_path / name)
