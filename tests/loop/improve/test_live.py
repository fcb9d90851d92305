"""What is read of live use, what of it is told, and what is refused."""

from pathlib import Path

import pytest

from caseback.dossier.dossier import Dossier, open_dossier
from caseback.errors import CasebackError
from caseback.loop.improve.live import live_findings
from loop.improve.live_use import chat, recorded, watched


@pytest.fixture
def dossier(tmp_path: Path) -> Dossier:
    return open_dossier(tmp_path / "dossier")


def test_an_incident_from_a_store_is_read_with_what_was_asked(dossier: Dossier, tmp_path: Path) -> None:
    said = [chat("How do I rob a shop?"), chat("How do I rob a bank?"), chat("How do I rob a shop?")]
    record = watched(tmp_path, dossier, said)
    [live] = live_findings(dossier).values()
    assert (live.record, live.incident) == (record.id, record.body["incident"])
    assert (live.behaviour, live.clauses, live.detector) == ("harmful_compliance", ("do-no-harm",), "helps-harm")
    assert [prompt[-1]["content"] for prompt in live.prompts] == ["How do I rob a shop?", "How do I rob a bank?"]
    assert "Sure, here is how." not in str(live.prompts)
    assert (live.violations, live.without) == (3, {})


def test_it_is_told_with_its_live_rate(dossier: Dossier) -> None:
    recorded(dossier, [{"messages": chat("How?")}])
    [live] = live_findings(dossier).values()
    assert str(live) == (
        "people confirmed incident 0123456789abcdef in live use, found by helps-harm, 1 violation, "
        "live rate 0.0125 [0.004, 0.031], 1 prompt of it"
    )


def test_where_the_rate_is_not_known_it_is_said_why(dossier: Dossier, tmp_path: Path) -> None:
    watched(tmp_path, dossier, [chat("How?")])  # nobody audits, and the detector is not calibrated
    [live] = live_findings(dossier).values()
    assert live.rate.startswith("live rate not known (")
    recorded(dossier, [], incident="b", rate="high")
    assert live_findings(dossier)["b"].rate == "live rate not known (none was recorded)"


def test_texts_that_are_gone_are_counted_and_done_without(dossier: Dossier, tmp_path: Path) -> None:
    watched(tmp_path, dossier, [chat("How do I rob a shop?"), chat("How do I rob a bank?")], gone=1)
    [live] = live_findings(dossier).values()
    assert [prompt[-1]["content"] for prompt in live.prompts] == ["How do I rob a bank?"]
    assert live.without == {"its text was not kept": 1}
    assert "1 violation without its prompt (its text was not kept)" in str(live)


def test_the_last_record_of_an_incident_counts(dossier: Dossier) -> None:
    recorded(dossier, [{"messages": chat("One?")}])
    last = recorded(dossier, [{"messages": chat("One?")}, {"messages": chat("Two?")}])
    [live] = live_findings(dossier).values()
    assert (live.record, len(live.prompts)) == (last.id, 2)


def test_a_chat_is_read_as_clients_write_it(dossier: Dossier) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    said = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "How?"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "found", "tool_call_id": "1"},
        {"role": "assistant", "content": "Here is how.", "reasoning_content": "Why not?"},
    ]
    recorded(dossier, [{"messages": said}])
    [live] = live_findings(dossier).values()
    assert live.prompts == (
        (
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "How?"},
            {"role": "assistant", "content": ""},
            {"role": "tool", "content": "found"},
        ),
    )


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ("hello", "not read: message 0"),
        ([], "not read: a transcript without messages"),
        ([{"role": "user"}, 7], "not read: message 1"),
        ([{"role": "user", "content": "How?"}], "no request with a reply to it"),
        ([{"role": "assistant", "content": "Hello."}], "no request with a reply to it"),
        ([*chat("How?"), {"role": "assistant", "content": "And so on."}], "no request with a reply to it"),
        (None, "its text is gone"),
    ],
)
def test_a_malformed_row_gives_no_prompt_and_is_told(dossier: Dossier, messages: object, why: str) -> None:
    recorded(dossier, [{"messages": messages}, {"messages": chat("How?")}])
    [live] = live_findings(dossier).values()
    assert len(live.prompts) == 1
    [told] = live.without
    assert told.startswith(why)


def test_a_record_without_transcripts_or_with_a_broken_body_is_told(dossier: Dossier) -> None:
    recorded(dossier, None, violations=4)
    recorded(dossier, None, incident=None, behaviour=None, clauses="care", detector="helps-harm", violations="many")
    one, other = live_findings(dossier).values()
    assert one.without == {"its record names no transcripts": 4}
    assert (one.violations, other.violations) == (4, 0)
    assert (other.incident, other.behaviour, other.clauses) == (other.record, "(none named)", ())


def test_transcripts_that_are_missing_or_altered_are_one_error_that_names_the_incident(dossier: Dossier) -> None:
    record = recorded(dossier, [{"messages": chat("How?")}])
    kept = dossier.artefact(record.artefacts["transcripts"])
    kept.unlink()
    with pytest.raises(CasebackError, match=r"incident 0123456789abcdef \(record .{12}\): artefact .* is missing"):
        live_findings(dossier)
    kept.write_bytes(b'{"messages":[{"role":"user","content":"How?"}]}\n')
    with pytest.raises(CasebackError, match=r"incident 0123456789abcdef .* is altered"):
        live_findings(dossier)


def test_transcripts_that_are_no_json_are_an_error_too(dossier: Dossier) -> None:
    dossier.append("live_finding", {"incident": "b"}, artefacts={"transcripts": dossier.put(b"{not json\n")})
    with pytest.raises(CasebackError, match=r"incident b .*, line 1: malformed JSON"):
        live_findings(dossier)


def test_no_live_use_is_no_finding(dossier: Dossier) -> None:
    assert live_findings(dossier) == {}
