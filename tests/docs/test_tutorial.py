"""The tutorial's Python runs, block after block, in an empty folder."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def test_the_tutorial_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    found = blocks(ROOT / "docs" / "tutorial.md", "python")
    assert len(found) == 4
    for number, block in enumerate(found, start=1):
        exec(compile(block, f"docs/tutorial.md, block {number}", "exec"), names)
    printed = capsys.readouterr().out
    assert "hard great-harm" in printed
    assert re.search(r"\d+ of \d+, 95% interval 0\.\d\d to [01]\.\d\d", printed)


def test_every_command_in_the_pages_exists() -> None:
    """A page must not name a command or option that the command line does not have."""
    from typer.testing import CliRunner

    from caseback.cli.main import COMMANDS, app

    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("docs/howto/*.md")]
    named = {
        match[1]
        for page in pages
        for match in re.finditer(
            r"(?:^|[`/ ])caseback ([a-z-]+)", "\n".join(blocks(page, r"(?:sh|text|shell|bash|console)"))
        )
    }
    assert named
    assert named <= set(COMMANDS)
    for name in named:
        result = CliRunner().invoke(app, [name, "--help"])
        assert result.exit_code == 0, f"caseback {name} --help: {result.output}"
