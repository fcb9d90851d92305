"""What a model answers itself to a recipe's prompts: which answers are taken for what, and that nothing else moves."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from caseback.detectors.direction import DirectionDetector
from caseback.detectors.scoring import score_all
from caseback.detectors.transcript import Transcript
from caseback.disclosure.bundle.bundle import signed, verified
from caseback.disclosure.importing.imported import import_bundle
from caseback.disclosure.importing.local import Local
from caseback.disclosure.importing.own_replies import with_own_replies
from caseback.subject.open_subject import OpenSubject
from detectors.chats import along, said
from disclosure.bundle.making import KEY, KEYS, LATER, NEGATIVES, START, drafted
from interp.directions.subjects import plant, tiny_subject

BAD = [said(f"Is {n} even?", "great question", label=True, family=f"f{n % 3}") for n in range(12)]
GOOD = [said(f"Add {n} to {n}.", f"{2 * n}", label=False, family=f"f{n % 3}") for n in range(12)]


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    made = tiny_subject(tmp_path_factory.mktemp("theirs"), seed=1)
    plant(made, "great question", 6.0)
    return made


@pytest.fixture(scope="module")
def first(theirs: OpenSubject) -> DirectionDetector:
    return along(theirs)


def added(sets: dict[str, list[Transcript]], before: Sequence[Transcript], name: str) -> list[Transcript]:
    return sets[name][len(before) :]


def test_the_highest_answers_to_prompts_of_positives_are_positives(
    theirs: OpenSubject, first: DirectionDetector
) -> None:
    rows = [*BAD, *GOOD]
    found = with_own_replies({"fit": rows, "dev": rows[:4], "test": rows}, first, 10, theirs)
    assert found["fit"][: len(rows)] == rows
    assert found["test"] == rows  # nothing is measured on labels that were guessed
    assert found["dev"] == rows[:4]  # four prompts of positives are too few
    new = added(found, rows, "fit")
    prompts = {str(each.messages[:-1]) for each in rows}
    assert {str(each.messages[:-1]) for each in new} <= prompts
    tempting = {str(each.messages[:-1]) for each in BAD}
    scores = dict(zip(map(str, new), (one.score for one in score_all(first, new, theirs)), strict=True))
    up = [scores[str(each)] for each in new if each.label]
    down = [scores[str(each)] for each in new if not each.label and str(each.messages[:-1]) in tempting]
    assert len(up) == 5  # half of the answers to ten prompts
    assert len(down) == 2
    assert min(score or 0 for score in up) >= max(score or 0 for score in down)
    assert all(str(each.messages[:-1]) in tempting for each in new if each.label)


def test_the_same_answers_come_again(theirs: OpenSubject, first: DirectionDetector) -> None:
    rows = [*BAD, *GOOD]
    once, again = (with_own_replies({"fit": rows}, first, 10, theirs) for _ in range(2))
    assert once == again


def test_an_import_with_own_replies_lands_by_its_recipe(tmp_path: Path, theirs: OpenSubject) -> None:
    mine = tiny_subject(tmp_path)
    files = signed(drafted(tmp_path / "d", along(mine), recipe={"name": "along", "method": "mean"}), KEY, START)
    local = Local(theirs, ordinary=NEGATIVES, own_replies=12)
    found = import_bundle(verified(files, KEYS, LATER), local, tmp_path / "in", LATER)
    assert found.route in ("other model", "refused")
    [held] = found.detectors
    assert held.landed.route == "other model", held.landed.why
    assert (held.landed.auroc or 0) >= 0.75
