"""``caseback look chat --terminal`` as a user types it."""

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from caseback.chat import assistant, system, user
from caseback.cli.chat_terminal import heat
from caseback.cli.main import app
from caseback.interp.chat.dial import direction_dial, latent_dial
from caseback.interp.chat.turn import take_turn, turn_data
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.dictionary.files import load as load_dictionary
from caseback.interp.dictionary.files import save
from caseback.interp.dictionary.saelens import write_saelens
from caseback.interp.directions.files import load_direction, save_direction
from caseback.subject.load import load
from caseback.subject.site import Site
from caseback.subject.subject import Sampling
from interp.directions.planted import unit
from interp.directions.subjects import WIDTH, direction_for
from models_for_tests import save_tiny


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("place")
    subject = load(str(save_tiny(place / "model")))
    save_direction(direction_for(subject, unit(WIDTH), Site("resid_post", 2)), place / "up")
    site = Site("resid_post", 1)
    eye = torch.eye(WIDTH)
    zeros = torch.zeros(WIDTH)
    save(Dictionary((site,), (site,), eye, zeros, eye.clone(), zeros.clone(), k=4), place / "sae")
    return place


def talked(place: Path, lines: list[str], *more: str) -> str:
    words = ["look", "chat", str(place / "model"), "--direction", f"up={place / 'up'}", "--dictionary",
             str(place / "sae"), "--latent", "7", "--terminal", "--max-new-tokens", "8", *more]  # fmt: skip
    result = CliRunner().invoke(app, words, input="\n".join(lines) + "\n")
    assert result.exit_code == 0, result.output
    return result.output


def test_what_is_saved_is_what_the_function_gives(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "talk.json"
    lines = ["/set up 6", "/set latent 7 2.5", "One?", "/read up", "/set up 0", "Two?", f"/save {file}", "/quit"]
    said = talked(place, lines, "--system", "Be brief.")
    assert "up 6, latent 7 2.5" in said
    assert "steered: highest" in said
    saved = json.loads(file.read_text())
    assert [dial["name"] for dial in saved["dials"]] == ["up", "latent 7"]
    subject = load(str(place / "model"))
    dials = [
        direction_dial(load_direction(place / "up", subject), "up"),
        latent_dial(subject, load_dictionary(place / "sae"), 7),
    ]
    first = [system("Be brief."), user("One?")]
    values = {"up": 6.0, "latent 7": 2.5}
    made = take_turn(subject, dials, first, values, Sampling(8), 0)
    assert saved["turns"][0] == json.loads(json.dumps(turn_data(made, first, values, Sampling(8), 0)))
    assert saved["turns"][1]["values"] == {"latent 7": 2.5}
    assert saved["turns"][1]["chat"] == [*first, assistant(made.steered.text), user("Two?")]


def test_what_is_mistyped_is_told_and_the_talk_goes_on(place: Path, tmp_path: Path) -> None:
    lines = ["/read up", "/set nose 3", "/set up", "/set up nan", "/set 'up 3", "/nonsense", "/save"]
    lines += [f"/save {tmp_path}/no/x", "word " * 700, "", "Hello [bold]there[/]?", "/read nose", "/undo"]
    lines += [f"/save {tmp_path}/x.json"]
    said = talked(place, lines)
    for why in (
        "nothing to read yet",
        "no dial is called 'nose': there are up, latent 7",
        "give a dial and a number",
        "cannot be set to nan",
        "/set NAME VALUE moves a dial",
        "name a file",
        "cannot write",
        "leaves no room in the context",
        "not steered ›",
    ):
        assert why in said, why
    assert json.loads((tmp_path / "x.json").read_text())["turns"] == []


def test_a_dictionary_in_the_files_of_saelens_gives_the_same_dial(place: Path, tmp_path: Path) -> None:
    write_saelens(load_dictionary(place / "sae"), tmp_path / "theirs")
    words = ["look", "chat", str(place / "model"), "--dictionary", str(tmp_path / "theirs"), "--latent", "7",
             "--terminal", "--max-new-tokens", "8"]  # fmt: skip
    lines = f"/set latent 7 2.5\nOne?\n/save {tmp_path / 'x.json'}\n"
    result = CliRunner().invoke(app, words, input=lines)
    assert result.exit_code == 0, result.output
    theirs = json.loads((tmp_path / "x.json").read_text())["turns"][0]
    talked(place, ["/set latent 7 2.5", "One?", f"/save {tmp_path / 'y.json'}"])
    ours = json.loads((tmp_path / "y.json").read_text())["turns"][0]
    assert theirs["steered"]["text"] == ours["steered"]["text"]
    assert theirs["readings"]["latent 7"] == pytest.approx(ours["readings"]["latent 7"])


def test_heat_is_blue_below_0_orange_above_and_stronger_further_out() -> None:
    assert heat(0.0) == heat(0.05) == ""
    assert heat(1.0) == heat(5.0) == "white on rgb(215,110,20)"
    assert heat(-1.0) == "white on rgb(60,110,200)"
    assert heat(0.5) not in ("", heat(1.0))
