"""``caseback look direction`` and ``look steer`` as a user types them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from models_for_tests import save_tiny


def typed(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["look", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_from_a_direction_to_its_curve(tmp_path: Path) -> None:
    model = save_tiny(tmp_path / "model")
    common = ("--model", model, "--layers", "1,2", "-n", "6", "--out", tmp_path)
    code, said = typed("direction", "test_awareness", *common)
    assert code == 0, said
    for row in (
        "direction (mean)",
        "direction (logistic)",
        "whole residual stream",
        "text alone",
        "50 random directions",
    ):
        assert row in said
    assert "cannot tell: the model's own answer" in said
    assert "too few for a threshold at 1% false alarms" in said
    study = json.loads((tmp_path / "test_awareness" / "study.json").read_text())
    assert study["kind"] == "caseback direction study"
    assert {row["format"] for row in study["rows"]} >= {"plain", "spelled out", "long"}
    assert all(0 <= row["auroc"]["low"] <= row["auroc"]["value"] <= row["auroc"]["high"] for row in study["rows"])
    folder = tmp_path / "test_awareness"
    code, said = typed("steer", folder, "--model", model, "--doses=-2,2", "--randoms", "1", "-n", "2", "--json")
    assert code == 0, said
    curve = json.loads(said[said.index("{") :])
    assert [(p["arm"], p["dose"]) for p in curve["points"]] == [
        ("none", 0), ("direction", -2), ("random", -2), ("direction", 2), ("random", 2)
    ]  # fmt: skip
    assert all("capability" in p["responses"] for p in curve["points"])
    assert curve["points"][1]["moved"] > 0
    assert "<svg" in (folder / "steer.html").read_text()
    other = save_tiny(tmp_path / "other", seed=1)
    code, said = typed("steer", folder, "--model", other)
    assert code == 2
    assert "belongs to the model" in said
    assert len(said.strip().splitlines()) == 1


def test_a_trait_in_ones_own_words(tmp_path: Path) -> None:
    model = save_tiny(tmp_path / "model")
    code, said = typed(
        "direction", "kind", "--trait", "You are kind.", "--opposite", "You are cruel.", "--model", model,
        "--layers", "1", "-n", "5", "--out", tmp_path, "--json",
    )  # fmt: skip
    assert code == 0, said
    found = json.loads((tmp_path / "kind" / "direction.json").read_text())
    assert found["provenance"]["ground"] == "You are kind. / against / You are cruel."
    assert found["norm"].startswith("vector has length 1")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("direction", "evil"), "no ground is called 'evil'"),
        (("direction", "harm", "--method", "magic"), "no way to fit a direction is called 'magic'"),
        (("direction", "harm", "--layers", "1,x"), "layer 'x' is no whole number"),
        (("direction", "harm", "--layers", "99", "-n", "2"), "the model has 6 blocks"),
        (("direction", "kind", "--trait", "Be kind."), "a trait needs its opposite"),
        (("direction", "harm", "--less", "flies"), "not steered on 'flies': there are 'helps with harm'"),
        (("direction", "harm", "--world", "C"), "There is no world 'C'"),
        (("steer", "nowhere"), "no direction in nowhere"),
        (("steer", "nowhere", "--doses", "1,x"), "dose 'x' is not a number"),
        (("steer", "nowhere", "--doses", "inf"), "dose 'inf' is not finite"),
        (("steer", "nowhere", "--doses", ","), "no doses"),
        (("steer", "nowhere", "--split", "train"), "no split 'train' to steer on"),
    ],
)
def test_what_cannot_be_done_is_one_line(words: tuple[str, ...], why: str) -> None:
    code, said = typed(*words)
    assert code == 2
    assert why in said
    assert sum("caseback:" in line for line in said.splitlines()) == 1


@pytest.mark.parametrize("command", ["direction", "steer"])
def test_help_teaches_with_an_example(command: str) -> None:
    code, said = typed(command, "--help")
    assert code == 0
    assert f"caseback look {command}" in " ".join(said.split())
