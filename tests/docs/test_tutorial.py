"""The tutorial runs: its Python, block after block, in an empty folder; then its look at the evidence."""

import io
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.loop.budget import SMALL
from caseback.loop.run import run
from models_for_tests import save_tiny

sys.path.insert(0, str(Path(__file__).parent))

from commands_in_pages import ROOT, blocks, commands

TUTORIAL = ROOT / "docs" / "tutorial.md"
TINY = replace(SMALL, name="tiny", measured=6, harmless=6, capability=12, trained=8, max_new_tokens=16)


def test_the_tutorial_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    found = blocks(TUTORIAL, "python")
    assert len(found) == 4
    for number, block in enumerate(found, start=1):
        exec(compile(block, f"docs/tutorial.md, block {number}", "exec"), names)
    printed = capsys.readouterr().out
    assert "hard great-harm" in printed
    assert re.search(r"\d+ of \d+, 95% interval 0\.\d\d to [01]\.\d\d", printed)

    # Section 5: the main job's own line takes ten minutes, so a tiny model and budget stand for it.
    first, *looks = (words for words, whole in commands(TUTORIAL) if whole)
    assert first == ["run", "--out", "runs/mine", "--constitution", "mine.md"]
    run(save_tiny(tmp_path / "tiny"), "mine.md", "runs/mine", budget=TINY, console=Console(file=io.StringIO()))
    assert [words[:2] for words in looks] == [["dossier", "show"], ["dossier", "verify"]]
    said = [CliRunner().invoke(app, words) for words in looks]
    assert [result.exit_code for result in said] == [0, 0]
    assert "My assistant" in said[0].output
    assert "are as they were written" in said[1].output
    assert (tmp_path / "runs" / "mine" / "card.html").exists()
