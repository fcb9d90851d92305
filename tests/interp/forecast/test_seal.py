"""A sealed forecast is scored as it was sealed, or not at all."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.interp.forecast.seal import commitment_of, seal, unseal

BODY = {
    "plan": {"n": 4}, "model": "m", "digest": "d", "sampling": {"draws": 1}, "situations": [{"id": "a"}],
    "predictions": {"inside": [0.25, 0.5], "base rate": [0.1, 0.1]},
}  # fmt: skip


def test_what_was_sealed_comes_back(tmp_path: Path) -> None:
    commitment = seal(BODY, tmp_path)
    assert re.fullmatch("[0-9a-f]{64}", commitment)
    assert unseal(tmp_path) == unseal(tmp_path, commitment) == BODY
    published = (tmp_path / "seal.json").read_text()
    assert commitment in published
    assert "0.25" not in published


def test_the_commitment_tells_nothing_of_the_body(tmp_path: Path) -> None:
    seals = {seal(BODY, _folder(tmp_path, str(i))) for i in range(5)}
    assert len(seals) == 5


@given(at=st.integers(0, 1), p=st.floats(0, 1).filter(lambda p: p not in (0.25, 0.5)))
def test_any_other_prediction_has_another_commitment(at: int, p: float) -> None:
    kept = {"kind": "k", "version": 1, "nonce": "n", "body": BODY}
    edited = json.loads(json.dumps(kept))
    edited["body"]["predictions"]["inside"][at] = p
    assert commitment_of(edited) != commitment_of(kept)


@pytest.mark.parametrize(
    "edit",
    [
        lambda kept: kept["body"]["predictions"]["inside"].__setitem__(0, 0.2500001),
        lambda kept: kept["body"].__setitem__("digest", "another model"),
        lambda kept: kept.__setitem__("nonce", "0" * 64),
        lambda kept: kept["body"]["situations"].pop(),
        lambda kept: kept.pop("nonce"),
        lambda kept: kept.__setitem__("body", None),
    ],
)
def test_an_edited_file_is_refused_in_one_line(tmp_path: Path, edit) -> None:
    seal(BODY, tmp_path)
    path = tmp_path / "predictions.json"
    kept = json.loads(path.read_text())
    edit(kept)
    path.write_text(json.dumps(kept))
    with pytest.raises(CasebackError, match=r"predictions\.json: not what was sealed .* edited afterwards") as caught:
        unseal(tmp_path)
    assert "\n" not in str(caught.value)


def test_layout_may_change_but_not_content(tmp_path: Path) -> None:
    seal(BODY, tmp_path)
    path = tmp_path / "predictions.json"
    path.write_text(json.dumps(dict(reversed(json.loads(path.read_text()).items()))))
    assert unseal(tmp_path) == BODY


def test_whoever_edits_both_files_fails_at_the_published_seal(tmp_path: Path) -> None:
    published = seal(BODY, tmp_path)
    (tmp_path / "seal.json").unlink()
    seal({**BODY, "model": "another"}, tmp_path)
    assert unseal(tmp_path)["model"] == "another"
    with pytest.raises(CasebackError, match="not what was sealed"):
        unseal(tmp_path, published)
    with pytest.raises(CasebackError, match="is no seal"):
        unseal(tmp_path, "abc")


def test_files_that_are_missing_damaged_or_of_something_else_are_named(tmp_path: Path) -> None:
    with pytest.raises(CasebackError, match=r"seal\.json: no sealed forecast to read"):
        unseal(tmp_path)
    seal(BODY, tmp_path)
    with pytest.raises(CasebackError, match="holds a sealed forecast already"):
        seal(BODY, tmp_path)
    path = tmp_path / "predictions.json"
    whole = path.read_text()
    path.write_text(whole[: len(whole) // 2])
    with pytest.raises(CasebackError, match=r"predictions\.json: damaged, no JSON"):
        unseal(tmp_path)
    path.write_text('{"kind": "caseback depth", "version": 1}')
    with pytest.raises(CasebackError, match="no forecast of this version"):
        unseal(tmp_path)


def test_what_json_cannot_hold_is_not_sealed(tmp_path: Path) -> None:
    with pytest.raises(CasebackError, match="not storable as JSON"):
        seal({**BODY, "predictions": {"inside": [float("nan")]}}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_seal_without_predictions(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
    with pytest.raises(CasebackError, match="No space left on device: free some space") as caught:
        seal(BODY, small_disk)
    assert "\n" not in str(caught.value)
    assert not (small_disk / "seal.json").exists()
    ballast.unlink()
    assert unseal(small_disk, seal(BODY, small_disk)) == BODY


def _folder(parent: Path, name: str) -> Path:
    (parent / name).mkdir()
    return parent / name
