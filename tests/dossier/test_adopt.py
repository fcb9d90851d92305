"""What a worker recorded becomes part of the caller's record: once, with its evidence, and the chain stays sound."""

from pathlib import Path

import pytest

from caseback.dossier.adopt import adopt
from caseback.dossier.dossier import Dossier, open_dossier
from caseback.errors import CasebackError


@pytest.fixture
def two(tmp_path: Path) -> tuple[Dossier, Dossier]:
    ours, theirs = open_dossier(tmp_path / "ours"), open_dossier(tmp_path / "theirs")
    ours.append("measurement", {"value": 1}, key="shared")
    theirs.append("note", {"text": "no key"})
    first = theirs.append("measurement", {"value": 1}, key="shared")
    second = theirs.append(
        "measurement", {"value": 2}, key="own", seed=3, artefacts={"samples": theirs.put(b"what was said")}
    )
    theirs.append("rates", {"of": 2}, key="rates", parents=[first.id, second.id])
    return ours, theirs


def test_what_is_missing_is_appended_with_parents_artefacts_and_seed(two: tuple[Dossier, Dossier]) -> None:
    ours, theirs = two
    assert adopt(ours, theirs) == 2
    shared, own, rates = ours.records()
    assert (own.body, own.seed) == ({"value": 2}, 3)
    assert ours.get(own.artefacts["samples"]) == b"what was said"
    assert list(rates.parents) == [shared.id, own.id]
    assert ours.verify() == []


def test_adopting_again_adds_nothing(two: tuple[Dossier, Dossier]) -> None:
    ours, theirs = two
    adopt(ours, theirs)
    before = ours.head()
    assert adopt(ours, theirs) == 0
    assert ours.head() == before


def test_a_damaged_artefact_is_not_taken_over(two: tuple[Dossier, Dossier]) -> None:
    ours, theirs = two
    theirs.artefact(next(theirs.records("measurement", value=2)).artefacts["samples"]).write_bytes(b"something else")
    with pytest.raises(CasebackError, match="restore it from a copy"):
        adopt(ours, theirs)
    assert ours.find("measurement", "own") is None
    assert ours.verify() == []
