"""``caseback look label`` as a user types it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.disclosure.labels_page import render_labels
from caseback.interp.dictionary.files import save
from caseback.subject.load import load
from interp.labels.dictionaries import dictionary_for
from models_for_tests import save_tiny
from server_for_tests import answer, serving


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model and a dictionary of it, whose latent 9 is never active."""
    place = tmp_path_factory.mktemp("place")
    subject = load(str(save_tiny(place / "model", max_position_embeddings=2048)), dtype="float32")
    made = dictionary_for(subject)
    assert made.threshold is not None
    silent = made.threshold.clone()
    silent[9] = 1e9
    save(replace(made, threshold=silent), place / "dictionary")
    return place


def typed(place: Path, *more: str) -> tuple[int, str]:
    head = ["look", "label", str(place / "model"), str(place / "dictionary"), "--out", str(place / "labels")]
    few = ["-n", "2", "--situations", "2", "--controls", "3", "--examples", "2"]
    result = CliRunner().invoke(app, [*head, *few, *more])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_every_card_carries_its_examples_and_scores(place: Path) -> None:
    code, said = typed(place, "--latent", "3", "--latent", "5")
    assert code == 0, said
    assert "latent variables of the world are told at F1 0.9 or more" in " ".join(said.split())
    data = json.loads((place / "labels" / "labels.json").read_text())
    assert (data["kind"], data["site"], data["width"]) == ("caseback labels", "resid_post.1", 24)
    assert [card["label"]["latent"] for card in data["cards"]] == [3, 5]
    for card in data["cards"]:
        assert card["detection"]["balanced"]["low"] <= card["detection"]["balanced"]["value"]
        assert card["examples"]["highest"]
        claims = card["label"]["claim"] is not None
        assert (card["up"] is not None) == (card["down"] is not None) == claims
        assert (card["finding"] == "no claim") == (not claims)
    assert {row["variable"] for row in data["variables"]} >= {"state", "asks_harm", "refuses"}
    asked = next(row for row in data["variables"] if row["variable"] == "asks_harm")
    assert set(asked["encoded"]) == {"plain", "spelled out", "rot13"}
    assert next(row for row in data["variables"] if row["variable"] == "refuses")["encoded"] == {}
    page = (place / "labels" / "labels.html").read_text()
    assert "Latent 3" in page
    assert "<script" not in page


def test_a_described_label_has_all_three_scores(place: Path) -> None:
    def reply(number: int, body: dict) -> object:  # type: ignore[type-arg]
        said = body["messages"][-1]["content"]
        told = "Meaning: <b>[red]things\nBehaviour: gives in\nRaised: more"
        return answer(told if said.startswith("A feature") else ("Yes", "No")[number % 2])

    with serving(reply) as (address, _):
        code, said = typed(place, "--latent", "3", "--described-by", f"{address}#m", "--json")
    assert code == 0, said
    data = json.loads(said[said.index("{") :])
    (card,) = data["cards"]
    assert card["label"]["claim"]["behaviour"] == "gives in"
    assert card["up"]["side"] == "up"
    assert card["down"]["controls"] == 3
    assert card["detection"]["balanced"]["value"] is not None
    page = (place / "labels" / "labels.html").read_text()
    assert "&lt;b&gt;[red]things" in page
    assert "<b>[red]" not in page


def test_a_reversed_label_is_plain_to_see(place: Path) -> None:
    typed(place, "--latent", "3")
    data = json.loads((place / "labels" / "labels.json").read_text())
    (card,) = data["cards"]
    effect = {
        "side": "up", "change": {"value": 0.4, "low": 0.2, "high": 0.6}, "chance_low": -0.1, "chance_high": 0.1,
        "controls": 8, "touched": 1.0, "towards": "against",
    }  # fmt: skip
    claim = {"behaviour": "refuses", "sign": -1, "says": "raising it makes it less likely that the model refuses"}
    label = {**card["label"], "claim": claim}
    page = render_labels(
        {**data, "cards": [{**card, "label": label, "up": effect, "down": effect, "finding": "reversed"}]}
    )
    assert "1 of 1" in page
    assert "REVERSED: intervention contradicts the label" in page
    assert "+0.400" in page


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--latent", "9"), "latent 9 is never active on these conversations"),
        (("--latent", "99"), "there is no latent 99: the dictionary has 0 to 23"),
        (("--world", "C"), "There is no world 'C'"),
        (("--dose", "nan"), "--dose is nan: give a number above 0"),
        (("--described-by", "http://127.0.0.1:9/v1"), "names no model"),
    ],
)
def test_what_cannot_be_done_is_one_line(place: Path, more: tuple[str, ...], says: str) -> None:
    code, said = typed(place, *more)
    assert code == 2
    assert says in " ".join(said.split())
    assert sum("caseback:" in line for line in said.splitlines()) == 1


def test_what_does_not_belong_together_is_refused(place: Path, tmp_path: Path) -> None:
    other = save_tiny(tmp_path / "other", seed=3)
    done = CliRunner().invoke(
        app, ["look", "label", str(other), str(place / "dictionary"), "--out", str(tmp_path / "o")]
    )
    assert done.exit_code == 2
    assert "trained on another model" in done.output
    assert not (tmp_path / "o").exists()
    done = CliRunner().invoke(app, ["look", "label", str(other), str(tmp_path / "nowhere")])
    assert "make one with `caseback look fit`" in " ".join(done.output.split())
    weights = (place / "dictionary" / "dictionary.safetensors").read_bytes()
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "dictionary.json").write_bytes((place / "dictionary" / "dictionary.json").read_bytes())
    (tmp_path / "cut" / "dictionary.safetensors").write_bytes(weights[:200])
    done = CliRunner().invoke(app, ["look", "label", str(place / "model"), str(tmp_path / "cut")])
    assert done.exit_code == 2
    assert "truncated or damaged" in " ".join(done.output.split())


def test_help_teaches_with_an_example() -> None:
    shown = " ".join(CliRunner().invoke(app, ["look", "label", "--help"]).output.split())
    assert "caseback look label ref-base dictionary" in shown
