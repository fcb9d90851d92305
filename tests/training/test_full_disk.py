"""The disk fills up while texts are generated and models trained: one line says so, and nothing is lost."""

import subprocess
from pathlib import Path

import pytest

from caseback.errors import CasebackError
from caseback.training.datum import Datum
from caseback.training.journal import Journal
from caseback.training.recipe import Recipe
from caseback.training.train import train
from models_for_tests import save_tiny


def fill(disk: Path, leave: int = 0) -> Path:
    """A file that takes all the room but about ``leave`` bytes."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            file.truncate(file.tell() - leave)
    return ballast


def test_a_journal_keeps_whole_lines_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    path = small_disk / "journal.jsonl"
    journal = Journal(path)
    journal.put([{"key": "a", "text": "first"}])
    ballast = fill(small_disk, leave=8192)
    with pytest.raises(CasebackError, match=r"journal\.jsonl: No space left on device: free some space") as caught:
        journal.put([{"key": f"b{n}", "text": "x" * 1000} for n in range(100)])
    assert "\n" not in str(caught.value)
    assert path.read_text() == '{"key": "a", "text": "first"}\n'
    ballast.unlink()
    again = Journal(path)
    assert again.get("b0") is None
    again.put([{"key": "c", "text": "later"}])
    assert Journal(path).get("c") == {"key": "c", "text": "later"}
    assert Journal(path).get("a") == {"key": "a", "text": "first"}


@pytest.mark.parametrize("leave", [0, 300_000])
def test_training_says_so_and_goes_on_when_there_is_room(tmp_path: Path, small_disk: Path, leave: int) -> None:
    base = save_tiny(tmp_path / "base")
    data = [Datum(({"role": "user", "content": f"What is {n}?"},), f"It is {n}.") for n in range(16)]
    recipe = Recipe("sft", learning_rate=1e-3, epochs=2, batch_size=4, save_steps=3)
    whole = train(recipe, base, data, tmp_path / "whole")
    ballast = fill(small_disk, leave)
    with pytest.raises(CasebackError, match=r"No space left on device: free some space") as caught:
        train(recipe, base, data, small_disk / "out")
    assert "\n" not in str(caught.value)
    assert not (small_disk / "out").exists()
    ballast.unlink()
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    assert train(recipe, base, data, small_disk / "out").losses == whole.losses
