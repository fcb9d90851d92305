"""``caseback detect`` as a user types it, to the exit status."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.detectors.cascade import CascadeDetector
from caseback.detectors.files import RECORD, load_detector, save_detector
from caseback.detectors.transcript import Transcript
from caseback.interp.directions.files import save_direction
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from detectors.chats import along, dictionary_for, praise, said
from models_for_tests import save_tiny


def typed(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["detect", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def told(*words: str | Path) -> tuple[int, Any]:
    """What is printed as JSON."""
    code, out = typed(*words, "--json")
    return code, json.loads(out[out.index("{") :])


def written(path: Path, *transcripts: Transcript) -> Path:
    path.write_text("".join(json.dumps({"messages": list(each.messages)}) + "\n" for each in transcripts))
    return path


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    yes = written(tmp_path / "yes.jsonl", *(said(f"{n}?", "that is great") for n in range(5)), said("5?", "so so"))
    return yes, written(tmp_path / "no.jsonl", *(said(f"{n}?", "fine") for n in range(99)))


def test_patterns_from_making_to_flagging(tmp_path: Path, files: tuple[Path, Path]) -> None:
    yes, no = files
    d = tmp_path / "praise"
    code, made = told("pattern", d, "--behaviour", "sycophancy", "--match", "(?i)GREAT", "--match", "clever", "--reads",
                      "reply", "--clause", "honest.praise", "--failure", "misses irony")  # fmt: skip
    assert (code, made["folder"]) == (0, str(d))
    code, said_ = typed("score", d, yes)
    assert code == 2
    assert "is not calibrated" in said_
    assert typed("score", d, yes, "--threshold", "0.5")[0] == 1
    code, said_ = typed("check", d)
    assert (code, "needs no model" in said_, "it has none" in said_) == (3, True, True)
    code, said_ = typed("calibrate", d, "--positives", yes, "--negatives", no)
    assert code == 0, said_
    assert "0.83 [" in said_
    assert "99 negatives are too few for 0.1% false positives" in said_
    assert "too few for 1.0%" not in said_
    code, found = told("score", d, yes)
    assert (code, found["flagged"], found["untold"], found["gone_on"]) == (1, 5, 0, None)
    assert found["id"] == json.loads((d / RECORD).read_text())["id"] != made["id"]
    assert found["rows"][0]["spans"] == [{"message": 1, "field": "content", "start": 8, "end": 13, "call": 0}]
    code, said_ = typed("score", d, yes, "--target", "0.001")
    assert (code, "5 of 6 above 0; 0 could not be told" in said_) == (1, True)
    assert typed("score", d, no)[0] == 0
    code, said_ = typed("score", d, written(tmp_path / "some.jsonl", said("?", "fine"), said("?")))
    assert (code, "cannot tell" in said_, "no content in the reply" in said_) == (3, True, True)
    code, said_ = typed("check", d)
    assert (code, "4 of 4 self-tests within tolerance" in said_) == (0, True)
    code, said_ = typed("show", d)
    assert code == 0
    for part in ("a pattern for sycophancy", "honest.praise", "misses irony", "µs per character", "AUROC 0.9"):
        assert part in said_
    assert told("show", d) == (0, json.loads((d / RECORD).read_text()))


def test_a_self_test_that_fails_is_told(tmp_path: Path, files: tuple[Path, Path]) -> None:
    d = tmp_path / "d"
    typed("pattern", d, "--behaviour", "x", "--match", "great")
    assert typed("calibrate", d, "--positives", files[0], "--negatives", files[1], "--self-tests", "1")[0] == 0
    save_detector(praise(patterns=("fine",), known=load_detector(d).known), d)
    code, said_ = typed("check", d)
    assert (code, "1 of 2 self-tests" in said_ or "0 of 2 self-tests" in said_) == (1, True)
    code, found = told("check", d)
    assert code == 1
    assert found["self_tests"]["failed"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, OpenSubject]:
    folder = save_tiny(tmp_path_factory.mktemp("model") / "m")
    return folder, load(str(folder), dtype="float32")


def test_a_direction_and_a_latent_from_folder_to_staleness(
    tmp_path: Path, files: tuple[Path, Path], model: tuple[Path, OpenSubject]
) -> None:
    folder, subject = model
    yes, no = files
    save_direction(along(subject).direction, tmp_path / "dir")
    dictionary_for(subject, tmp_path / "sae")
    made = {
        "along": ("direction", tmp_path / "dir", tmp_path / "along", "--pool", "rolling", "--reads", "reply"),
        "lit": ("latent", tmp_path / "sae", "7", tmp_path / "lit", "--behaviour", "harm"),
    }
    other = save_tiny(tmp_path / "other", seed=1)
    for name, words in made.items():
        d = tmp_path / name
        assert typed(*words)[0] == 0
        code, said_ = typed("calibrate", d, "--positives", yes, "--negatives", no)
        assert (code, "no positive could be scored (it needs activations" in said_) == (2, True)
        code, found = told("calibrate", d, "--positives", yes, "--negatives", no, "--model", folder, "--targets", "0.1")
        assert (code, len(found["negatives"]), len(found["points"])) == (0, 99, 1)
        detector = load_detector(d)
        assert (detector.behaviour, detector.needs) == ("harm", "activations")
        code, found = told("score", d, yes, "--model", folder)
        texts = [said(f"{n}?", "that is great") for n in range(5)]
        wanted = [one.score for one in detector.scores(texts, subject)]
        assert [row["score"] for row in found["rows"]][:5] == pytest.approx(wanted, abs=1e-4)
        assert code == int(found["flagged"] > 0)
        assert typed("score", d, yes, "--threshold", "1e9")[0] == 3
        assert typed("score", d, yes, "--threshold", "1e9", "--model", folder)[0] == 0
        code, said_ = typed("score", d, yes, "--model", other)
        assert (code, "the model changed" in said_) == (3, True)
        assert typed("check", d, "--model", folder)[0] == 0
        assert typed("check", d)[0] == 3
        code, found = told("check", d, "--model", other)
        assert (code, found["fit"]["word"], found["self_tests"]) == (1, "stale", None)
        assert "µs per token" in typed("show", d)[1]


def test_a_cascade_says_which_share_went_on(tmp_path: Path, files: tuple[Path, Path]) -> None:
    save_detector(CascadeDetector("both", "x", praise(name="cheap"), praise(patterns=("that",)), 0.5), tmp_path / "d")
    code, said_ = typed("score", tmp_path / "d", files[0], "--threshold", "0.5")
    assert (code, "83% went on to the dear detector" in said_) == (1, True)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("pattern", "d", "--behaviour", "x", "--match", r"(a)\1"), "not in RE2's dialect"),
        (("pattern", "d", "--behaviour", "x", "--match", "a", "--reads", "soul"), "'soul' is not one of prompt"),
        (("direction", "nowhere", "d"), "no direction in nowhere"),
        (("latent", "nowhere", "3", "d", "--behaviour", "x"), "dictionary.json is missing"),
        (("score", "nowhere", "x.jsonl"), "no detector to read"),
        (("calibrate", "nowhere", "--positives", "a", "--negatives", "b", "--targets", "1%"), "target '1%'"),
        (("show", "nowhere"), "caseback detect --help"),
    ],
)
def test_what_is_mistaken_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said_ = typed(*words)
    assert (code, why in said_) == (2, True), said_
    assert len(said_.strip().splitlines()) == 1
