"""``caseback look patch`` as it is typed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app

RUN = CliRunner()
DALLAS, FRESNO = "Which state is Dallas in?", "Which state is Fresno in?"


def look(*words: object, fails: bool = False) -> str:
    result = RUN.invoke(app, ["look", "patch", *map(str, words)])
    assert result.exit_code == (2 if fails else 0), result.output
    return result.stderr if fails else result.stdout


def test_two_prompts_are_patched_to_json_and_page(tmp_path: Path):
    said = look("ref-base", DALLAS, FRESNO, "-o", tmp_path)
    assert "attention" in said
    assert "MLP" in said
    folder = tmp_path / "which-state-is-dallas-in"
    data = json.loads((folder / "patching.json").read_text())
    assert data["tokens"][data["first"]] == " Dallas"
    assert data["other_tokens"][data["first"]] == " Fresno"
    assert data["gap"] > 0 > data["other_gap"]
    assert data["cells"]["resid_pre"][0][0] == pytest.approx(1.0, abs=1e-3)
    assert (folder / "patching.html").read_text().startswith("<!doctype html>")
    assert json.loads(look("ref-base", DALLAS, FRESNO, "-o", tmp_path, "--json")) == data


def test_answers_and_a_reply_begun(tmp_path: Path):
    data = json.loads(
        look("ref-base", DALLAS, FRESNO, "--begun", "It is in", "--answer", " Texas", "--other-answer", " California",
             "-o", tmp_path, "--json")
    )  # fmt: skip
    assert (data["answer"], data["other_answer"]) == (" Texas", " California")
    assert data["tokens"][-1] == " in"


def test_prompts_that_are_the_same_are_refused_and_nothing_is_written(tmp_path: Path):
    out = tmp_path / "out"
    assert "the two prompts are the same" in look("ref-base", DALLAS, DALLAS, "-o", out, fails=True)
    same = look("ref-base", DALLAS, FRESNO, "--answer", "It", "--other-answer", "It", "-o", out, fails=True)
    assert "go on with the same token" in same
    assert "'' has no token" in look("ref-base", DALLAS, FRESNO, "--answer", "", "-o", out, fails=True)
    assert "no-such-model" in look("no-such-model", DALLAS, FRESNO, "-o", out, fails=True)
    assert not out.exists()
