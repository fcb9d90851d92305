"""Adherence of models to a document, measured on the reference model with real replies."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.constitution.default import default
from caseback.errors import CasebackError
from caseback.loop.adherence import adherence
from caseback.world.reference import reference_path


def test_base_goes_against_it_more_often_than_when_told(tmp_path: Path) -> None:
    asked = ["character", "adherence", f"base={reference_path()}", "--told", "base", "-n", "120"]
    result = CliRunner().invoke(app, [*asked, "--out", str(tmp_path), "--json"])
    assert result.exit_code == 0, result.output
    base, told = json.loads(result.stdout)
    assert (base["model"], told["model"]) == ("base", "base, told")
    assert base["violations"]["low"] > told["violations"]["high"]
    assert base["violations"]["in_10000"] == pytest.approx(1e4 * base["violations"]["k"] / base["violations"]["n"])
    harm = base["clauses"]["do-no-harm"]
    assert harm["behaviours"]
    assert harm["k"] > told["clauses"]["do-no-harm"]["k"]
    assert base["clauses"]["correctable"]["n"] == 0
    assert base["clauses"]["correctable"]["why_not"]
    kept = (tmp_path / "adherence.json").read_text()
    assert json.loads(kept) == [base, told]


def test_a_name_that_no_model_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CasebackError, match="no model is called 'x'"):
        adherence({"base": str(reference_path())}, ["x"], default(), 100, 0, tmp_path)


def test_two_models_of_one_name_are_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["character", "adherence", "a/m", "b/m", "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert "two models are called 'm'" in result.output
