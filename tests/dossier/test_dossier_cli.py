"""What a user types: caseback dossier show, verify, export."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.dossier import app
from caseback.dossier import open_dossier
from caseback.errors import CasebackError

run = CliRunner(env={"COLUMNS": "160"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with open_dossier(tmp_path / "d") as dossier:
        first = dossier.append("run", {"command": "caseback run [bold]", "seed": 1})
        data = dossier.put(b"rows")
        dossier.append("measurement", {"arm": "before"}, parents=[first.id], artefacts={"samples": data})
    return tmp_path / "d"


def test_show_lists_and_shows_one(folder: Path) -> None:
    listed = run.invoke(app, ["show", str(folder)])
    assert listed.exit_code == 0
    assert "caseback run [bold]" in listed.output
    assert "2 records" in listed.output
    assert "caseback run" not in run.invoke(app, ["show", str(folder), "--kind", "measurement"]).output
    rows = [json.loads(line) for line in run.invoke(app, ["show", str(folder), "--json"]).output.splitlines()]
    assert [row["kind"] for row in rows] == ["run", "measurement"]
    one = run.invoke(app, ["show", str(folder), rows[1]["id"][:9]]).output
    assert '"arm": "before"' in one
    assert rows[1]["artefacts"]["samples"] in one


@pytest.mark.parametrize("width", [80, 120])
def test_a_record_is_a_line_at_any_width_and_tells_most_first(folder: Path, width: int) -> None:
    with open_dossier(folder) as dossier:
        rate = {"k": 12, "n": 40, "low": 0.166, "high": 0.465, "confidence": 0.95}
        body = {
            "behaviour": "good_only_when_tested",
            "arm": "before",
            "clustered": rate,
            "ground": "plain",
            "rate": rate,
        }
        last = dossier.append("measurement", {**body, "note": "two\nlines and more " * 20})
    listed = run.invoke(app, ["show", str(folder)], env={"COLUMNS": str(width)}).output.splitlines()
    assert len(listed) == 4
    assert all(len(line) <= width for line in listed[:3])
    assert listed[2].startswith(f"{last.id[:8]}  {last.time[5:10]} {last.time[11:16]}  measurement  before, good_only_")
    assert "12 of 40" in listed[2]
    assert listed[2].endswith("…")
    assert listed[3].startswith("3 records")
    assert listed[3].endswith(f"caseback dossier show {folder} {last.id[:8]}")
    shown = run.invoke(app, ["show", str(folder), listed[2].split()[0]]).output
    assert '"rate": {"confidence": 0.95, "high": 0.465, "k": 12, "low": 0.166, "n": 40}' in shown
    assert json.loads(shown)["id"] == last.id


def test_verify_says_so_or_exits_with_1(folder: Path) -> None:
    fine = run.invoke(app, ["verify", str(folder)])
    assert fine.exit_code == 0
    assert "2 records" in fine.output
    assert run.invoke(app, ["verify", str(folder), "--head", "0" * 64]).exit_code == 1
    artefact = next(path for path in (folder / "artefacts").rglob("*") if path.is_file())
    artefact.write_bytes(b"rowz")
    spoiled = run.invoke(app, ["verify", str(folder)])
    assert spoiled.exit_code == 1
    assert "altered" in spoiled.output


def test_export_is_whole_repeatable_and_never_overwrites(folder: Path, tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        assert run.invoke(app, ["export", str(folder), str(tmp_path / name)]).exit_code == 0
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        records = [json.loads(line) for line in archive.read("records.jsonl").splitlines()]
        assert records[1]["previous"] == records[0]["id"]
        digest = records[1]["artefacts"]["samples"]
        assert hashlib.sha256(archive.read(f"artefacts/{digest[:2]}/{digest}")).hexdigest() == digest
    again = run.invoke(app, ["export", str(folder), str(tmp_path / "one.zip")])
    assert isinstance(again.exception, CasebackError)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d", "one.zip", "two.zip"]
    next(path for path in (folder / "artefacts").rglob("*") if path.is_file()).unlink()
    assert "missing" in str(run.invoke(app, ["export", str(folder), str(tmp_path / "three.zip")]).exception)


def test_an_unknown_folder_is_one_line(tmp_path: Path) -> None:
    for command in (["show"], ["verify"], ["export"]):
        result = run.invoke(app, [*command, str(tmp_path / "nowhere"), *(["x.zip"] if command == ["export"] else [])])
        assert isinstance(result.exception, CasebackError)
        assert "there is no dossier" in str(result.exception)
