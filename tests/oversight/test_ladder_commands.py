"""``caseback oversee ladder`` and ``saboteurs`` as a user types them, on two or three tiny models."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.oversee import app
from caseback.disclosure.oversight.ladder_page import render_ladder
from models_for_tests import save_ladder

SMALL = ["--behaviours", "sycophancy,deception", "-n", "4", "--planted", "4", "--asked", "4"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return save_ladder(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def out(models: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("out") / "ladder"


def oversee(*args: str):  # type: ignore[no-untyped-def]
    flops = ["--flops", "low=1e12", "--flops", "mid=1e13", "--flops", "top=1e14"]
    return CliRunner().invoke(app, [*args, *flops])


def test_a_ladder_is_measured_written_and_not_measured_twice(models: list[str], out: Path) -> None:
    args = ["ladder", *models, *SMALL, "--seeds", "2", "--arms", "naive,bootstrapped,critique", "--out", str(out)]
    first = oversee(*args, "--json")
    assert first.exit_code == 0, first.output
    data = json.loads((out / "ladder.json").read_text())
    assert [rung["name"] for rung in data["rungs"]] == ["low", "mid", "top"]
    assert [(pair["teacher"], pair["student"]) for pair in data["pairs"]] == [
        ("low", "mid"), ("low", "top"), ("mid", "top"),
    ]  # fmt: skip
    assert len(data["recall"]) == 9
    assert {figure["name"] for figure in data["figures"]} >= {"recovered_naive", "chain_gain", "critique_gain", "reach"}
    # Random models know nothing, so no ceiling stands clear of a weak one, and that is said.
    assert any(note.startswith("left out: ") for note in data["notes"])
    kept = (out / "verdicts.jsonl").read_text()
    again = oversee(*args)
    assert again.exit_code == 0, again.output
    assert (out / "verdicts.jsonl").read_text() == kept
    assert json.loads((out / "ladder.json").read_text()) == data
    page = (out / "ladder.html").read_text()
    assert page == render_ladder(data)
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_models_may_be_called_otherwise_the_next_time(models: list[str], out: Path) -> None:
    renamed = [f"{new}={path}" for new, path in zip(("top", "small", "mid"), models, strict=True)]
    args = ["--seeds", "2", "--arms", "naive,bootstrapped,critique", "--out", str(out.parent / "renamed")]
    flops = ["--flops", "small=1e12", "--flops", "mid=1e13", "--flops", "top=1e14"]
    shutil.copytree(out, out.parent / "renamed")
    found = CliRunner().invoke(app, ["ladder", *renamed, *SMALL, *flops, *args])
    assert found.exit_code == 0, found.output
    data = json.loads((out.parent / "renamed" / "ladder.json").read_text())
    assert [rung["name"] for rung in data["rungs"]] == ["small", "mid", "top"]


def test_saboteurs_use_what_the_ladder_read(models: list[str], out: Path) -> None:
    found = oversee(
        "saboteurs", *models, *SMALL, "--seeds", "2", "--honest", "3", "--chained", "2", "--doses", "0.5,1",
        "--out", str(out),
    )  # fmt: skip
    assert found.exit_code == 0, found.output
    data = json.loads((out / "saboteurs.json").read_text())
    kinds = {each["kind"] for each in data["checks"]}
    assert kinds == {"teacher", "careless teacher", "critic", "monitor", "researcher"}
    relabel = next(each for each in data["checks"] if (each["kind"], each["check"]) == ("researcher", "relabel"))
    assert all(row["k"] == 0 for row in relabel["doses"])  # no label of the researcher's is wrong
    assert sorted({row["link"] for row in data["chain"]}) == [1, 2, 3]
    assert any("too few" in note for note in data["notes"])
    assert "<script" not in (out / "saboteurs.html").read_text()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--arms", "kind"], "no way to teach is called 'kind'"),
        (["--alarms", "2"], "shares between 0 and 1"),
        (["--behaviours", "laziness"], "no clause"),
        (["--flops", "none=1e12"], "there is no 'none' here"),
        (["--flops", "low=2e15"], "'low' is given twice"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(
    models: list[str], tmp_path: Path, args: list[str], says: str
) -> None:
    found = oversee("ladder", *models, "--out", str(tmp_path / "out"), *args)
    assert found.exit_code != 0
    assert says in str(found.exception) + found.output
    assert not (tmp_path / "out").exists()


def test_a_dose_of_nothing_is_refused(models: list[str], tmp_path: Path) -> None:
    found = oversee("saboteurs", *models, "--doses", "0,1", "--out", str(tmp_path / "out"))
    assert "a dose of 0 is none" in str(found.exception) + found.output
    assert not (tmp_path / "out").exists()
