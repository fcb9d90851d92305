"""The rungs of a ladder from folders."""

import json
import math
from pathlib import Path

import pytest

from caseback.errors import CasebackError
from caseback.oversight.ladder.rungs import gap, read_rungs
from models_for_tests import save_tiny


def built(folder: Path, seed: int, tokens: float = 1e6) -> Path:
    save_tiny(folder / "model", seed=seed)
    (folder / "model" / "training.json").write_text(json.dumps({"tokens_seen": tokens, "steps": 100}))
    return folder / "model"


def test_compute_is_six_for_each_weight_and_token(tmp_path: Path) -> None:
    one, two = built(tmp_path / "a", 0, 1e6), built(tmp_path / "b", 1, 1e7)
    weak, strong = read_rungs({"strong": str(two), "weak": str(one)})
    assert (weak.name, strong.name) == ("weak", "strong")
    assert weak.parameters == strong.parameters > 0
    assert weak.compute == pytest.approx(math.log10(6 * weak.parameters * 1e6))
    assert gap(weak, strong) == pytest.approx(1)


def test_a_checkpoint_has_its_share_of_the_tokens(tmp_path: Path) -> None:
    whole = built(tmp_path / "run", 0)
    save_tiny(tmp_path / "run" / "steps" / "10", seed=5)
    first, last = read_rungs({"last": str(whole), "first": str(tmp_path / "run" / "steps" / "10")})
    assert (first.name, gap(first, last)) == ("first", pytest.approx(1))


def test_compute_can_be_given(tmp_path: Path) -> None:
    save_tiny(tmp_path / "a", seed=0)
    save_tiny(tmp_path / "b", seed=1)
    named = {"a": str(tmp_path / "a"), "b": str(tmp_path / "b")}
    with pytest.raises(CasebackError, match="--flops a=2e15"):
        read_rungs(named)
    assert [rung.name for rung in read_rungs(named, {"a": 1e15, "b": 1e14})] == ["b", "a"]
    with pytest.raises(CasebackError, match="compute of -1"):
        read_rungs(named, {"a": -1.0, "b": 1e14})


def test_bad_ladders_are_refused(tmp_path: Path) -> None:
    one = built(tmp_path / "a", 0)
    with pytest.raises(CasebackError, match="at least 2"):
        read_rungs({"a": str(one)})
    with pytest.raises(CasebackError, match="same weights"):
        read_rungs({"a": str(one), "b": str(one)})
    with pytest.raises(CasebackError, match=r"config\.json is missing"):
        read_rungs({"a": str(one), "b": str(tmp_path / "none")})


@pytest.mark.parametrize("text", ["{}", "[]", "no JSON"])
def test_a_training_record_that_tells_no_tokens_is_none(tmp_path: Path, text: str) -> None:
    one, two = built(tmp_path / "a", 0), built(tmp_path / "b", 1)
    (two / "training.json").write_text(text)
    with pytest.raises(CasebackError, match="--flops b=2e15"):
        read_rungs({"a": str(one), "b": str(two)})
