"""``caseback look capture`` and ``look fit`` as a user types them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.interp.dictionary.files import load
from caseback.interp.dictionary.saelens import read_saelens
from caseback.interp.store.store import open_store
from caseback.subject.site import Site
from models_for_tests import CORPUS, save_tiny

RUN = CliRunner()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, a corpus, and a store that the command made of them."""
    place = tmp_path_factory.mktemp("place")
    save_tiny(place / "model", "qwen3")
    (place / "corpus.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in CORPUS * 8))
    done = RUN.invoke(app, capture_command(place))
    assert done.exit_code == 0, done.output
    return place


def capture_command(place: Path, *more: str) -> list[str]:
    head = ["look", "capture", "--model", str(place / "model"), "--corpus", str(place / "corpus.jsonl")]
    return [*head, "--out", str(place / "store"), "-s", "resid_post.2", "-s", "mlp_in.1", "-s", "mlp_out.1", *more]


def fit_command(place: Path, out: str, *more: str) -> list[str]:
    head = ["look", "fit", str(place / "store"), "--out", str(place / out), "--width", "48", "-k", "4"]
    return [*head, "--tokens", "20000", "--batch", "256", "--rate", "0.003", *more]


def test_capture_makes_a_store_and_goes_on(place: Path) -> None:
    store = open_store(place / "store")
    assert store.sites == (Site("mlp_in", 1), Site("mlp_out", 1), Site("resid_post", 2))
    again = RUN.invoke(app, capture_command(place, "--json"))
    found = json.loads(again.stdout.splitlines()[-1])
    assert found["rows"] == len(store)
    assert found["sites"] == {"mlp_in.1": 32, "mlp_out.1": 32, "resid_post.2": 32}
    assert found["documents"] == len(CORPUS) * 8


def test_fit_measures_and_writes_both_formats(place: Path) -> None:
    more = ["-s", "resid_post.2", "--model", str(place / "model"), "--texts", "2", "--saelens", str(place / "theirs")]
    done = RUN.invoke(app, fit_command(place, "sae", *more, "--json"))
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout.splitlines()[-1])
    assert 0 < found["fvu"] < 1
    assert found["l0"] == pytest.approx(4, rel=0.3)
    assert found["splice"]["recovered"]["n"] >= 1
    assert json.loads((place / "sae" / "report.json").read_text()) == found
    ours, theirs = load(place / "sae"), read_saelens(place / "theirs")
    assert theirs.W_enc.equal(ours.W_enc)
    assert theirs.models == ours.models == (open_store(place / "store").model,)


def test_fit_trains_transcoders_and_says_how_it_went(place: Path) -> None:
    more = ["-s", "mlp_in.1", "-w", "mlp_out.1", "--skip", "--kind", "topk"]
    done = RUN.invoke(app, fit_command(place, "transcoder", *more))
    assert done.exit_code == 0, done.output
    assert "FVU 0." in done.stdout
    assert "of 48 latents alive" in done.stdout
    dictionary = load(place / "transcoder")
    assert (dictionary.reads, dictionary.writes) == ((Site("mlp_in", 1),), (Site("mlp_out", 1),))
    assert dictionary.W_skip is not None


def test_help_teaches_with_an_example() -> None:
    for command in ("capture", "fit"):
        shown = RUN.invoke(app, ["look", command, "--help"]).output
        assert f"caseback look {command}" in shown


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["look", "capture", "--model", "some/model"], "name a --corpus"),
        (["look", "capture", "-s", "stream.1"], "'stream.1' is no site"),
        (["look", "fit", "nowhere"], "not a store; make one with `caseback look capture`"),
    ],
)
def test_errors_are_one_line(command: list[str], says: str) -> None:
    done = RUN.invoke(app, command)
    assert done.exit_code == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_what_does_not_fit_the_store_is_said(place: Path, tmp_path: Path) -> None:
    save_tiny(tmp_path / "other", "qwen3", seed=9)
    for more, says in (
        (["--nested", "a"], "give shares with commas"),
        (["-s", "resid_pre.0"], "has no site resid_pre.0"),
        (["--kind", "gated"], "no kind of dictionary 'gated'"),
        (["--fresh", "--tokens", "256", "--model", str(tmp_path / "other")], "is another model"),
    ):
        done = RUN.invoke(app, fit_command(place, "wrong", *more))
        assert done.exit_code == 2, done.output
        assert says in done.stderr
