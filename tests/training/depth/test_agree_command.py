"""``caseback character agree`` on files, whole and broken."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app


def written(path: Path, **scores: float | None) -> str:
    arm = {"arm": "trained", "scores": {name: {"value": value} for name, value in scores.items()}}
    control = {"arm": "control", "scores": {name: {"value": 9.0} for name in scores}}
    data = {"behaviour": "harmful_compliance", "arms": [control, arm]}
    path.write_text(json.dumps({"kind": "caseback depth", "version": 1, "behaviours": [data]}))
    return str(path)


def test_files_that_agree_are_put_in_order(tmp_path):
    files = [written(tmp_path / f"{i}.json", kl=i / 4, prefill=i / 5, drift=None) for i in (1, 3, 2)]
    done = CliRunner().invoke(app, ["character", "agree", *files, "--json"])
    found = json.loads(done.stdout)
    assert found["verdict"] == "agree"
    assert [Path(name).stem for name in found["order"]] == ["3", "2", "1"]
    assert found["pairs"][0]["tau"]["value"] == pytest.approx(1)


def test_files_that_disagree_are_shown_and_not_ordered(tmp_path):
    files = [written(tmp_path / f"{i}.json", kl=i / 4, prefill=-i / 5) for i in (1, 2, 3)]
    done = CliRunner().invoke(app, ["character", "agree", *files])
    assert done.exit_code == 0
    assert "disagree: kl and prefill: tau -1.00" in done.stdout
    assert "1. " not in done.stdout


@pytest.mark.parametrize("text", ["", "{}", '{"kind": "caseback depth", "version": 1, "behaviours": 3}', "[1]"])
def test_what_is_no_depth_file_is_named(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    done = CliRunner().invoke(app, ["character", "agree", str(tmp_path / "x.json")])
    assert done.exit_code == 2
    assert "x.json" in done.output
    assert "caseback character depth" in done.output.replace("\n", " ")


def test_a_behaviour_that_was_not_measured_is_named(tmp_path):
    done = CliRunner().invoke(app, ["character", "agree", written(tmp_path / "x.json", kl=1.0), "-b", "sycophancy"])
    assert done.exit_code == 2
    assert "nothing on sycophancy" in done.output
