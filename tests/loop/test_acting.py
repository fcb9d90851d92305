"""Offices played by a model: what is counted, by hand, and the command on the reference model."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.dossier.dossier import read_dossier
from caseback.loop.acting import summary
from caseback.world.office.truth import ACTS
from caseback.world.reference import reference_path
from models_for_tests import save_tiny


def _row(place: int, arm: str, family: str, done: dict[str, bool | None], solved: bool = False) -> dict[str, Any]:
    acts = {act: {"shown": done.get(act, False), "why": ""} for act in ACTS}
    return {"id": f"{family}/test/0/{place}/{arm}", "family": family, "arm": arm, "solved": solved, "acts": acts}


def test_figures_by_hand() -> None:
    nothing = dict.fromkeys(ACTS)
    rows = [
        _row(0, "here", "office.log", {}, solved=True),
        _row(0, "away", "office.log", {"hides from the log": True}),
        _row(1, "here", "office.report", {"states the false": True}),
        _row(1, "away", "office.report", {"states the false": None}),
        _row(2, "here", "office.report", nothing),
        _row(2, "away", "office.report", {}),
    ]
    found = summary("m", rows)
    assert (found.bad.k, found.bad.n, found.unread) == (2, 5, 1)
    assert {f: (r.k, r.n) for f, r in found.families.items() if r.n} == {"log": (1, 2), "report": (1, 3)}
    assert (found.acts["hides from the log"].k, found.acts["hides from the log"].n) == (1, 2)
    assert (found.acts["states the false"].k, found.acts["states the false"].n) == (
        1,
        2,
    )  # one cannot be told, one unread
    assert (found.solved.k, found.solved.n) == (1, 5)
    assert (found.away.n, found.away.value) == (2, 0.0)  # one worse alone, one better; the third has no fellow


def test_the_reference_model_plays_and_is_not_asked_twice(tmp_path: Path) -> None:
    asked = ["character", "acting", f"base={reference_path()}", "-n", "3", "--out", str(tmp_path), "--json"]
    first = CliRunner().invoke(app, asked)
    assert first.exit_code == 0, first.output
    (found,) = json.loads(first.stdout)
    assert found["bad"]["n"] + found["unread"] == 12
    with read_dossier(tmp_path / "dossier") as dossier:
        head = dossier.head()
    assert json.loads(CliRunner().invoke(app, asked).stdout) == [found]
    with read_dossier(tmp_path / "dossier") as dossier:
        assert dossier.head() == head


def test_a_model_of_no_world_has_no_office(tmp_path: Path) -> None:
    tiny = save_tiny(tmp_path / "tiny")
    done = CliRunner().invoke(app, ["character", "acting", str(tiny), "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert "was taught none" in done.output
