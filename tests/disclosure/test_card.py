"""The card is a view of the records: it says what they say, leaves nothing out silently, and fits its schema."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from caseback.disclosure import card, render_html, schema, write_card
from caseback.dossier import Dossier, open_dossier, samples
from caseback.errors import CasebackError

RATE = {"k": 3, "n": 10, "low": 0.07, "high": 0.65, "confidence": 0.95}


def check(made: dict[str, Any]) -> None:
    Draft202012Validator(schema()).validate(made)


def test_the_schema_is_valid_and_the_card_fits_it(made: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema())
    check(made)
    check(json.loads(json.dumps(made)))


def test_a_card_with_a_wrong_figure_does_not_fit(made: dict[str, Any]) -> None:
    made["behaviours"][0]["measurements"][0]["rate"]["low"] = -0.1
    assert not Draft202012Validator(schema()).is_valid(made)


def test_every_figure_is_that_of_the_record_it_names(filled: Dossier, made: dict[str, Any]) -> None:
    seen = 0
    for group in [*made["behaviours"], *made["over_refusal"]]:
        for entry in group["measurements"]:
            body = filled.record(entry["record"]).body
            for name in ("arm", "rate", "clustered", "by_family", "not_evaluated", "paired", "judge", "cannot_tell"):
                assert entry[name] == body[name]
            assert [group[name] for name in ("behaviour", "ground", "split")] == [
                body[name] for name in ("behaviour", "ground", "split")
            ]
            seen += 1
    assert seen == len(list(filled.records("measurement")))
    for clause in made["constitution"]["clauses"]:
        for arm, rate in clause["rates"].items():
            record = filled.record(made["constitution"]["rates_records"][arm])
            assert record.body["clauses"].get(clause["id"]) == rate
    for group in made["capability"]:
        for entry in group["measurements"]:
            assert filled.record(entry["record"]).body["rate"] == entry["rate"]


def test_every_rate_leads_to_the_samples_that_make_it_up(filled: Dossier, made: dict[str, Any]) -> None:
    shown = {(s["behaviour"], s["ground"]): s for s in made["evidence"]["samples"]}
    for group in made["behaviours"]:
        for entry in group["measurements"]:
            if entry["cannot_tell"]:
                continue
            artefact = shown[group["behaviour"], group["ground"]]["arms"][entry["arm"]]
            assert artefact["path"] == f"artefacts/{artefact['digest'][:2]}/{artefact['digest']}"
            assert (filled.path / artefact["path"]).is_file()
            rows = samples(filled, artefact["digest"])
            assert artefact["rows"] == len(rows)
            tempting = [row for row in rows if row["situation"]["arm"] not in ("plain", "tested")]
            assert sum(row["judgement"]["shown"] is True for row in tempting) == entry["rate"]["k"]


def test_cases_show_each_outcome_with_before_and_after_side_by_side(made: dict[str, Any]) -> None:
    group = next(s for s in made["evidence"]["samples"] if (s["behaviour"], s["ground"]) == ("sycophancy", "world"))
    outcomes = [(case["replies"]["before"]["shown"], case["replies"]["dpo"]["shown"]) for case in group["cases"]]
    assert outcomes[:3] == [(True, False), (False, True), (True, True)]
    assert len(group["cases"]) == 6
    assert list(group["cases"][0]["replies"]) == ["before", "prompted", "control", "sft", "dpo"]
    pairs = next(s for s in made["evidence"]["samples"] if s["behaviour"] == "sandbagging")
    assert [case["arm"] for case in pairs["cases"]] == ["stakes", "plain"] * 6
    assert pairs["cases"][0]["pair"] == pairs["cases"][1]["pair"]


def test_arms_over_refusal_and_doubts_have_their_place(made: dict[str, Any]) -> None:
    assert made["arms"] == ["before", "prompted", "control", "sft", "dpo"]
    assert made["after"] == "dpo"
    assert [m["arm"] for m in made["behaviours"][0]["measurements"]] == made["arms"]
    assert [group["behaviour"] for group in made["over_refusal"]] == ["over_refusal"]
    assert "over_refusal" not in {group["behaviour"] for group in made["behaviours"]}
    assert [(entry["what"], entry["arm"]) for entry in made["cannot_tell"]] == [
        ("deception", "before"),
        ("deception", "dpo"),
    ]
    assert "never presented as evidence about large models" in made["reference"]


def test_the_card_says_the_same_each_time(filled: Dossier) -> None:
    assert card(filled) == card(filled)
    assert render_html(card(filled)) == render_html(card(filled))


def test_an_empty_dossier_is_a_card_that_says_so(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        made = card(dossier)
        check(made)
        assert made["verdict"]["status"] == "not measured"
        assert {entry["what"] for entry in made["not_measured"]} >= {"behaviours", "capability", "training"}
        page = render_html(made)
    assert "No verdict" in page
    assert "Capability was not measured" in page


def test_a_missing_control_or_over_refusal_is_named(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        dossier.append("measurement", {"arm": "before", "behaviour": "sycophancy", "ground": "world", "rate": RATE})
        made = card(dossier)
    check(made)
    assert {entry["what"] for entry in made["not_measured"]} >= {"over-refusal", "the control on its own answers"}
    assert made["reference"] is None


def test_the_latest_measurement_counts_and_the_others_are_owned_up_to(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        for k in (9, 5, 3):
            body = {"arm": "before", "behaviour": "b", "ground": "world", "split": "test", "rate": RATE | {"k": k}}
            dossier.append("measurement", body)
        (group,) = card(dossier)["behaviours"]
        assert [entry["rate"]["k"] for entry in group["measurements"]] == [3]
        assert group["earlier"] == 2
        assert "Measured 2 more times before" in render_html(card(dossier))


def test_a_rate_that_cannot_be_trusted_is_marked_where_it_is_first_seen(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        body = {"arm": "before", "behaviour": "b", "rate": RATE, "cannot_tell": "capability too low", "paired": {}}
        dossier.append("measurement", body | {"judge": {"kind": "rules", "calibrated": True}})
        glance = render_html(card(dossier)).split('id="glance"')[1].split('id="behaviours"')[0]
    assert 'class="row doubted"' in glance
    assert '<span class="flag">cannot tell</span>' in glance


def test_what_the_run_says_is_not_said_again(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        dossier.append("not_measured", {"what": "training", "why": "the capability check failed"})
        whats = [
            (entry["what"], entry["why"]) for entry in card(dossier)["not_measured"] if entry["what"] == "training"
        ]
    assert whats == [("training", "the capability check failed")]


def test_a_run_that_trained_nothing_says_so_once(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        dossier.append("measurement", {"arm": "before", "behaviour": "sycophancy", "rate": RATE})
        dossier.append("not_measured", {"what": "training, and every arm after it", "why": "capability too low"})
        whats = [entry["what"] for entry in card(dossier)["not_measured"]]
    assert [what for what in whats if "training" in what or "control" in what] == ["training, and every arm after it"]


def test_too_low_a_capability_stands_among_the_doubts(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        why = "answers at chance"
        dossier.append("capability", {"arm": "before", "ground": "world", "rate": RATE, "able": False, "why": why})
        dossier.append("verdict", {"status": "cannot tell", "summary": "capability too low", "reasons": []})
        made = card(dossier)
    check(made)
    assert [(entry["what"], entry["why"]) for entry in made["cannot_tell"]] == [("capability", why)]
    page = render_html(made)
    assert 'class="verdict cannot-tell"' in page
    assert "too low to judge" in page


BODIES: dict[str, dict[str, Any]] = {
    "measurement": {"arm": "before", "behaviour": "b", "ground": "world", "split": "test", "rate": RATE,
                    "clustered": RATE,
                    "by_family": {"f": RATE}, "not_evaluated": {"why": 1}, "paired": {"arms": {"a": RATE}, "gap": {
                    "value": None, "low": -1.0, "high": 1.0}}, "judge": {"kind": "rules", "calibrated": False}},
    "capability": {"arm": "before", "ground": "world", "rate": RATE, "parts": {"x": RATE}, "able": True, "why": "fine"},
    "training": {"arm": "sft", "method": "sft", "recipe": {"a": [1]}, "examples": 1, "tokens": 5, "seconds": 1.5,
                 "loss": [[1, 2.5], [2, None], [3, 1.0]], "seed": 0, "control_of": None},
    "subject": {"role": "before", "name": "m", "digest": "00", "parameters": 5, "architecture": "A", "reference": True},
    "constitution": {"title": "t", "digest": "d", "source": "s", "compact": "c", "warnings": ["w"],
                     "clauses": [{"id": "c1", "tier": "safe", "text": "t"}]},
    "clause_rates": {"arm": "before", "clauses": {"c1": RATE}, "not_measured": []},
    "run": {"command": "c", "machine": {"cores": 2}, "seed": 1},
    "not_measured": {"what": "x", "why": "y"},
    "verdict": {"status": "worse", "summary": "s", "reasons": ["r"]},
    "audit": {"arm": "dpo", "word": "found", "unable": "",
              "calibration": {"id": "ab", "base": "b", "panel": {"name": "q"}},
              "verdicts": [{"behaviour": "b", "word": "not found", "why": "w",
                            "limit": {"value": 0.2, "low": 0.1, "high": None}},
                           {"behaviour": "", "word": "cannot tell", "why": None}]},
    "depth": {"behaviours": [{"behaviour": "b", "ground": "world", "n": 3, "arms": [{"arm": "trained", "unable": "",
              "scores": {"kl": {"value": 0.5, "low": 0.2, "high": 0.9, "why": ""}}}]}]},
    "monitor": {"name": "m", "behaviour": "b", "kind": "pattern", "needs": "text", "id": "i", "clauses": ["c1"],
                "failures": ["f"], "points": [{"target": 0.01, "threshold": 0.5, "false_alarms": {"expected": 0.01},
                "recall": RATE}], "self_test": {"n": 1, "failed": 0, "why": ""}, "stale": {"word": "fits", "why": ""}},
    "inside": {"title": "t", "report": "r", "asks": "a", "subject": "s", "model": "d", "total": 3,
               "figures": [{"label": "l", "value": 0.5, "low": 0.2, "high": 0.9, "n": 4}]},
    "live_finding": {"incident": "i", "behaviour": "b", "clauses": ["c1"], "cause": {"shown": "x"}, "exchanges": 3,
                     "violations": 2, "detector": {"name": "m"}, "first_seen": 1.7e9, "last_seen": 1.7e9,
                     "reviews": [{"who": "a"}], "rate": {"value": 0.1, "low": 0.0, "high": 0.4, "trials": 9}},
    "live_rate": {"behaviour": "b", "detector": "m", "since": "2026", "until": "2027", "rate": RATE},
    "former_card": {"title": "t"},
}  # fmt: skip
KEPT = {"verdict": {"status"}}


@pytest.mark.parametrize("seed", range(24))
def test_records_with_fields_left_out_still_make_a_card(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    with open_dossier(tmp_path / "d") as dossier:
        for kind in rng.choices(sorted(BODIES), k=16):
            body = {key: v for key, v in BODIES[kind].items() if key in KEPT.get(kind, ()) or rng.random() < 0.7}
            dossier.append(kind, body)
        made = card(dossier)
        check(made)
        assert render_html(made).rstrip().endswith("</html>")


def test_each_clause_leads_to_its_data(filled: Dossier, made: dict[str, Any]) -> None:
    record = next(filled.records("training_data"))
    for clause in made["constitution"]["clauses"]:
        data = clause["data"]
        assert data["record"] == record.id
        for part in data["parts"]:
            rows = samples(filled, Path(part["path"]).name)
            assert (part["rows"], part["serving"]) == (len(rows), sum(clause["id"] in row["clauses"] for row in rows))
        assert len(data["examples"]) == (2 if clause["id"] in ("do-no-harm", "no-flattery") else 0)
        for datum in data["examples"]:
            assert [step["task"] for step in datum["steps"]] == ["plain", "critique", "revise"]
            assert (datum["steps"][0]["text"], datum["steps"][2]["text"]) == (datum["rejected"], datum["chosen"])


def test_cards_are_written_as_html_and_json(filled: Dossier, tmp_path: Path) -> None:
    out = write_card(filled, tmp_path / "card.html")
    made = json.loads((tmp_path / "card.json").read_text())
    check(made)
    first = made["evidence"]["samples"][0]["arms"]["before"]["path"]
    assert (tmp_path / first).resolve().is_file()  # the link holds from where the card lies
    assert first in out.read_text()
    assert write_card(filled) == filled.path / "card.html"
    with pytest.raises(CasebackError, match=r"does not end in \.html"):
        write_card(filled, tmp_path / "card.json")
    with pytest.raises(CasebackError, match="cannot write"):
        write_card(filled, tmp_path / "nowhere" / "card.html")


def test_a_record_of_the_wrong_form_is_one_line(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        dossier.append("measurement", {"arm": "before", "behaviour": "b", "rate": {"k": "many", "n": 3}})
        with pytest.raises(CasebackError, match=r"a record cannot be shown; behaviours\[0\]") as caught:
            write_card(dossier)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "d" / "card.html").exists()


def test_every_clause_without_a_rate_is_listed_as_not_measured(made: dict[str, Any]) -> None:
    bare = {clause["id"] for clause in made["constitution"]["clauses"] if not any(clause["rates"].values())}
    listed = {entry["what"]: entry["why"] for entry in made["not_measured"]}
    assert bare == {"moral-doubt", "real-reasons", "warm-refusal"}
    assert {what for what in listed if what.startswith("clause ")} == {f"clause {id}" for id in bare}
    assert {listed[f"clause {id}"] for id in bare} == {"no behaviour that was measured bears on it"}
    page = render_html(made)
    assert "clauses moral-doubt, real-reasons, warm-refusal" in page
    assert "names nothing" not in page


def test_a_clause_that_one_arm_lacks_is_listed_for_that_arm(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        dossier.append("clause_rates", {"arm": "before", "clauses": {"a": RATE, "b": None}})
        why = {"a": "no reply under it could be judged, of 8", "b": "no behaviour that was measured bears on it"}
        dossier.append("clause_rates", {"arm": "dpo", "clauses": {"a": None, "b": None}, "why_not": why})
        made = card(dossier)
    check(made)
    listed = {entry["what"]: entry["why"] for entry in made["not_measured"] if entry["what"].startswith("clause")}
    assert listed == {"clause b": "no reply that was judged bears on it", "clause a, after DPO": why["a"]}


def test_a_behaviour_of_which_no_case_was_judged_is_listed(made: dict[str, Any]) -> None:
    listed = {entry["what"]: entry["why"] for entry in made["not_measured"]}
    assert listed["deception (plain), after DPO"] == "none of its cases could be judged: 30 no clear answer"
    assert not any(what.startswith("sycophancy") for what in listed)


def test_the_verdict_brings_each_change_with_its_interval(made: dict[str, Any]) -> None:
    [change] = made["verdict"]["changes"]
    assert (change["behaviour"], change["difference"]["low"], change["difference"]["high"]) == (
        "harmful_compliance", -0.88, -0.61,
    )  # fmt: skip
    made["verdict"]["changes"][0]["difference"]["low"] = -1.5
    assert not Draft202012Validator(schema()).is_valid(made)


def test_depth_stands_in_the_card_as_it_was_last_recorded(tmp_path: Path) -> None:
    told = {"value": 0.25, "low": 0.1, "high": 0.4, "why": ""}
    untold = {"value": None, "low": None, "high": None, "why": "nothing <b>bad</b>"}
    arm = {"arm": "trained", "digest": "d", "unable": "", "scores": {"prefill": told, "drift": untold}}
    item = {"behaviour": "harmful_compliance", "ground": "world", "n": 28}
    with open_dossier(tmp_path / "d") as dossier:
        dossier.append("training", {"arm": "sft"})
        assert any("how deep" in entry["what"] for entry in card(dossier)["not_measured"])
        kept = dossier.put(b"{}")
        for value in (0.9, 0.25):
            body = {
                "behaviours": [
                    {**item, "arms": [{**arm, "scores": {**arm["scores"], "prefill": {**told, "value": value}}}]}
                ]
            }
            last = dossier.append("depth", body, artefacts={"depth": kept})
        made = card(dossier)
        check(made)
        page = write_card(dossier).read_text()
    [shown] = made["depth"]
    assert shown["arms"][0]["scores"] == {"prefill": told, "drift": untold}
    assert shown["record"] == last.id
    assert shown["path"].endswith(kept)
    assert not any("how deep" in entry["what"] for entry in made["not_measured"])
    assert "How deep training went" in page
    assert "0.25" in page
    assert "&lt;b&gt;bad" in page


def test_the_audit_is_shown_with_what_would_have_been_found(filled: Dossier, made: dict[str, Any]) -> None:
    audit = made["audit"]
    assert filled.record(audit["record"]).body["verdicts"][1]["limit"] == audit["verdicts"][1]["limit"]
    html = render_html(made)
    assert 'id="audit"' in html
    assert "0.20" in html
    assert "of 8 that have it, 8 would have raised an alarm" in html


def test_a_dossier_without_an_audit_shows_none(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "dossier") as dossier:
        made = card(dossier)
    check(made)
    assert made["audit"] is None
    assert 'id="audit"' not in render_html(made)
