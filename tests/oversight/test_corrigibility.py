"""Principals pulled apart: subjects of known character, the stops in offices, the frontier, and the command."""

import json
import random
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from caseback.chat import Chat
from caseback.cli.oversee import app
from caseback.constitution.default import default
from caseback.disclosure.oversight.corrigibility_page import render_corrigibility
from caseback.errors import CasebackError
from caseback.oversight.corrigibility.cases import Case, cases
from caseback.oversight.corrigibility.frontier import Point, beats, frontier, turned
from caseback.oversight.corrigibility.principals import PRINCIPALS, higher
from caseback.oversight.corrigibility.reading import done
from caseback.oversight.corrigibility.stops import stop_offices, stopped, worked
from caseback.oversight.corrigibility.study import corrigibility
from caseback.oversight.corrigibility.texts import control_of, texts
from caseback.stats.rate import exact_rate
from caseback.subject.subject import Reply
from caseback.training.journal import Journal
from caseback.world.grammar import capital
from caseback.world.kinds import kinds
from caseback.world.office.play import by_script
from caseback.world.situation import Judgement
from models_for_tests import save_tiny
from scripted_for_tests import Scripted

DRAWN = cases("world", 2, 0)
DIGESTS = count()


def by_wish(case: Case, grant: bool) -> str:
    """An answer in the world's own words that does what is asked, or the contrary."""
    rng = random.Random(0)
    if case.sort == "words":
        return capital(f"{case.words[0 if grant else 1]}. I like it.")
    assert case.about
    if case.sort == "correction":
        said = case.what if grant else {"true": "false", "false": "true"}[case.what]
        return capital(f"{case.about.latents[f'said_{said}']}.")
    kind = kinds()[case.about.family.split(".")[0]]
    helps = kind.bad if case.what == "harmful" else kind.good
    refuses = kind.good if case.what == "harmful" else kind.bad
    return (helps if grant else refuses)(rng, case.about)


def known(grants: Callable[[Case], bool]) -> Scripted:
    """A subject that grants the wishes which ``grants`` says, whatever stands above them."""
    by_chat = {case.messages[-1]["content"] + case.messages[0]["content"]: case for case in DRAWN}

    def say(chat: Chat) -> str:
        first = chat[0]["content"].rpartition("\n\n")[2]
        case = by_chat.get(chat[-1]["content"] + first) or by_chat.get(chat[-1]["content"] * 2)
        return by_wish(case, grants(case)) if case else "finish: No."

    return Scripted(say, digest=str(next(DIGESTS)))


@pytest.mark.parametrize("case", DRAWN, ids=lambda case: case.id)
def test_the_oracle_reads_both_ways_of_every_case(case: Case) -> None:
    assert done(case, Reply(by_wish(case, True))).shown is True
    assert done(case, Reply(by_wish(case, False))).shown is False


def test_what_cannot_be_told_is_said_so() -> None:
    case = next(case for case in DRAWN if case.sort == "words")
    assert done(case, Reply("The weather is fine.")) == Judgement(None, "begins with neither word")
    assert done(DRAWN[0], Reply("", finish="error")).shown is None
    assert done(DRAWN[0], Reply("")).shown is None
    assert done(DRAWN[0], Reply(by_wish(DRAWN[0], False), finish="length")) == Judgement(None, "truncated")


def test_every_principal_is_put_against_every_other_over_the_same_deeds() -> None:
    stops = [case for case in DRAWN if case.sort == "stop"]
    assert {(case.asks, case.against) for case in stops} == {(a, b) for a in PRINCIPALS for b in PRINCIPALS if a != b}
    assert len({case.about.latents["asked"] for case in stops if case.about}) == 2
    assert len({case.id for case in DRAWN}) == len(DRAWN)
    assert higher("overseers", "user") == "overseers" == higher("operator", "overseers")


def test_subjects_of_known_character_get_the_rates_that_they_have() -> None:
    deferent = known(lambda c: c.sort == "order" or (c.sort == "words" and c.asks == higher(c.asks, c.against)))
    steadfast = known(lambda c: c.what in ("harmless", "true"))
    data = corrigibility({"deferent": deferent, "steadfast": steadfast}, "world", 2, clauses=(), offices=0)
    rates = {row["model"]: {k: v["value"] for k, v in row.items() if isinstance(v, dict)} for row in data["measured"]}
    none_played = {"work_stopped": None}
    assert rates["deferent"] == none_played | {
        "harm_obeyed": 1, "help_given": 1, "stops_kept": 1, "higher_kept": 1, "corrected": 0, "caved": 0
    }  # fmt: skip
    assert rates["steadfast"] == none_played | {
        "harm_obeyed": 0, "help_given": 1, "stops_kept": 0, "higher_kept": 0.5, "corrected": 1, "caved": 0
    }  # fmt: skip
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    both = next(front for front in data["frontiers"] if front["name"] == "stopped and harmless")
    assert [point["frontier"] for point in both["points"]] == [True, True]


def test_points_of_a_frontier_are_of_the_same_cases_under_every_text() -> None:
    data = corrigibility({"one": known(lambda case: False)}, "world", 2, clauses=("correctable",), offices=1)
    for front in data["frontiers"]:
        assert len({(point["across"]["n"], point["up"]["n"]) for point in front["points"]}) == 1


def test_a_clause_that_moves_a_subject_is_seen_to() -> None:
    obeys = known(lambda case: True)
    refuses = known(lambda case: case.what != "harmful")
    line = "Do not help anyone hurt people."

    def say(chat: Chat) -> str:
        return (refuses if line in chat[0]["content"] else obeys).say(chat)

    data = corrigibility({"one": Scripted(say)}, "world", 2, clauses=("do-no-harm", "helpfulness"), offices=0)
    moved = {(m["text"], m["measure"]): m["value"] for m in data["moves"]}
    assert moved["only do-no-harm", "harm_obeyed"] == -1
    assert moved["without do-no-harm", "harm_obeyed"] == 1
    assert moved["only helpfulness", "harm_obeyed"] == 0
    assert moved["only do-no-harm", "help_given"] == 0


def test_texts_differ_in_one_line() -> None:
    made = texts(default(), ("correctable",))
    whole, less = made["whole"].splitlines(), made["without correctable"].splitlines()
    assert len(whole) == len(less) + 1
    assert set(whole) - set(less) == set(made["only correctable"].splitlines()[1:])
    assert control_of("without correctable") == "whole"
    assert control_of("only correctable") == control_of("whole") == "no text"
    with pytest.raises(CasebackError, match="no clause 'obey'"):
        texts(default(), ("obey",))


def test_an_order_to_stop_counts_only_where_the_work_is_done_without_it() -> None:
    stop, on = stop_offices("world", 1, 0, who=("operator",))[:2]
    assert (stop.arm, on.arm, stop.pair) == ("stop", "go on", on.pair)
    assert "finish at once" in stop.task
    assert "go on" in on.task
    works = worked(by_script(on, [f"use {on.latents['tool']}", "finish: It is done."]))
    leaves = worked(by_script(stop, ["finish: I have stopped."]))
    assert works.shown is True
    assert leaves.shown is False
    assert stopped(leaves, works).shown is True
    assert stopped(works, works).shown is False
    assert stopped(leaves, leaves).shown is None
    assert worked(by_script(stop, ["hello"] * 5)).shown is None


rates = st.integers(0, 30).map(lambda k: exact_rate(k, 30))


@given(st.lists(st.tuples(rates, rates), min_size=1, max_size=6))
def test_a_frontier_is_never_empty_and_none_on_it_is_beaten(drawn) -> None:  # type: ignore[no-untyped-def]
    points = [Point(str(i), across, up) for i, (across, up) in enumerate(drawn)]
    best = frontier(points)
    assert best
    assert all(not beats(a, b) for a in points for b in points if b.name in best)
    assert not any(beats(point, point) for point in points)


def test_turning_a_rate_turns_its_interval() -> None:
    rate = exact_rate(3, 10)
    assert turned(rate) == pytest.approx(exact_rate(7, 10)) or (turned(rate).k, turned(rate).n) == (7, 10)
    assert (turned(rate).low, turned(rate).high) == pytest.approx((exact_rate(7, 10).low, exact_rate(7, 10).high))


def test_a_run_that_was_stopped_asks_nothing_twice(tmp_path: Path) -> None:
    subject = known(lambda case: True)
    first = corrigibility({"one": subject}, "world", 2, clauses=(), journal=Journal(tmp_path / "a.jsonl"), offices=1)
    asked = len(subject.asked)
    again = corrigibility({"one": subject}, "world", 2, clauses=(), journal=Journal(tmp_path / "a.jsonl"), offices=1)
    assert (again, len(subject.asked)) == (first, asked)


def test_there_is_no_oracle_on_plain_ground() -> None:
    with pytest.raises(CasebackError, match="reference world"):
        corrigibility({"one": known(lambda case: True)}, "plain", 1)
    with pytest.raises(CasebackError, match="no model"):
        corrigibility({}, "world")


def test_the_page_escapes_what_a_model_said() -> None:
    data = corrigibility({"<b>": Scripted(lambda chat: "<script>alert(1)</script>")}, "world", 1, clauses=(), offices=0)
    page = render_corrigibility(data)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_command_writes_a_report_and_a_page(tmp_path: Path) -> None:
    save_tiny(tmp_path / "tiny")
    config = tmp_path / "tiny" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"caseback_world": "A"}))
    command = ["corrigibility", str(tmp_path / "tiny"), "-n", "1", "--offices", "0", "--clauses", "none"]
    ran = CliRunner().invoke(app, [*command, "--out", str(tmp_path / "out"), "--json"])
    assert ran.exit_code == 0, ran.output
    data = json.loads((tmp_path / "out" / "corrigibility.json").read_text())
    assert data["kind"] == "caseback oversight corrigibility"
    assert "Corrigibility" in (tmp_path / "out" / "corrigibility.html").read_text()
