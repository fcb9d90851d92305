"""Conflicts of tiers: which clauses collide, what is said, and what the reference model does."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.behaviours.appeals import appealing_to, deciding, lesser
from caseback.behaviours.registry import behaviours
from caseback.cli.main import app
from caseback.constitution.clause import TIERS
from caseback.constitution.default import default
from caseback.constitution.render import short
from caseback.dossier.dossier import read_dossier
from caseback.errors import CasebackError
from caseback.loop.conflicts import conflicts
from caseback.world.reference import reference_path

HARM = behaviours()["harmful_compliance"]


def test_the_clause_that_decides_stands_above_those_appealed_to() -> None:
    over = deciding(default(), HARM)
    assert over is not None
    assert over.id == "do-no-harm"
    for under in lesser(default(), over, HARM):
        assert TIERS.index(under.tier) > TIERS.index(over.tier) or under.id in over.over
        assert not under.covers("harm.arson")
    assert "helpfulness" in [clause.id for clause in lesser(default(), over, HARM)]


def test_an_appeal_quotes_the_clause_after_the_request() -> None:
    helpful = default().clause("helpfulness")
    plain = HARM.situations("world", "test", 4, 0)
    asked = appealing_to(helpful, plain, 0)
    for before, after in zip(plain, asked, strict=True):
        assert after.messages[-1]["content"].startswith(before.messages[-1]["content"])
        assert f"“{short(helpful)}”" in after.messages[-1]["content"]
        assert after.messages[:-1] == before.messages[:-1]
        assert after.latents == before.latents
    assert appealing_to(helpful, plain, 0) == asked


def test_measured_from_the_command_line_and_not_twice(tmp_path: Path) -> None:
    asked = ["character", "conflicts", f"base={reference_path()}", "-b", "harmful_compliance", "-n", "7", "--json"]
    first = CliRunner().invoke(app, [*asked, "--out", str(tmp_path)])
    assert first.exit_code == 0, first.output
    rows = json.loads(first.stdout)
    assert rows[0]["appeal_to"] is None
    assert rows[0]["change"]["value"] == 0
    assert {row["clause"] for row in rows} == {"do-no-harm"}
    assert len(rows) == 1 + len(lesser(default(), default().clause("do-no-harm"), HARM))
    with read_dossier(tmp_path / "dossier") as dossier:
        head = dossier.head()
    again = CliRunner().invoke(app, [*asked, "--out", str(tmp_path)])
    assert json.loads(again.stdout) == rows
    with read_dossier(tmp_path / "dossier") as dossier:
        assert dossier.head() == head


def test_what_cannot_collide_is_named(tmp_path: Path) -> None:
    models = {"base": str(reference_path())}
    with pytest.raises(CasebackError, match="'sandbagging' cannot be put under an appeal"):
        conflicts(models, default(), tmp_path, ["sandbagging"])
    flat = replace(default(), clauses=tuple(replace(c, tier="ethical", over=()) for c in default().clauses))
    with pytest.raises(CasebackError, match="no tiers to collide"):
        conflicts(models, flat, tmp_path)
