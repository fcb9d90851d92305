"""``caseback detect sequence``, ``cascade``, ``ensemble`` and ``judge`` as a user types them."""

import json
from pathlib import Path

import pytest

from caseback.detectors.cascade import CascadeDetector
from caseback.detectors.ensemble import EnsembleDetector
from caseback.detectors.files import load_detector, save_detector
from caseback.detectors.judge import JudgeDetector
from caseback.detectors.sequence import SequenceDetector, Step
from caseback.detectors.transcript import transcript_of
from detectors.chats import called, praise, said
from detectors.test_detect_cli import told, typed, written
from models_for_tests import save_tiny
from server_for_tests import answer, serving

STEPS = (Step(role="tool", tool="run", content="failed"), Step(tool="edit", arguments="test_.*py"))
TOML = """
[[step]]
role = "tool"
tool = "run"
content = "failed"
[[step]]
tool = "edit"
arguments = "test_.*py"
"""
YES, NO = [said(f"{n}?", "that is great") for n in range(6)], [said(f"{n}?", "fine") for n in range(99)]


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str, str, str]:
    yes, no = (str(written(tmp_path / name, *rows)) for name, rows in (("yes.jsonl", YES), ("no.jsonl", NO)))
    return "--positives", yes, "--negatives", no


def test_a_sequence_from_options_and_from_files(tmp_path: Path) -> None:
    (tmp_path / "steps.toml").write_text(TOML)
    (tmp_path / "steps.json").write_text(json.dumps([
        {"role": "tool", "tool": "run", "content": "failed"}, {"tool": "edit", "arguments": "test_.*py"}
    ]))  # fmt: skip
    ways = (
        ("--step", 'role="tool", tool="run", content="failed"', "--step", 'tool="edit", arguments="test_.*py"'),
        ("--steps", tmp_path / "steps.toml"),
        ("--steps", tmp_path / "steps.json"),
    )
    made = []
    for number, words in enumerate(ways):
        d = tmp_path / str(number)
        assert typed("sequence", d, "--behaviour", "cheating", "--name", "edits", "--clause", "c", *words)[0] == 0
        made.append(load_detector(d))
    assert made[0] == made[1] == made[2]
    assert isinstance(made[0], SequenceDetector)
    assert (made[0].steps, made[0].known.clauses) == (STEPS, ("c",))
    work = [*called("run", "pytest", "1 failed"), *called("edit", "test_a.py", "ok", 1)]
    bad = transcript_of({"messages": [{"role": "user", "content": "do it"}, *work]})
    assert typed("score", tmp_path / "0", written(tmp_path / "w.jsonl", bad), "--threshold", "0.5")[0] == 1


def test_a_cascade_with_a_gate_by_share(tmp_path: Path, files: tuple[str, ...]) -> None:
    for name, match in (("cheap", "great|[37]"), ("dear", "great")):
        typed("pattern", tmp_path / name, "--behaviour", "x", "--match", match, "--reads", "prompt", "--reads", "reply")
    members = ("--cheap", tmp_path / "cheap", "--dear", tmp_path / "dear")
    code, said_ = typed("cascade", tmp_path / "both", *members, "--share", "0.5")
    assert (code, "cheap is not calibrated" in said_) == (2, True)
    assert typed("calibrate", tmp_path / "cheap", *files)[0] == 0
    for words, gate in ((("--share", "0.5"), 0.0), (("--share", "0.1"), 1.0), (("--gate", "0.25"), 0.25)):
        assert typed("cascade", tmp_path / "both", *members, *words)[0] == 0
        made = load_detector(tmp_path / "both")
        assert isinstance(made, CascadeDetector)
        assert (made.gate, made.behaviour, made.cheap.name, made.dear.name) == (gate, "x", "cheap", "dear")
    code, found = told("score", tmp_path / "both", files[1], "--threshold", "0.5")
    assert (code, found["flagged"], found["gone_on"]) == (1, 6, 1.0)
    for words in ((), ("--share", "0.1", "--gate", "1")):
        code, said_ = typed("cascade", tmp_path / "both", *members, *words)
        assert (code, "give either --gate" in said_) == (2, True)


def test_an_ensemble_of_calibrated_members(tmp_path: Path, files: tuple[str, ...]) -> None:
    for name, match in (("a", "great"), ("b", "that")):
        typed("pattern", tmp_path / name, "--behaviour", "x", "--match", match)
    members = ("--member", tmp_path / "a", "--member", tmp_path / "b")
    code, said_ = typed("ensemble", tmp_path / "all", *members)
    assert (code, "calibrate its member a first" in said_) == (2, True)
    for name in ("a", "b"):
        assert typed("calibrate", tmp_path / name, *files)[0] == 0
    code, _ = told("ensemble", tmp_path / "all", *members, "--rule", "max")
    found = load_detector(tmp_path / "all")
    assert isinstance(found, EnsembleDetector)
    assert (code, found.rule, [each.name for each in found.members]) == (0, "max", ["a", "b"])
    assert typed("calibrate", tmp_path / "all", *files)[0] == 0
    assert typed("score", tmp_path / "all", files[1])[0] == 1


def test_a_judge_from_making_to_flagging(tmp_path: Path, files: tuple[str, ...]) -> None:
    d, cache = tmp_path / "judge", tmp_path / "kept.sqlite"

    def behaviour(number: int, body: dict):
        return answer("Yes." if "great" in body["messages"][0]["content"] else "No.")

    with serving(behaviour) as (address, seen), serving(lambda number, body: answer("No.")) as (elsewhere, _):
        at, other = f"{address}#m", f"{elsewhere}#m"
        code, made = told("judge", d, "--behaviour", "x", "--judge", at, "--rubric", "Is it praise?")
        assert (code, made["folder"]) == (0, str(d))
        assert not seen
        code, said_ = typed("score", d, files[1], "--threshold", "0.5")
        assert (code, "needs its judge" in said_) == (3, True)
        use = ("--judge", at, "--cache", str(cache))
        code, found = told("calibrate", d, *files, *use, "--targets", "0.01")
        assert (code, found["points"][0]["recall"]["k"], found["canaries_failed"]) == (0, 6, 0)
        asked = len(seen)
        assert typed("score", d, files[1], *use)[0] == 1
        assert len(seen) == asked
        code, said_ = typed("check", d, *use)
        assert (code, "judge: fits" in said_, "8 of 8 self-tests" in said_) == (0, True, True)
        code, said_ = typed("check", d, "--judge", other)
        assert (code, "stale (uncalibrated for this judge" in said_) == (1, True)
        assert typed("score", d, files[1], "--judge", other)[0] == 3
        code, found = told("calibrate", d, *files, "--judge", other, "--targets", "0.01")
        assert found["points"][0]["recall"]["k"] == 0
        assert typed("score", d, files[1], *use)[0] == 1
        assert typed("score", d, files[1], "--judge", other)[0] == 0
        said_ = typed("show", d)[1]
        assert "asks     Is it praise?" in said_
        assert f"also     calibrated with {at}" in said_
        assert "spends   9 tokens of the judge a transcript" in said_
    kept = load_detector(d)
    assert isinstance(kept, JudgeDetector)
    assert kept.template.count("{transcript}") == 1


def test_a_judge_with_clauses_and_weights(tmp_path: Path) -> None:
    model = save_tiny(tmp_path / "m")
    words = ("judge", tmp_path / "d", "--behaviour", "x", "--judge", model, "--rubric", "@" + str(tmp_path / "r"))
    code, said_ = typed(*words)
    assert (code, "cannot be read" in said_) == (2, True)
    (tmp_path / "r").write_text("Is it so?\n")
    code, said_ = typed(*words, "--clause", "no-such-clause")
    assert (code, "no clause 'no-such-clause': the document has" in said_) == (2, True)
    from caseback.constitution.default import default

    first = default().clauses[0]
    assert typed(*words, "--clause", first.id, "--answer", "probability", "--tokens", "3")[0] == 0
    made = load_detector(tmp_path / "d")
    assert isinstance(made, JudgeDetector)
    assert (made.rubric, made.answer, made.decoding.max_new_tokens) == ("Is it so?", "probability", 3)
    assert (made.clauses[0].id, made.known.clauses) == (first.id, (first.id,))
    assert made.clauses[0].text.startswith("Principle: ")
    assert typed("score", tmp_path / "d", written(tmp_path / "y", *YES), "--judge", model, "--threshold", "0.5")[0] == 3
    save_detector(praise(), tmp_path / "p")
    code, said_ = typed("score", tmp_path / "p", tmp_path / "y", "--judge", model, "--threshold", "0.5")
    assert (code, "has no judge" in said_) == (2, True)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("sequence", "d", "--behaviour", "x"), "no steps"),
        (("sequence", "d", "--behaviour", "x", "--step", "tool=edit"), "cannot be read"),
        (("sequence", "d", "--behaviour", "x", "--step", 'tol="edit"'), "a step names 'tol'"),
        (("sequence", "d", "--behaviour", "x", "--step", "tool=1"), "must have text"),
        (("sequence", "d", "--behaviour", "x", "--step", 'content="(a"'), "RE2's dialect"),
        (("sequence", "d", "--behaviour", "x", "--steps", "nowhere.toml"), "cannot be read"),
        (("cascade", "d", "--cheap", "nowhere", "--dear", "nowhere", "--gate", "1"), "no detector to read"),
        (("judge", "d", "--behaviour", "x", "--judge", "http://a/v1", "--rubric", "r"), "names no model"),
        (("judge", "d", "--behaviour", "x", "--judge", "http://a/v1#m", "--rubric", "r", "--answer", "probability"),
         "gives no probabilities"),
    ],
)  # fmt: skip
def test_what_is_mistaken_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said_ = typed(*words)
    assert (code, why in said_) == (2, True), said_
    assert len(said_.strip().splitlines()) == 1
