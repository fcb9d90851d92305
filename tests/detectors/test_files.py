"""A detector comes back from disk as it was; what is damaged, edited or unknown is refused in one line."""

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from caseback.detectors.alone import alone
from caseback.detectors.calibrate import calibrate, measure_cost
from caseback.detectors.cascade import CascadeDetector
from caseback.detectors.detector import Detector
from caseback.detectors.ensemble import EnsembleDetector
from caseback.detectors.files import KIND, RECORD, TENSORS, VERSION, detector_id, load_detector, save_detector
from caseback.detectors.judge import JudgedClause, JudgeDetector, JudgePoint, Spent
from caseback.detectors.judge_model import Decoding, JudgeModel
from caseback.detectors.judge_prompt import TEMPLATE
from caseback.detectors.kinds import KINDS, kind_of, with_known
from caseback.detectors.known import Known
from caseback.detectors.plain import tensor_digest
from caseback.detectors.self_test import make_self_tests
from caseback.detectors.sequence import Step
from caseback.dossier.record import digest
from caseback.errors import CasebackError
from caseback.subject.open_subject import OpenSubject
from detectors.chats import along, called, dictionary_for, lit, praise, said, steps

TEXTS = [said("a", "great six"), said("a", "four"), said("a"), said("b", "dull", label=False, family="f")]


def full(detector: Detector, subject: OpenSubject | None) -> Detector:
    """With everything known that can be."""
    known = calibrate(detector, TEXTS[:1], TEXTS[1:], (0.5, 0.01), subject)
    return with_known(
        detector, calibration=known, clauses=("safe.harm",), failures=("misses irony", "naïve “quotes”"),
        self_tests=make_self_tests(detector, TEXTS, subject), cost=measure_cost(detector, TEXTS, subject),
    )  # fmt: skip


def judged(subject: OpenSubject, known: Known) -> Detector:
    """A judge with everything known that can be, and with what another judge did."""
    assert known.calibration is not None
    clause, spent = JudgedClause("honest.praise", "f" * 64, "Praise what is good."), Spent(3, 1, 2)
    others = (JudgePoint(JudgeModel("n", "1" * 64), known.calibration),)
    return JudgeDetector(
        "judge", "x", JudgeModel("tiny", subject.digest), "Is it praise?", (clause,), TEMPLATE, "word", Decoding(4),
        others, spent, known,
    )  # fmt: skip


@pytest.mark.parametrize("kind", [*KINDS, "latent alone"])
def test_every_kind_comes_back_with_its_scores_and_its_id(subject: OpenSubject, tmp_path: Path, kind: str) -> None:
    text, acts = full(praise(), None), full(along(subject), subject)
    made: Detector = {
        "pattern": text,
        "direction": acts,
        "latent": full(lit(subject, tmp_path / "dictionary"), subject),
        "latent alone": full(alone(lit(subject, tmp_path / "dictionary", threshold=0.1)), subject),
        "sequence": full(steps(Step("user", content="a"), Step(content="six")), None),
        "cascade": full(CascadeDetector("both", "x", text, lit(subject, tmp_path / "dictionary"), 0.5, -1.0), subject),
        "ensemble": full(EnsembleDetector("all", "x", (text, acts), "mean"), subject),
        "judge": judged(subject, text.known),
    }[kind]
    name = save_detector(made, tmp_path / "d")
    again = load_detector(tmp_path / "d")
    assert kind_of(again) == kind.removesuffix(" alone")
    assert name == detector_id(made) == detector_id(again)
    assert (again.name, again.behaviour, again.needs, again.fits) == (made.name, made.behaviour, made.needs, made.fits)
    assert again.known == made.known
    assert again.scores(TEXTS, subject) == made.scores(TEXTS, subject)
    files = {path.name for path in (tmp_path / "d").iterdir()}
    assert files == ({RECORD, TENSORS} if kind in ("direction", "ensemble", "latent alone") else {RECORD})
    save_detector(again, tmp_path / "again")
    assert json.loads((tmp_path / "again" / RECORD).read_text()) == json.loads((tmp_path / "d" / RECORD).read_text())


PATTERNS = st.lists(st.text(st.characters(categories=("L", "N", "Zs")), min_size=1, max_size=8), min_size=1, max_size=4)


@given(PATTERNS, st.sets(st.sampled_from(["prompt", "turn", "reply"]), min_size=1), st.text(max_size=30))
def test_any_patterns_come_back(patterns: list[str], reads: set[str], text: str) -> None:
    made = praise(patterns=tuple(patterns), reads=tuple(sorted(reads)), name=text)
    chats = [said(text or "a", text), said(text or "a", "".join(patterns)), said("a")]
    with tempfile.TemporaryDirectory() as folder:
        name = save_detector(made, Path(folder))
        again = load_detector(Path(folder))
    assert again == made
    assert detector_id(again) == name
    assert again.scores(chats) == made.scores(chats)


def test_the_id_is_of_what_is_in_it(subject: OpenSubject) -> None:
    made = along(subject)
    others = [
        replace(made, name="b"),
        replace(made, direction=replace(made.direction, zero=0.1)),
        replace(made, direction=replace(made.direction, vector=-made.direction.vector)),
        with_known(made, failures=("a",)),
    ]
    assert len({detector_id(each) for each in (made, *others)}) == 5


def test_a_latent_moves_with_its_dictionary_and_takes_no_other(subject: OpenSubject, tmp_path: Path) -> None:
    save_detector(lit(subject, tmp_path / "a" / "dictionary"), tmp_path / "a" / "d")
    shutil.move(tmp_path / "a", tmp_path / "b")
    assert load_detector(tmp_path / "b" / "d").scores(TEXTS, subject)[0].score is not None
    dictionary_for(subject, tmp_path / "b" / "dictionary", seed=1)
    with pytest.raises(CasebackError, match="is another, or was changed"):
        load_detector(tmp_path / "b" / "d")
    shutil.rmtree(tmp_path / "b" / "dictionary")
    with pytest.raises(CasebackError, match=r"dictionary\.json is missing"):
        load_detector(tmp_path / "b" / "d")


def forge(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Edits a detector and gives it an id that fits, as somebody of ill will would."""
    record = json.loads((folder / RECORD).read_text())
    change(record["detector"])
    record["id"] = digest({"kind": KIND, "version": VERSION, "detector": record["detector"]})
    (folder / RECORD).write_text(json.dumps(record))


def edit(folder: Path, **changes: object) -> None:
    record = json.loads((folder / RECORD).read_text())
    (folder / RECORD).write_text(json.dumps({**record, **changes}))


def cut(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])


def nested(depth: int) -> str:
    head = json.dumps({"id": "", "kind": KIND, "version": VERSION, "dictionaries": {}})[:-1]
    return head + ', "detector": ' + '{"cheap": ' * depth + "1" + "}" * (depth + 1)


def vector(folder: Path, tensor: torch.Tensor) -> None:
    """Puts another tensor in place of a direction's, named by its own digest."""
    from safetensors.torch import save_file

    save_file({tensor_digest(tensor): tensor}, folder / TENSORS)
    forge(folder, lambda d: d["direction"].update(vector={"tensor": tensor_digest(tensor)}))


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda d: cut(d, RECORD), "damaged"),
        (lambda d: cut(d, TENSORS), "truncated or damaged"),
        (lambda d: (d / TENSORS).unlink(), "is not in the file beside it"),
        (lambda d: (d / RECORD).unlink(), "no detector to read"),
        (lambda d: (d / RECORD).write_bytes(b"\xff"), "damaged"),
        (lambda d: (d / RECORD).write_text(""), "damaged"),
        (lambda d: (d / RECORD).write_text("[]"), "not a detector of version 1"),
        (lambda d: (d / RECORD).write_text("[" * 1_000_000), "nested too deeply"),
        (lambda d: (d / RECORD).write_text(nested(900)), "nested too deeply|id does not fit|not storable"),
        (lambda d: edit(d, version=2), "not a detector of version 1"),
        (lambda d: edit(d, kind="caseback direction"), "not a detector of version 1"),
        (lambda d: edit(d, more=1), "'more' is unknown or missing"),
        (lambda d: edit(d, id="0" * 64), "id does not fit"),
        (lambda d: edit(d, detector={}), "id does not fit"),
        (lambda d: edit(d, dictionaries=[]), "dictionaries must give a folder"),
        (lambda d: edit(d, detector=float("nan")), "not storable as JSON"),
        (lambda d: forge(d, lambda b: b.update(kind="python")), "of kind 'python'; this caseback knows pattern"),
        (lambda d: forge(d, lambda b: b.update(kind=["pattern"])), "of kind"),
        (lambda d: forge(d, lambda b: b.update(code="import os")), "unknown field 'code'"),
        (lambda d: forge(d, lambda b: b.pop("reading")), "lacks the field 'reading'"),
        (lambda d: forge(d, lambda b: b.update(name=3)), r"detector\.name is 3, and must be text"),
        (lambda d: forge(d, lambda b: b.update(reading=[])), r"detector\.reading is \[\], and must be an object"),
        (lambda d: forge(d, lambda b: b["reading"].update(pool="median")), "must be one of last, mean, max, rolling"),
        (lambda d: forge(d, lambda b: b["direction"].update(step="1")), "must be a finite number"),
        (lambda d: forge(d, lambda b: b["direction"].update(step=True)), "must be a finite number"),
        (lambda d: forge(d, lambda b: b["direction"].update(step=-1)), "must be above 0"),
        (lambda d: forge(d, lambda b: b["direction"]["site"].update(layer=1.5)), "must be a whole number"),
        (lambda d: forge(d, lambda b: b["direction"]["site"].update(layer=-1)), "not a number of a block"),
        (lambda d: forge(d, lambda b: b["direction"].update(vector=[1.0])), "tensor"),
        (lambda d: forge(d, lambda b: b["direction"].update(vector={"tensor": "0"})), "not in the file beside it"),
        (lambda d: forge(d, lambda b: b["known"].update(clauses="safe.harm")), "must be a list"),
        (lambda d: vector(d, torch.full((32,), float("nan"))), "finite"),
        (lambda d: vector(d, torch.full((32,), float("inf"))), "finite"),
        (lambda d: vector(d, torch.ones(1, 32)), r"\[1, 32\]"),
        (lambda d: vector(d, torch.ones(32)), "must have 1"),
        (lambda d: vector(d, torch.eye(32)[0].half()), "float16"),
    ],
)
def test_a_direction_that_is_not_as_it_was_is_refused(
    subject: OpenSubject, tmp_path: Path, damage: Callable[[Path], None], why: str
) -> None:
    save_detector(along(subject), tmp_path)
    damage(tmp_path)
    with pytest.raises(CasebackError, match=why) as caught:
        load_detector(tmp_path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / RECORD))


def test_a_tensor_that_was_swapped_is_noticed(subject: OpenSubject, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    save_detector(along(subject), tmp_path)
    save_file({name: -tensor for name, tensor in load_file(tmp_path / TENSORS).items()}, tmp_path / TENSORS)
    with pytest.raises(CasebackError, match="its tensor was changed"):
        load_detector(tmp_path)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"patterns": [r"(a)\1"]}, "not in RE2's dialect"),
        ({"patterns": ["a" * 2_001]}, "2001 characters"),
        ({"patterns": ["a"] * 201}, "201 patterns"),
        ({"patterns": []}, "0 patterns"),
        ({"patterns": [3]}, r"patterns\[0\] is 3, and must be text"),
        ({"reads": ["soul"]}, "must be one of prompt, turn, reply"),
        ({"roles": ["god"]}, "must be one of system, user, assistant, tool"),
    ],
)
def test_a_pattern_of_somebody_else_is_held_to_the_same(tmp_path: Path, change: dict[str, object], why: str) -> None:
    save_detector(praise(), tmp_path)
    forge(tmp_path, lambda body: body.update(change))
    with pytest.raises(CasebackError, match=why):
        load_detector(tmp_path)


def test_members_nested_without_end_are_refused(tmp_path: Path) -> None:
    save_detector(CascadeDetector("a", "x", praise(name="b"), praise(name="c"), 0.5), tmp_path)

    def nest(body: dict[str, Any]) -> None:
        for at in range(150):
            body["dear"] = {**body, "name": f"n{at}"}

    forge(tmp_path, nest)
    with pytest.raises(CasebackError, match="nested too deeply"):
        load_detector(tmp_path)


def test_transcripts_in_self_tests_are_checked_too(tmp_path: Path) -> None:
    chat = said("a", "great")
    tool = replace(chat, messages=(*chat.messages, *called("run", "x", "b")[1:]))
    save_detector(with_known(praise(), self_tests=make_self_tests(praise(), [chat, tool])), tmp_path)
    assert load_detector(tmp_path).known.self_tests[1].transcript == tool
    forge(tmp_path, lambda b: b["known"]["self_tests"][0]["transcript"]["messages"][0].update(role="cat"))
    with pytest.raises(CasebackError, match=r"message 0 needs a role"):
        load_detector(tmp_path)


def test_a_full_disk_is_one_line(small_disk: Path) -> None:
    with (small_disk / "ballast").open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
    with pytest.raises(CasebackError, match="No space left on device"):
        save_detector(praise(), small_disk / "d")
