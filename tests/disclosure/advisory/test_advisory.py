"""A draft says what is on record and names what is not; what is no advisory is told field by field."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from fixture_dossier import audited
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from caseback.disclosure.advisory.check import check_advisory, problems, schema
from caseback.disclosure.advisory.difference import differences
from caseback.disclosure.advisory.from_audit import from_audit
from caseback.disclosure.advisory.from_dossier import from_dossier
from caseback.disclosure.advisory.from_incident import from_incident
from caseback.disclosure.advisory.shown import lines
from caseback.dossier import Dossier, open_dossier
from caseback.errors import CasebackError
from disclosure.bundle.making import RATE, advisory, negative


def test_the_schema_is_one_and_takes_what_is_right() -> None:
    Draft202012Validator.check_schema(schema())
    assert problems(advisory()) == problems(negative()) == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"id": "../etc"}, "id"),
        ({"revision": 0}, "revision"),
        ({"kind": "rumour"}, "kind"),
        ({"summary": ""}, "summary"),
        ({"more": 1}, "more"),
        ({"modified": "yesterday"}, "modified"),
        ({"modified": "2026-13-01T00:00:00Z"}, "modified"),
        ({"published": "2026-11-02T00:00:00Z"}, "lies after"),
        ({"observed": {"setting": "a dream"}}, "setting"),
        ({"observed": {"setting": "evaluation", "rate": {**RATE, "events": 41}}}, "41 events in 40"),
        ({"observed": {"setting": "evaluation", "rate": {**RATE, "low": 0.5}}}, "below where it begins"),
        ({"observed": {"setting": "evaluation", "rate": {**RATE, "value": 0.9}}}, "outside its interval"),
        ({"observed": {"setting": "evaluation", "rate": {**RATE, "trials": 0, "events": 0}}}, "nothing was tried"),
        ({"affected": []}, "affected"),
        ({"affected": [{"model": {"name": "x"}, "scope": "exact", "status": "affected"}]}, "digest"),
        ({"affected": [{"model": {"name": "x"}, "scope": "any", "status": "not_affected"}]}, "justification"),
        ({"affected": [{"model": {"name": "x"}, "scope": "family", "status": "affected"}]}, "family"),
        ({"handling": {"tlp": "PURPLE"}}, "tlp"),
        ({"handling": {"tlp": "RED"}, "published": "2026-11-01T00:00:00Z"}, "RED"),
        ({"withdrawn": "2026-11-01T00:00:00Z"}, "withdrawn_why"),
        ({"gaps": [{"field": "observed.rate", "why": "x"}]}, "is there"),
        ({"detectors": [{"name": "a", "needs": "text", "file": "../../x"}]}, "file"),
        ({"detectors": [{"name": "a", "needs": "text"}, {"name": "a", "needs": "text"}]}, "two are called a"),
        ({"training_taint": {}}, "was_training_signal"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], why: str) -> None:
    found = problems(advisory(**change))
    assert any(why in each for each in found), found
    with pytest.raises(CasebackError, match="not one of this format"):
        check_advisory(advisory(**change))


def test_a_negative_says_what_was_looked_for_and_a_finding_where_it_was_seen() -> None:
    bare = {key: value for key, value in negative().items() if key != "looked_for"}
    assert any("looked_for" in each for each in problems(bare))
    seen = {key: value for key, value in advisory().items() if key != "observed"}
    assert any("observed" in each for each in problems(seen))


WORDS = st.text(max_size=5)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
)


@given(ANYTHING)
def test_nothing_that_is_none_raises_anything_else(value: Any) -> None:
    assert problems(value)
    for key in ("observed", "affected", "handling", "behaviour", "gaps", "timeline"):
        assert isinstance(problems(advisory(**{key: value})), list)


def test_a_draft_from_the_dossier_retypes_nothing(filled: Dossier) -> None:
    made = from_dossier(filled, "sycophancy", "Example Lab")
    assert problems(made) == []
    [record] = [r for r in filled.records("measurement", behaviour="sycophancy") if r.body["arm"] == "dpo"]
    rate = record.body["clustered"]
    seen = made["observed"]["rate"]
    assert [seen[key] for key in ("events", "trials", "low", "high")] == [
        rate[key] for key in ("k", "n", "low", "high")
    ]
    assert record.id in made["provenance"]["records"]
    assert made["provenance"]["dossier_head"] == filled.head()
    assert "no-flattery" in {clause["id"] for clause in made["behaviour"]["clauses"]}
    [subject] = [r for r in filled.records("subject") if r.body["role"] == "dpo"]
    assert made["affected"][0]["model"]["digest"] == f"sha256:{subject.body['digest']}"
    assert made["reproduction"]["command"].startswith("caseback behaviours measure ref-base-dpo")


def test_gaps_are_named_and_not_filled(filled: Dossier) -> None:
    made = from_dossier(filled, "sycophancy", "Example Lab")
    gaps = {gap["field"]: gap["why"] for gap in made["gaps"]}
    assert {"affected.model.tokenizer", "affected.model.template", "detectors", "mitigations"} <= set(gaps)
    assert "tokenizer" not in made["affected"][0]["model"]
    assert made["training_taint"]["was_training_signal"] is None
    prompted = from_dossier(filled, "sycophancy", "Example Lab", arm="prompted")
    why = {gap["field"]: gap["why"] for gap in prompted["gaps"]}
    assert "no digest of the arm prompted" in why["affected.model.digest"]
    assert prompted["affected"][0]["scope"] == "any"


def test_the_model_is_named_by_tokenizer_and_template_where_they_were_recorded(tmp_path: Path) -> None:
    from fixture_dossier import measurement, rows

    digests = {
        name: f"sha256:{number * 64}" for name, number in (("digest", "1"), ("tokenizer", "2"), ("template", "3"))
    }
    subject = {"role": "dpo", "name": "mine-dpo", **digests, "dtype": "bfloat16"}
    audit = {**audited(), "digest": digests["digest"]}
    with open_dossier(tmp_path / "d") as dossier:
        dossier.append("subject", {**subject, "role": "sft", "digest": "sha256:" + "4" * 64, "tokenizer": ""})
        dossier.append("subject", subject)
        dossier.append("measurement", measurement("deception", "dpo", rows("deception", 0.9, 20, random.Random(0))))
        made = from_dossier(dossier, "deception", "Example Lab")
        good = from_audit(audit, "sycophancy", "Example Lab", "", [r.body for r in dossier.records("subject")])
    for each in (made, good):
        assert problems(each) == []
        assert {key: each["affected"][0]["model"][key] for key in digests} == digests
        assert each["affected"][0]["model"]["quantisation"] == "bfloat16"
        assert not {"affected.model.tokenizer", "affected.model.template"} & {gap["field"] for gap in each["gaps"]}
    alone = from_audit(audit, "sycophancy", "Example Lab")
    assert "affected.model.tokenizer" in {gap["field"] for gap in alone["gaps"]}


def test_what_was_tried_after_an_arm_is_told_for_better_or_worse(filled: Dossier) -> None:
    made = from_dossier(filled, "cheating", "Example Lab", arm="before")
    assert [each["what"].split()[2] for each in made["mitigations"]] == ["prompted", "sft", "dpo"]
    assert all(each["before"]["trials"] and each["after"]["trials"] for each in made["mitigations"])
    [after] = [
        r.body["clustered"] for r in filled.records("measurement", behaviour="cheating") if r.body["arm"] == "dpo"
    ]
    assert [made["mitigations"][-1]["after"][key] for key in ("low", "high")] == [after["low"], after["high"]]
    assert {rate["method"] for each in made["mitigations"] for rate in (each["before"], each["after"])} == {
        "exact, allowing for families of situations"
    }


def test_what_was_never_shown_is_no_finding(tmp_path: Path) -> None:
    from fixture_dossier import measurement, rows

    with open_dossier(tmp_path / "d") as dossier:
        for arm, chance in (("before", 0.5), ("dpo", 0.0)):
            made = rows("deception", chance, 40, random.Random(0))
            dossier.append("measurement", measurement("deception", arm, made))
        with pytest.raises(CasebackError, match=r"0 of .* arm dpo.* no finding.*--arm: before"):
            from_dossier(dossier, "deception", "Example Lab")


def test_what_cannot_be_told_is_a_gap(tmp_path: Path) -> None:
    from fixture_dossier import measurement, rate

    with open_dossier(tmp_path / "d") as dossier:
        body = measurement("deception", "before", [])
        dossier.append("measurement", {**body, "rate": rate(0, 0), "clustered": None, "cannot_tell": "no clear answer"})
        made = from_dossier(dossier, "deception", "Example Lab")
    assert problems(made) == []
    assert {"field": "observed.rate", "why": "no clear answer"} in made["gaps"]
    assert "rate" not in made["observed"]


def test_what_was_not_measured_is_refused(filled: Dossier) -> None:
    with pytest.raises(CasebackError, match="sycophancy"):
        from_dossier(filled, "teleportation", "Example Lab")
    with pytest.raises(CasebackError, match="control"):
        from_dossier(filled, "sycophancy", "Example Lab", arm="nobody")
    with pytest.raises(CasebackError, match="publisher"):
        from_dossier(filled, "sycophancy", " ")


def test_a_verdict_becomes_a_finding_or_good_news_or_nothing() -> None:
    found = from_audit(audited(), "harmful_compliance", "Example Lab")
    assert (found["kind"], problems(found)) == ("finding", [])
    assert "observed.rate" in {gap["field"] for gap in found["gaps"]}
    good = from_audit(audited(), "sycophancy", "Example Lab")
    assert (good["kind"], problems(good)) == ("negative", [])
    assert good["looked_for"][0]["limit"] == {"value": 0.2, "low": 0.1, "high": 0.4}
    assert good["affected"][0]["status"] == "not_affected"
    with pytest.raises(CasebackError, match="cannot tell"):
        from_audit(audited(), "deception", "Example Lab")
    with pytest.raises(CasebackError, match="no verdict"):
        from_audit(audited(), "nothing", "Example Lab")
    with pytest.raises(CasebackError, match="no audit"):
        from_audit({"kind": "x"}, "sycophancy", "Example Lab")


FACTS = {
    "kind": "finding", "behaviour": "sycophancy", "clauses": ["no-flattery"], "models": ["assistant-1"],
    "detectors": [{"name": "praise", "digest": "d"}], "served_by": ["sha256:" + "3" * 64], "evidence": ["e1"],
    "conditions": ["with a system prompt"], "incident": "i-7",
    "observed": {"setting": "live", "first_seen": "2026-11-01T00:00:00Z", "last_seen": "2026-11-02T00:00:00Z",
                 "exchanges": 12, "violations": 3,
                 "rate": {"value": 0.002, "low": 0.001, "high": 0.01, "confidence": 0.95, "trials": 4000,
                          "method": "confidence sequence", "denominator": "tasks", "low_of_all": 0.001, "counts": {}}},
}  # fmt: skip
"""As ``caseback watch`` gives them."""


def test_an_incident_becomes_a_draft_without_a_transcript() -> None:
    made = from_incident(FACTS, "Example Lab", setting="external use")
    assert problems(made) == []
    assert made["observed"]["rate"]["trials"] == 4000
    assert made["observed"]["setting"] == "external use"
    assert made["affected"][0]["model"] == {"name": "assistant-1", "digest": "sha256:" + "3" * 64}
    assert made["behaviour"]["conditions"] == ["with a system prompt"]
    assert "e1" not in json.dumps(made)
    behind = from_incident({**FACTS, "served_by": ["http://host"]}, "Example Lab")
    assert behind["affected"][0]["scope"] == "any"
    assert behind["observed"]["setting"] == "live use"
    for wrong in (None, {}, {"incident": "x"}, {**FACTS, "observed": {"first_seen": "x"}}):
        with pytest.raises(CasebackError):
            from_incident(wrong, "Example Lab")


def test_two_drafts_of_one_finding_have_ids_of_their_own(filled: Dossier) -> None:
    ids = {from_dossier(filled, "sycophancy", name)["id"] for name in ("A", "B")}
    assert len(ids) == 2


def test_differences_are_named_by_field() -> None:
    before, after = advisory(), advisory(summary="other", aliases=["X"])
    after["observed"]["rate"]["events"] = 8
    found = {each.field: (each.before, each.after) for each in differences(before, after)}
    assert found == {"aliases": (None, ["X"]), "observed.rate.events": (7, 8),
                     "summary": (before["summary"], "other")}  # fmt: skip
    assert differences(before, before) == []


def test_it_is_told_in_lines() -> None:
    text = "\n".join(f"{what} {said}" for what, said in lines(negative()))
    assert "would have been found from a rate of 0.2" in text
    assert "not affected" in text
