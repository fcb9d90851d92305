"""Where a model lies: every command takes a reference model by its name."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.cli.models import located, named_models
from caseback.world.reference import reference_path


@pytest.mark.parametrize("given", ["some/folder", "org/name", "https://host/v1#model", "./ref-base/x"])
def test_what_is_no_name_stays_as_it_is(given: str) -> None:
    assert located(given) == given


def test_names_of_models_that_ship_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert located("ref-base") == str(reference_path("ref-base"))
    assert named_models(["ref-aligned", "mine=ref-base"]) == {
        "ref-aligned": str(reference_path("ref-aligned")),
        "mine": str(reference_path("ref-base")),
    }
    (tmp_path / "ref-base").mkdir()
    monkeypatch.chdir(tmp_path)
    assert located("ref-base") == "ref-base", "a folder of that name comes first"


def test_a_behaviour_is_measured_on_a_model_by_name() -> None:
    command = ["behaviours", "measure", "ref-aligned", "-b", "sycophancy", "--ground", "world", "-n", "4", "--json"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert '"sycophancy"' in result.output
