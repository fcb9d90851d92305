"""Where a model lies: every command takes a reference model by its name."""

import importlib
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


NAMED = [
    (["run", "--model", "ref-aligned"], "caseback.loop.run.run", 0),
    (["character", "study", "ref-aligned"], "caseback.loop.study.study.study", 0),
    (["improve", "generations", "--model", "ref-aligned"], "caseback.loop.improve.generations.generations", 0),
]


@pytest.mark.parametrize(("command", "function", "at"), NAMED, ids=lambda value: str(value))
def test_long_jobs_take_a_name_too(
    command: list[str], function: str, at: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class SeenError(Exception):
        pass

    def seen(*given: object, **_: object) -> None:
        raise SeenError(given[at])

    module, _, name = function.rpartition(".")
    monkeypatch.setattr(importlib.import_module(module), name, seen)
    done = CliRunner().invoke(app, [*command, "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, SeenError), done.output
    assert done.exception.args == (str(reference_path("ref-aligned")),)
