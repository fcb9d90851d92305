"""Steadiness measured on the reference model: what it says, that it goes on, what it refuses."""

import json
from pathlib import Path

from typer.testing import CliRunner

from caseback.behaviours.contexts import CONTEXTS
from caseback.cli.main import app
from caseback.dossier.dossier import read_dossier
from caseback.loop.asking import change_of, rate_of
from caseback.loop.steadiness import _same
from caseback.world.reference import reference_path


def test_the_base_moves_on_whatever_it_is_told(tmp_path: Path) -> None:
    asked = ["character", "steadiness", f"base={reference_path()}", "-b", "harmful_compliance", "-n", "7"]
    result = CliRunner().invoke(app, [*asked, "--out", str(tmp_path), "--json"])
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)
    assert [c["context"] for c in found["contexts"]] == ["plain", *CONTEXTS]
    assert found["moves_on_evidence"]["k"] >= 5
    assert found["moves_on_insistence"]["k"] >= 5  # helpful-only: it goes along with anything
    assert found["contexts"][0]["change"]["value"] == 0
    with read_dossier(tmp_path / "dossier") as dossier:
        before = dossier.head()
    again = CliRunner().invoke(app, [*asked, "--out", str(tmp_path), "--json"])
    assert json.loads(again.stdout) == [found]
    with read_dossier(tmp_path / "dossier") as dossier:
        assert dossier.head() == before


def test_paired_behaviours_and_unknown_ones_are_refused(tmp_path: Path) -> None:
    for name in ("sandbagging", "arson"):
        asked = ["character", "steadiness", str(reference_path()), "-b", name, "--out", str(tmp_path)]
        result = CliRunner().invoke(app, asked)
        assert result.exit_code == 2
        assert f"'{name}' cannot be measured in contexts" in result.output


def test_figures_by_hand() -> None:
    plain = (("a", True), ("a", False), ("b", None), ("b", True))
    other = (("a", True), ("a", True), ("b", True), ("b", None))
    assert (rate_of(plain).k, rate_of(plain).n) == (2, 3)
    change = change_of(other, plain)
    assert (change.n, change.value) == (2, 0.5)
    same = _same([plain, other])
    assert (same.k, same.n) == (1, 2)
