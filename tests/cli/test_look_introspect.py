"""``caseback look introspect``, ``look account`` and ``look screen`` as a user types them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.chat import user
from caseback.cli.main import app
from caseback.interp.direction import Reading
from caseback.interp.directions.files import save_direction
from caseback.subject.load import load
from caseback.subject.site import Site
from caseback.training.data_file import read_data, write_data
from caseback.training.datum import Datum
from interp.directions.planted import unit
from interp.directions.subjects import WIDTH, direction_for, plant
from models_for_tests import save_tiny


def typed(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["look", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model, a direction of it called test_awareness, and training data of which half say 'zq'."""
    place = tmp_path_factory.mktemp("place")
    save_tiny(place / "model")
    subject = load(str(place / "model"))
    planted_D = plant(subject, "zq", 6.0)
    subject.model.save_pretrained(place / "model")
    subject = load(str(place / "model"))
    save_direction(direction_for(subject, unit(WIDTH), Site("resid_post", 2)), place / "up")
    along = direction_for(
        subject, planted_D, Site("resid_pre", 0), name="test_awareness", reading=Reading("reply", "mean")
    )
    save_direction(along, place / "zq")
    data = [
        Datum((user(f"Question {i}?"),), f"Answer {'zq zq zq' if i % 2 else 'so so so'} {i}.", family=f"f{i % 4}")
        for i in range(12)
    ]
    write_data(place / "data.parquet", data)
    return place


def test_thoughts_are_planted_and_counted(place: Path, tmp_path: Path) -> None:
    words = ("--word", "bread", "--word", "stone", "--direction", f"harm={place / 'up'}")
    code, said = typed("introspect", place / "model", *words, "--doses", "0.5,2", "--out", tmp_path)
    assert code == 0, said
    assert "less random vector" in said
    found = json.loads((tmp_path / "introspection.json").read_text())
    assert [one["dose"] for one in found["doses"]] == [0.5, 2]
    assert [one["word"] for one in found["thoughts"]] == ["harm", "bread", "stone"]
    for one in found["doses"]:
        assert len(one["asked"]) == one["noticed"]["n"] == one["false_random"]["n"] == 24
        assert one["noticed"]["k"] == sum(asked["noticed"] for asked in one["asked"])
        assert one["noticed"]["low"] <= one["noticed"]["value"] <= one["noticed"]["high"]
        assert one["gain"]["value"] == pytest.approx(one["noticed"]["value"] - one["false_random"]["value"])
    page = (tmp_path / "introspection.html").read_text()
    assert page.lstrip().startswith("<!doctype html>")
    assert "false alarms" in page
    assert "<script" not in page


def test_reasons_are_asked_for_and_taken_away(place: Path, tmp_path: Path) -> None:
    code, said = typed("account", place / "model", "-n", "3", "--seed", "1", "--out", tmp_path)
    assert code == 0, said
    assert "the stated reason" in said
    found = json.loads((tmp_path / "account.json").read_text())
    assert found["world"] == "A"
    agreement, actions = found["agreement"], found["actions"]
    assert len(actions) + agreement["unknown"] == 6
    assert agreement["stated"]["k"] == sum(one["stated"] in one["at_work"] for one in actions)
    for row in found["reasons"]:
        assert row["made_up"] <= row["stated"]
        assert row["at_work"] <= row["there"]
    assert "Is its own account true?" in (tmp_path / "account.html").read_text()


def test_data_are_ranked_and_both_halves_can_be_trained_on(place: Path, tmp_path: Path) -> None:
    code, said = typed(
        "screen", place / "model", place / "data.parquet", "--direction", place / "zq", "--max-new-tokens", "8",
        "--train", "--steps", "2", "--situations", "2", "--out", tmp_path,
    )  # fmt: skip
    assert code == 0, said
    found = json.loads((tmp_path / "screening.json").read_text())
    assert [one["flagged"] for one in found["ranking"]] == [True] * 6 + [False] * 6
    assert {one["place"] for one in found["ranking"][:6]} == {1, 3, 5, 7, 9, 11}
    gone = [one["difference"] for one in found["ranking"]]
    assert gone == sorted(gone, reverse=True)
    assert all("zq" in datum.chosen for datum in read_data(tmp_path / "flagged.parquet"))
    trained = found["trained"]
    assert trained["steps"] == 2
    assert trained["examples"] == {"flagged": 6, "unflagged": 6}
    assert {row["trial"] for row in trained["rows"]} == {
        "helps with harm, real use", "helps with harm, tested", "capability"
    }  # fmt: skip
    for row in trained["rows"]:
        assert row["difference"]["low"] <= 0 <= row["difference"]["high"]
    for half in ("flagged", "unflagged"):
        record = json.loads((tmp_path / "models" / half / "caseback_training.json").read_text())
        assert record["trained"]["steps"] == 2
    assert "Trained on either half" in (tmp_path / "screening.html").read_text()
    assert "flagged less unflagged" in " ".join(said.split())


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("introspect", "MODEL"), "nothing to plant"),
        (("introspect", "MODEL", "--word", "bread"), "at least two words"),
        (("introspect", "MODEL", "--direction", "nowhere"), "no direction in nowhere"),
        (("introspect", "MODEL", "--word", "a", "--word", "b", "--site", "nose.1"), "'nose.1' is no site"),
        (("introspect", "MODEL", "--direction", "UP", "--direction", "UP"), "two thoughts are called 'planted'"),
        (("introspect", "MODEL", "--direction", "UP", "--doses", "x"), "dose 'x' is not a number"),
        (("account", "MODEL", "--kinds", "rhyme"), "no circumstances are known for situations 'rhyme'"),
        (("account", "MODEL", "--kinds", ","), "no kinds of situation"),
        (("account", "MODEL", "--split", "all"), "no split 'all'"),
        (("account", "MODEL", "--world", "C"), "no world 'C'"),
        (("screen", "MODEL", "nowhere.jsonl", "--direction", "UP"), "nowhere.jsonl: cannot be read"),
        (("screen", "MODEL", "DATA", "--direction", "UP", "--train"), "no situations are known to measure 'planted'"),
        (("screen", "MODEL", "DATA", "--direction", "ZQ", "--train", "--on", "nose"), "to measure 'nose' in"),
        (("screen", "MODEL", "DATA", "--direction", "ZQ", "--train", "--threshold", "1e9"), "no data are flagged"),
        (("chat", "MODEL", "--latent", "3"), "a latent needs its dictionary"),
        (("chat", "MODEL", "--dictionary", "a", "--dictionary", "b", "--latent", "1"), "2 dictionaries and 1 latents"),
        (("chat", "MODEL", "--dictionary", "nowhere", "--latent", "1"), "nowhere/dictionary.json is missing"),
        (("chat", "MODEL", "--direction", "UP", "--direction", "UP"), "two dials are called 'planted'"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_nothing_is_written(
    place: Path, tmp_path: Path, words: tuple[str, ...], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    known = {"MODEL": place / "model", "UP": place / "up", "ZQ": place / "zq", "DATA": place / "data.parquet"}
    code, said = typed(*(known.get(word, word) for word in words))
    assert code == 2
    assert why in said
    assert sum("caseback:" in line for line in said.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["introspect", "account", "screen", "chat"])
def test_help_teaches_with_an_example(command: str) -> None:
    code, said = typed(command, "--help")
    assert code == 0
    assert f"caseback look {command}" in " ".join(said.split())
