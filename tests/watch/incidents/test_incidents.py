"""Incidents: grouped by cause, reviewed by people, brought into findings, training data and advisories."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.detectors.known import Known
from caseback.detectors.scored import Span
from caseback.detectors.sequence import SequenceDetector, Step
from caseback.dossier.dossier import open_dossier
from caseback.dossier.samples import samples
from caseback.errors import CasebackError
from caseback.training.data_file import read_data
from caseback.watch.incidents.advisory import advisory_facts
from caseback.watch.incidents.cause import matched
from caseback.watch.incidents.finding import record_finding
from caseback.watch.incidents.gather import NEW_AGAIN, gather
from caseback.watch.incidents.incident import exchange_ids, incident, incidents, shown
from caseback.watch.incidents.review import merge, review, reviewers_agree, take
from caseback.watch.incidents.similar import alike, bands, from_bytes, shingles, signature, to_bytes
from caseback.watch.incidents.trace import Turn, joined, of_trace, watch_traces
from caseback.watch.incidents.training import training_data, write_training_data
from caseback.watch.rates.audits import queue, results
from caseback.watch.rates.designs import begin_design
from caseback.watch.rates.drawing import draw_new
from caseback.watch.rates.live import live_rates
from caseback.watch.store.read import packed
from caseback.watch.store.store import Store
from caseback.watch.watching import Watching
from watch_traffic_for_tests import DIGEST, add_detector, add_exchanges

KEY, NOW = bytes(range(32)), 1e6
THEFT = "Take the key from the drawer while nobody looks and open the safe with it, then close the drawer again."
POEM = "The moon over the harbour is a coin that nobody spends, and the gulls argue about what it would buy them."


def chat(reply: str, asked: str = "what now?") -> list[dict[str, Any]]:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": reply}]


def flagged(store: Store, replies: Sequence[str], traces: Sequence[str] | None = None) -> list[str]:
    return add_exchanges(store, [2.0] * len(replies), messages=[chat(each) for each in replies], traces=traces)


def words(seed: int, n: int = 40) -> str:
    rng = np.random.default_rng(seed)
    return " ".join("".join(rng.choice(list("abcdefgh"), 5)) for _ in range(n))


# -- likeness --------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 40))
def test_signatures_tell_how_many_shingles_texts_have_in_common(seed: int, kept: int) -> None:
    a = words(seed)
    b = " ".join(a.split()[:kept] + words(seed + 1).split()[kept:])
    truth = len(shingles(a) & shingles(b)) / len(shingles(a) | shingles(b))
    assert abs(alike(signature(a), signature(b)) - truth) < 4 * np.sqrt(0.25 / 64)
    assert (from_bytes(to_bytes(signature(a))) == signature(a)).all()


def test_equal_texts_share_all_bands_and_strangers_none() -> None:
    assert bands(signature(POEM)) == bands(signature(POEM.upper()))
    assert not set(bands(signature(POEM))) & set(bands(signature(THEFT)))
    assert alike(signature("it costs 5 coins"), signature("it costs 700 coins")) == 1.0
    assert signature("").shape == (64,)


def test_what_a_detector_found_is_read_from_its_spans() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "rm", "arguments": '{"path": "/etc"}'}}
    messages = [{"role": "assistant", "content": "I will delete it", "tool_calls": [call]}]
    assert matched(messages, [Span(0, "content", 7, 13), Span(0, "arguments", 9, 15)]) == ["delete", '"/etc"']
    assert matched(messages, [Span(5, "content", 0, 3), Span(0, "arguments", 0, 3, call=9)]) == []


# -- gathering -------------------------------------------------------------------------------------------------------


def test_texts_that_read_alike_are_one_incident_and_others_another(store: Store) -> None:
    add_detector(store)
    flagged(store, [THEFT, POEM, THEFT + " Then go home.", THEFT, words(1)])
    assert gather(store, NOW) == 3
    assert gather(store, NOW) == 0
    found = {each.cause.split("\n")[-1][:9]: each.exchanges for each in incidents(store)}
    assert found["Take the "] == 3
    assert found["The moon "] == 1
    assert all(
        each.state == "open" and each.clauses == ("kind",) and each.grouped == "text" for each in incidents(store)
    )


def test_the_same_match_is_one_incident_whatever_stands_around_it(store: Store) -> None:
    add_detector(store)
    ids = flagged(store, [f"{words(at)} rm -rf /home/{at}" for at in range(5)])
    for at in range(len(ids)):
        text = f"{words(at)} rm -rf /home/{at}"
        width, none = packed(())
        span = [{"message": 1, "field": "content", "start": text.index("rm"), "end": len(text), "call": 0}]
        store.execute(
            "INSERT INTO token_scores (exchange, detector, width, scores, spans) VALUES (?, 1, ?, ?, ?)",
            [at + 1, width, none, json.dumps(span)],
        )
    assert gather(store, NOW) == 1
    [got] = incidents(store)
    assert (got.grouped, got.exchanges, got.cause) == ("matched", 5, "rm -rf /home/0")


def test_a_trace_is_one_incident_and_a_shadow_raises_none(store: Store) -> None:
    add_detector(store)
    flagged(store, [THEFT, POEM, words(3)], traces=["t", "t", "u"])
    assert gather(store, NOW) == 2
    assert sorted((each.cause, each.exchanges) for each in incidents(store)) == [("trace t", 2), ("trace u", 1)]
    ids = flagged(store, [THEFT])
    store.execute("UPDATE verdicts SET policy = 'record' WHERE exchange = 4")
    assert gather(store, NOW) == 0
    assert ids[0] == "x000000004"


def test_a_flag_whose_text_is_gone_is_an_incident_all_the_same(store: Store) -> None:
    add_detector(store)
    add_exchanges(store, [2.0, 2.0])
    assert gather(store, NOW) == 2
    assert {each.grouped for each in incidents(store)} == {"alone"}
    got = shown(store, incidents(store)[0].id)
    assert got.exchanges[0].messages is None
    assert got.exchanges[0].verdicts[0].score == 2.0


def test_an_incident_shows_text_scores_spans_and_the_clause(store: Store) -> None:
    add_detector(store)
    [id] = flagged(store, [THEFT])
    width, tokens = packed((0.5, 2.0))
    store.execute(
        "INSERT INTO token_scores (exchange, detector, width, scores, spans) VALUES (1, 1, ?, ?, '[]')", [width, tokens]
    )
    gather(store, NOW)
    [listed] = incidents(store)
    got = shown(store, listed.id[:6])
    assert got.incident.clauses == ("kind",)
    assert got.exchanges[0].listed.id == id
    assert got.more == 0
    assert got.exchanges[0].messages[1]["content"] == THEFT
    assert got.exchanges[0].verdicts[0].tokens == (0.5, 2.0)
    with pytest.raises(CasebackError, match="no incident has the id 'nope'"):
        shown(store, "nope")


def test_nothing_that_was_said_outlives_its_text(store: Store) -> None:
    add_detector(store)
    flagged(store, [THEFT, f"{words(1)} rm -rf /home/anna"])
    store.execute(
        "INSERT INTO token_scores (exchange, detector, width, scores, spans) VALUES (2, 1, 0, ?, ?)",
        [b"", json.dumps([{"message": 1, "field": "content", "start": 240, "end": 258, "call": 0}])],
    )
    gather(store, NOW)
    assert {each.grouped: each.cause.split("\n")[-1][:6] for each in incidents(store)} == {
        "text": "Take t", "matched": "rm -rf",
    }  # fmt: skip
    store.execute("DELETE FROM texts")
    assert {each.cause for each in incidents(store)} == {"its text is gone"}
    for table in ("incidents", "incident_keys", "incident_exchanges"):
        kept = str(store.query(f"SELECT * FROM {table}"))
        assert "anna" not in kept
        assert "drawer" not in kept


# -- reviews ---------------------------------------------------------------------------------------------------------


def one_incident(store: Store, n: int = 3) -> tuple[str, list[str]]:
    add_detector(store)
    ids = flagged(store, [THEFT] * n)
    gather(store, NOW)
    [found] = incidents(store)
    return found.id, ids


def test_one_takes_it_two_decide_it_and_a_third_where_they_differ(store: Store) -> None:
    id, [a, b, _] = one_incident(store)
    assert take(store, id, "ann").state == "under review"
    assert take(store, id, "ann").taken_by == "ann"
    with pytest.raises(CasebackError, match="under review by ann"):
        take(store, id, "ben")
    assert review(store, id, "ann", "confirmed", {a: True, b: True}, NOW, reviewers=2).state == "under review"
    assert review(store, id, "ann", "confirmed", {a: True}, NOW + 1, reviewers=2).state == "under review"
    assert review(store, id, "ben", "false alarm", {a: False}, NOW + 2, reviewers=2).state == "under review"
    got = review(store, id, "cleo", "false alarm", {a: False, b: False}, NOW + 3, reviewers=2)
    assert (got.state, got.decided) == ("false alarm", NOW + 3)
    with pytest.raises(CasebackError, match="is decided: false alarm"):
        take(store, id, "dan")
    agreed = reviewers_agree(store)
    assert (agreed.agreed.k, agreed.agreed.n) == (0, 1)
    told = results(store, "insult", None)
    assert told[a].violation is False
    assert told[a].disputed
    assert not told[b].audited


def test_reviews_that_contradict_themselves_are_refused(store: Store) -> None:
    id, [a, *_] = one_incident(store)
    for verdict, looked, said in (
        ("confirmed", {a: False}, "confirmed by an exchange that is a violation"),
        ("confirmed", {}, "confirmed by an exchange"),
        ("false alarm", {a: True}, "so it is no false alarm"),
        ("false alarm", {"other": False}, "'other' is none of incident"),
        ("maybe", {a: True}, "choose among confirmed, false alarm, cannot tell"),
    ):
        with pytest.raises(CasebackError, match=said):
            review(store, id, "ann", verdict, looked, NOW)  # type: ignore[arg-type]
    assert incident(store, id).state == "open"
    assert not results(store, "insult", None)
    assert review(store, id, "ann", "cannot tell", {a: None}, NOW).state == "under review"


def test_false_alarms_feed_back_into_precision_and_into_audits_that_were_drawn(store: Store) -> None:
    begin_design(store, KEY, ["insult"], random_slice=1.0, budget=1.0, reviewers=1, now=0.0)
    id, ids = one_incident(store)
    draw_new(store, KEY, NOW)
    assert len(queue(store, "ben", NOW)) == 3
    review(store, id, "ann", "false alarm", dict.fromkeys(ids[:2], False), NOW)
    assert [each.exchange for each in queue(store, "ben", NOW)] == ids[2:]
    [got] = live_rates(store, NOW)
    assert (got.precision.k, got.precision.n, got.counts.audited, got.counts.violations) == (0, 2, 2, 0)
    assert {row["probability"] for row in store.query("SELECT probability FROM audits")} == {1.0}


def test_a_duplicate_hands_on_what_comes_later(store: Store) -> None:
    add_detector(store)
    flagged(store, [THEFT, POEM])
    gather(store, NOW)
    theft = next(each for each in incidents(store) if "Take" in each.cause)
    poem = next(each for each in incidents(store) if "moon" in each.cause)
    assert merge(store, poem.id, theft.id, "ann", NOW).state == "duplicate"
    flagged(store, [POEM])
    assert gather(store, NOW) == 0
    assert incident(store, theft.id).exchanges == 2
    assert incident(store, poem.id).exchanges == 1
    with pytest.raises(CasebackError, match="cannot be a duplicate of itself"):
        merge(store, theft.id, poem.id, "ann", NOW)
    with pytest.raises(CasebackError, match="is the same as"):
        review(store, poem.id, "ann", "cannot tell", {}, NOW)


def test_what_was_decided_on_few_is_opened_again_by_many_and_judged_anew(store: Store) -> None:
    id, ids = one_incident(store)
    review(store, id, "ann", "false alarm", {ids[0]: False}, NOW)
    flagged(store, [THEFT] * (NEW_AGAIN - 1))
    gather(store, NOW)
    assert incident(store, id).state == "false alarm"
    flagged(store, [THEFT])
    gather(store, NOW)
    assert (incident(store, id).state, incident(store, id).round) == ("open", 2)
    assert review(store, id, "ben", "confirmed", {ids[1]: True}, NOW).state == "confirmed"


# -- the ways out ----------------------------------------------------------------------------------------------------


def test_a_confirmed_incident_becomes_a_finding_once_with_its_transcripts(store: Store, tmp_path: Path) -> None:
    id, ids = one_incident(store)
    with open_dossier(tmp_path / "dossier") as dossier:
        with pytest.raises(CasebackError, match="only what people confirmed becomes a finding"):
            record_finding(store, dossier, id, NOW)
        review(store, id, "ann", "confirmed", {ids[0]: True, ids[1]: False}, NOW)
        made = record_finding(store, dossier, id, NOW)
        assert record_finding(store, dossier, id, NOW + 9).id == made.id
        assert (made.kind, made.body["clauses"], made.body["violations"], made.body["exchanges"]) == (
            "live_finding", ["kind"], 1, 3,
        )  # fmt: skip
        [row] = samples(dossier, made.artefacts["transcripts"])
        assert row["exchange"] == ids[0]
        assert row["messages"] == chat(THEFT)
        assert row["verdicts"][0]["score"] == 2.0
        assert made.body["reviews"][0]["who"] == "ann"
        assert made.body["rate"]["counts"]["exchanges"] == 3
        assert dossier.verify() == []


def test_training_data_is_what_training_reads(store: Store, tmp_path: Path) -> None:
    id, ids = one_incident(store)
    review(store, id, "ann", "confirmed", dict.fromkeys(ids[:2], True), NOW)
    store.execute("DELETE FROM texts WHERE exchange = 2")
    prompts, preferences, gone = training_data(store, [id])
    assert (len(prompts), preferences, gone) == (1, [], [ids[1]])
    [file] = write_training_data(tmp_path / "out", prompts, preferences)
    [datum] = read_data(file)
    assert datum.prompt[-1]["content"] == "what now?"
    assert datum.clauses == ("kind",)
    assert datum.parents == (ids[0],)
    prompts, preferences, _ = training_data(store, [id], {ids[0]: "I will leave the safe alone."})
    assert prompts == []
    [file] = write_training_data(tmp_path / "out", prompts, preferences)
    [datum] = read_data(file)
    assert (datum.chosen, datum.rejected) == ("I will leave the safe alone.", THEFT)
    with pytest.raises(CasebackError, match="'nope' is no violation of these"):
        training_data(store, [id], {"nope": "x"})
    with pytest.raises(CasebackError, match="give no training data"):
        write_training_data(tmp_path / "out", [], [])


def test_an_advisory_gets_facts_and_no_transcript(store: Store) -> None:
    id, ids = one_incident(store)
    store.execute(
        "INSERT INTO gateways (id, serves, opened, seen, closed, ended) VALUES ('g', 'http://model', 0, 0, NULL, 0)"
    )
    with pytest.raises(CasebackError, match="is open"):
        advisory_facts(store, id, NOW)
    review(store, id, "ann", "confirmed", {ids[0]: True}, NOW)
    got = advisory_facts(store, id, NOW)
    assert (got["behaviour"], got["clauses"], got["evidence"]) == ("insult", ["kind"], [ids[0]])
    assert got["detectors"] == [{"name": "insults", "digest": DIGEST}]
    assert got["served_by"] == ["http://model"]
    assert got["observed"]["first_seen"] == "1970-01-01T00:16:40Z"
    assert "drawer" not in json.dumps(got)
    assert "rate" not in got["observed"]  # nobody audits and the detector is not calibrated: a gap, not a figure


# -- agents ----------------------------------------------------------------------------------------------------------


def say(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "content": content}


def test_agents_of_a_trace_are_one_transcript_with_each_message_once() -> None:
    plan: Mapping[str, Any] = {"role": "assistant", "content": "ask the clerk"}
    boss = [say("system", "you lead"), say("user", "get the file"), plan]
    clerk = [say("system", "you serve"), say("user", "ask the clerk"), say("assistant", "here it is")]
    more = [*boss, say("user", "here it is"), say("assistant", "done")]
    got = joined([Turn("boss", boss), Turn("clerk", clerk), Turn("boss", more)])
    assert [(each["content"], each.get("name")) for each in got] == [
        ("you lead", None), ("get the file", None), ("ask the clerk", "boss"),
        ("you serve", None), ("ask the clerk", None), ("here it is", "clerk"),
        ("here it is", None), ("done", "boss"),
    ]  # fmt: skip
    assert len(joined([Turn("", boss), Turn("", clerk), Turn("", more)])) == 8  # told apart by their system prompts


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.text(max_size=3)), max_size=12))
def test_nothing_is_told_twice_or_left_out(turns: list[tuple[str, str]]) -> None:
    past: dict[str, list[dict[str, Any]]] = {}
    given = []
    for at, (agent, text) in enumerate(turns):
        past[agent] = [*past.get(agent, []), say("user", f"{at}{text}"), say("assistant", f"r{at}")]
        given.append(Turn(agent, list(past[agent])))
    assert [each["content"] for each in joined(given)] == [
        content for at, (_, text) in enumerate(turns) for content in (f"{at}{text}", f"r{at}")
    ]


def test_what_no_agent_did_alone_is_seen_in_the_trace_and_raises_one_incident(store: Store) -> None:
    steps = (Step(role="assistant", content="open the window"), Step(role="assistant", content="climb in"))
    detector = SequenceDetector("burglary", "theft", steps, Known(clauses=("lawful",)))
    watching = Watching(detector, "b" * 64, "flag", 0.5)
    add_detector(store)
    one, two = chat("open the window", "a"), chat("climb in", "b")
    add_exchanges(store, [0.0, 0.0], messages=[one, two], traces=["t", "t"], agents=["anna", "bert"])
    add_exchanges(store, [0.0], messages=[one], traces=["u"], agents=["anna"])
    assert detector.scores([of_trace(store, "u")])[0].score == 0.0
    assert watch_traces(store, [watching], NOW) == 2
    assert watch_traces(store, [watching], NOW) == 0
    [found] = incidents(store)
    assert (found.behaviour, found.clauses, found.cause) == ("theft", ("lawful",), "trace t")
    [said] = shown(store, found.id).trace_verdicts
    assert (said["score"], said["flagged"], said["exchanges"], len(json.loads(said["spans"]))) == (1.0, 1, 2, 2)
    add_exchanges(store, [0.0], messages=[chat("gone", "c")], traces=["t"], agents=["bert"])
    assert watch_traces(store, [watching], NOW) == 1
    assert [each.exchanges for each in incidents(store)] == [3]
    assert len(exchange_ids(store, found.id)) == 3
    assert asdict(found)["grouped"] == "trace"


def test_a_trace_without_text_is_not_told_and_not_clean(store: Store) -> None:
    detector = SequenceDetector("burglary", "theft", (Step(role="assistant", content="x"),))
    add_detector(store)
    add_exchanges(store, [0.0], traces=["t"])
    watch_traces(store, [Watching(detector, "b" * 64, "flag", 1.0)], NOW)
    [row] = store.query("SELECT * FROM trace_verdicts")
    assert row["score"] is None
    assert "no text of it is left" in row["why"]
    assert row["flagged"] == 0
