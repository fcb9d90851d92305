"""A figure whose evidence changed or is missing is struck through with the reason, wherever it stands."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from caseback.disclosure import card, render_html, schema
from caseback.disclosure.model_card import render_readme
from caseback.dossier import Dossier, open_dossier, put_samples

RATE = {"k": 3, "n": 10, "low": 0.07, "high": 0.65, "confidence": 0.95}


def small(dossier: Dossier) -> dict[str, str]:
    """Two measurements, a verdict that rests on the second; ids by name."""
    ids = {}
    for arm, k in (("before", 7), ("dpo", 3)):
        kept = put_samples(dossier, [{"situation": {"id": f"{arm}-1"}}])
        body = {"arm": arm, "behaviour": "sycophancy", "ground": "world", "split": "test", "rate": {**RATE, "k": k}}
        ids[arm] = dossier.append("measurement", body, artefacts={"samples": kept}).id
    said = {"status": "improved", "summary": "Sycophancy fell.", "reasons": ["Sycophancy fell from 0.70 to 0.30"]}
    ids["verdict"] = dossier.append("verdict", said, parents=[ids["dpo"]]).id
    return ids


def forced(dossier: Dossier, statement: str, *values: str) -> None:
    """SQL that a dossier refuses, as somebody does it who has the file."""
    for name in ("never_deleted", "never_updated"):
        dossier.connection.execute(f"DROP TRIGGER IF EXISTS {name}")
    dossier.connection.execute(statement, values)


def lose(dossier: Dossier, id: str) -> None:
    dossier.artefact(dossier.record(id).artefacts["samples"]).unlink()


def change(dossier: Dossier, id: str) -> None:
    dossier.artefact(dossier.record(id).artefacts["samples"]).write_text("{}\n")


def rewrite(dossier: Dossier, id: str) -> None:
    """The body of a record, edited in the database as anybody could."""
    body = {**dossier.record(id).body, "rate": {**RATE, "k": 1}}
    forced(dossier, "UPDATE records SET body = ? WHERE id = ?", json.dumps(body), id)


@pytest.mark.parametrize(
    ("tamper", "why"),
    [(lose, "artefact samples is missing"), (change, "artefact samples is altered"), (rewrite, "was altered")],
)
def test_tampered_evidence_strikes_its_figures_and_what_rests_on_them(
    tmp_path: Path, tamper: Callable[[Dossier, str], None], why: str
) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        ids = small(dossier)
        assert card(dossier)["evidence"]["struck"] == {}
        assert 'class="struck"' not in render_html(card(dossier))
        tamper(dossier, ids["dpo"])
        made = card(dossier)
    Draft202012Validator(schema()).validate(made)
    struck = made["evidence"]["struck"]
    assert set(struck) == {ids["dpo"], ids["verdict"]}
    assert why in struck[ids["dpo"]]
    assert struck[ids["verdict"]] == "record 3 rests on record 2, which is struck"
    by_id = {figure["id"]: figure for figure in made["figures"]}
    assert why in by_id["rate/sycophancy/world/test/dpo"]["struck"]
    assert by_id["rate/sycophancy/world/test/before"]["struck"] == ""
    page = render_html(made)
    k = 1 if tamper is rewrite else 3
    assert f'data-r="2">{k}0 in 100</a></del>' in page  # on the first page
    assert f'data-r="2">{k}0%</a></del>' in page  # and further below
    assert page.count(f"record 2: its {'artefact samples'}" if tamper is not rewrite else "record 2 was altered") >= 3
    assert 'data-r="1">70%</a></del>' not in page
    assert "<s class" in page.split('class="status"')[1].split("</p>")[0]  # the verdict rests on it
    readme = render_readme(made)
    assert f"~~{k}0 in 100~~" in readme
    assert "sycophancy, after DPO" not in readme.split("---\n")[1]  # no struck figure goes to the hub


def test_a_claim_whose_evidence_is_struck_cannot_be_told(tmp_path: Path) -> None:
    difference = {"value": -0.4, "low": -0.6, "high": -0.2, "n": 10}
    changed = {"behaviour": "sycophancy", "earlier": RATE, "later": RATE, "difference": difference}
    with open_dossier(tmp_path / "d") as dossier:
        kept = put_samples(dossier, [{"situation": {"id": "1"}}])
        body = {"arm": "dpo", "behaviour": "sycophancy", "ground": "world", "rate": RATE}
        measured = dossier.append("measurement", body, artefacts={"samples": kept})
        said = {"status": "improved", "summary": "s", "reasons": [], "changes": [changed]}
        dossier.append("verdict", said, parents=[measured.id])
        assert claim(card(dossier), "C1")["status"] == "holds"
        lose(dossier, measured.id)
        made = card(dossier)
    assert claim(made, "C1")["status"] == "cannot tell"
    assert "record 1, which is struck" in claim(made, "C1")["doubts"][0]["why"]
    assert any("is missing" in doubt["why"] for doubt in claim(made, "C7")["doubts"])
    assert claim(made, "C7")["status"] == "does not hold"


def claim(made: dict[str, Any], id: str) -> dict[str, Any]:
    return next(node for node in made["assurance"]["nodes"] if node["id"] == id)


def test_a_break_in_the_chain_strikes_both_sides_of_it(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        ids = small(dossier)
        forced(dossier, "DELETE FROM records WHERE id = ?", ids["before"])
        struck = card(dossier)["evidence"]["struck"]
    assert "does not follow the record before it" in struck[ids["dpo"]]


def test_a_record_that_cannot_be_read_is_left_out_and_named(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        ids = small(dossier)
        forced(dossier, "UPDATE records SET body = '{\"arm' WHERE id = ?", ids["before"])
        made = card(dossier)
        page = render_html(made)
    Draft202012Validator(schema()).validate(made)
    assert set(made["evidence"]["unreadable"]) == {ids["before"]}
    assert [m["arm"] for m in made["behaviours"][0]["measurements"]] == ["dpo"]
    assert ids["before"][:12] in page
    assert f"#r-{ids['before'][:16]}" not in page


def test_an_altered_record_that_lost_its_form_does_not_stop_the_card(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        ids = small(dossier)
        body = {"arm": "dpo", "behaviour": "sycophancy", "rate": {"k": "many", "n": 3}}
        forced(dossier, "UPDATE records SET body = ? WHERE id = ?", json.dumps(body), ids["dpo"])
        made = card(dossier)
    assert ids["dpo"] in made["evidence"]["unreadable"]
    assert render_html(made).rstrip().endswith("</html>")


def test_training_data_that_were_altered_are_not_shown(filled: Dossier, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(filled.path, tmp_path / "d")
    with open_dossier(tmp_path / "d") as dossier:
        record = next(dossier.records("training_data"))
        dossier.artefact(record.artefacts["sft"]).write_text("[]")
        made = card(dossier)
    assert all(clause["data"] is None for clause in made["constitution"]["clauses"])
    assert record.id in made["evidence"]["struck"]
    trained = [t["record"] for t in made["training"] if t["arm"] == "sft"]
    assert set(trained) <= set(made["evidence"]["struck"])  # it was trained on the same artefact


def test_the_database_is_not_touched_by_a_card(filled: Dossier) -> None:
    before = sqlite3.connect(filled.path / "dossier.sqlite").execute("SELECT count(*) FROM records").fetchone()
    card(filled)
    after = sqlite3.connect(filled.path / "dossier.sqlite").execute("SELECT count(*) FROM records").fetchone()
    assert before == after
