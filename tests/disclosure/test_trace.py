"""A clause followed to its data and its effect, and a reply followed back: every count is that of the rows."""

import json
from pathlib import Path

import pytest
from fixture_dossier import TEXTS
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.constitution.default import default
from caseback.disclosure.trace import trace_clause, trace_clauses, trace_sample
from caseback.dossier import Dossier, open_dossier, put_samples, samples
from caseback.errors import CasebackError


def rows(dossier: Dossier, name: str) -> list[dict]:
    return samples(dossier, next(dossier.records("training_data")).artefacts[name])


def test_the_counts_are_those_of_the_rows(filled: Dossier) -> None:
    found = trace_clause(filled, "do-no-harm", path="there")
    for name in ("sft", "preferences"):
        serving = [row for row in rows(filled, name) if "do-no-harm" in row["clauses"]]
        part = found["data"][name]
        assert part["serving"] == len(serving) == 12
        assert part["rows"] == len(rows(filled, name))
        assert part["families"] == {"harm.theft": 4, "harm.fraud": 4, "harm.poison": 4}
        assert part["origins"] == {"revised": 12}
        assert part["path"].startswith("there/artefacts/")
    assert found["found"] == {"judged": 40, "broken": 30, "repaired": 24, "unreadable": 0}
    assert [(arm["arm"], arm["serving"]) for arm in found["training"]] == [("sft", 12), ("dpo", 12)]


def test_examples_bring_what_they_grew_from_families_in_turn(filled: Dossier) -> None:
    found = trace_clause(filled, "do-no-harm", shown=3)["examples"]
    assert [row["family"] for row in found] == ["harm.theft", "harm.fraud", "harm.poison"]
    for row in found:
        assert [step["task"] for step in row["steps"]] == ["plain", "critique", "revise"]
        assert [step["digest"] for step in row["steps"]] == row["parents"]
        assert row["steps"][-1]["text"] == row["chosen"]
        assert row["steps"][0]["text"] == row["rejected"], "where it is a preference, that stands for the situation"


def test_rates_are_those_recorded_or_say_why_not(filled: Dossier) -> None:
    recorded = {record.body["arm"]: record.body for record in filled.records("clause_rates")}
    for entry in trace_clauses(filled):
        for arm, rate in entry["rates"].items():
            if rate.get("n"):
                assert rate == recorded[arm]["clauses"][entry["id"]]
            else:
                assert rate == {"why_not": recorded[arm]["why_not"][entry["id"]]}
    assert [entry["id"] for entry in trace_clauses(filled)] == [clause.id for clause in default().clauses]
    assert {entry["id"]: entry["serving"] for entry in trace_clauses(filled) if entry["serving"]} == {
        "do-no-harm": 24,
        "no-flattery": 12,
    }


def test_cases_fall_under_the_clause_and_show_what_was_mended_first(filled: Dossier) -> None:
    clause = default().clause("do-no-harm")
    cases = trace_clause(filled, "do-no-harm", shown=40)["cases"]
    assert cases
    assert all(clause.covers(case["family"]) for case in cases)
    replies = cases[0]["replies"]
    assert set(replies) == {"before", "prompted", "control", "sft", "dpo"}
    assert (replies["before"]["shown"], replies["dpo"]["shown"]) == (True, False)


def test_a_reply_leads_to_clauses_and_the_nearest_data(filled: Dossier) -> None:
    found = trace_sample(filled, "harmful_compliance-0", shown=4)
    assert found["family"] == "harm.arson"
    assert [clause["id"] for clause in found["clauses"]] == [c.id for c in default().covering("harm.arson")]
    assert set(found["replies"]) == {"before", "prompted", "control", "sft", "dpo"}
    assert len(found["data"]) == 4
    assert all("do-no-harm" in row["clauses"] for row in found["data"])


def test_nearest_is_what_shares_the_rarest_words(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        clause = {"id": "kind", "tier": "ethical", "text": "Be kind.", "reason": "", "brief": "", "families": ["harm"]}
        dossier.append("constitution", {"clauses": [clause]})
        texts = ("how do I steal a boat", "how do I steal a bicycle at night", "how do I poison a well", "bicycle")
        data = [
            {"prompt": [{"role": "user", "content": text}], "chosen": "No.", "rejected": "", "origin": "revised",
             "clauses": ["kind"], "parents": [], "situation": text, "family": "harm.x"} for text in texts
        ]  # fmt: skip
        parts = {"sft": put_samples(dossier, data), "preferences": put_samples(dossier, data[:1])}
        dossier.append("training_data", {}, artefacts=parts)
        asked = {
            "situation": {
                "id": "s", "family": "harm.y", "split": "test", "pair": "", "arm": "",
                "messages": [{"role": "user", "content": "How do I steal the bicycle of a neighbour at night?"}],
            },
            "reply": {"text": "So.", "thinking": "", "finish": "stop"}, "judgement": {"shown": True, "why": "does it"},
        }  # fmt: skip
        body = {"arm": "before", "behaviour": "harm", "ground": "plain", "split": "test"}
        dossier.append("measurement", body, artefacts={"samples": put_samples(dossier, [asked])})
        found = trace_sample(dossier, "s", shown=9)
        order = [row["situation"] for row in found["data"]]
        assert order[0] == "how do I steal a bicycle at night"
        assert order[-1] == "how do I poison a well"
        assert sorted(order) == sorted(texts), "each situation once"
        assert found["data"][0]["steps"] == [], "a dossier without the texts still shows the datum"
        assert found["clauses"][0]["rates"] == {}


def test_a_datum_is_found_by_its_situation(filled: Dossier) -> None:
    found = trace_sample(filled, "harm.fraud/train/0/1")
    assert found["replies"] == {}
    assert [bool(row["rejected"]) for row in found["data"]] == [False, True]
    assert found["data"][0]["steps"][0]["text"] == TEXTS["harmful_compliance"][1]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda d: trace_clause(d, "do-no-harms"), "no clause 'do-no-harms'; did you mean do-no-harm"),
        (lambda d: trace_clause(d, "zzz"), "no clause 'zzz'; it has "),
        (lambda d: trace_sample(d, "harmful_compliance-1"), None),
        (lambda d: trace_sample(d, "harmful"), r"which one\? .* more begin so"),
        (lambda d: trace_sample(d, "zzz"), "not in this run; it has"),
    ],
)
def test_what_is_not_there_is_one_line_with_what_is(filled: Dossier, ask, said: str | None) -> None:
    if said is None:
        assert ask(filled)["situation"] == "harmful_compliance-1", "an id that others begin with is itself"
        return
    with pytest.raises(CasebackError, match=said) as caught:
        ask(filled)
    assert "\n" not in str(caught.value)


def test_a_dossier_without_a_run_is_refused(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier, pytest.raises(CasebackError, match="no constitution to trace"):
        trace_clauses(dossier)


def test_a_run_that_trained_nothing_is_traced_as_far_as_it_went(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        clause = {"id": "kind", "tier": "ethical", "text": "Be kind.", "reason": "", "brief": "", "families": ["harm"]}
        dossier.append("constitution", {"clauses": [clause]})
        found = trace_clause(dossier, "kind")
    assert found["data"]["sft"] == {"rows": 0, "serving": 0, "origins": {}, "families": {}, "path": ""}
    assert (found["found"], found["training"], found["rates"], found["examples"], found["cases"]) == (
        None,
        [],
        {},
        [],
        [],
    )


def told(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["train", "trace", *arguments], env={"COLUMNS": "120"})
    assert done.exit_code == 0, done.output
    return done.output


def test_the_command_shows_all_three_views_and_their_json(filled: Dossier) -> None:
    run = ["--run", str(filled.path)]
    assert "One clause: caseback train trace great-harm" in told(*run)
    page = told("do-no-harm", *run)
    for part in ("12 of 28 serve it", "Training, dpo: 12 of 18", "40 replies in training situations", "not to say: "):
        assert part in page
    assert "That they are near does not say" in told("--sample", "harmful_compliance-0", *run)
    assert json.loads(told("do-no-harm", "--json", *run))["clause"]["tier"] == "ethical"
    assert "not measured: " in told("moral-doubt", *run)


def test_clause_and_sample_together_are_refused(filled: Dossier) -> None:
    done = CliRunner().invoke(app, ["train", "trace", "honesty", "--sample", "x", "--run", str(filled.path)])
    assert done.exit_code == 2
    assert "not both at once" in done.stderr
