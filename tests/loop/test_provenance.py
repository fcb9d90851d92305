"""How a run was called, as its record has it."""

from dataclasses import replace
from pathlib import Path

import pytest

from caseback.loop.budget import FULL, SMALL
from caseback.loop.provenance import command


@pytest.mark.parametrize("program", ["/usr/bin/caseback", "/lib/caseback/__main__.py", "caseback.exe"])
def test_at_the_shell_it_is_what_was_typed(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = ["run", "--constitution", "my principles.md", "--seed", "3"]
    monkeypatch.setattr("sys.argv", [program, *typed])
    assert command(None, Path("my principles.md"), None, SMALL, 3) == (
        "caseback run --constitution 'my principles.md' --seed 3"
    )


def test_in_python_it_is_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/home/me/study.py", "--fast"])
    assert command(None, None, None, SMALL, 0) == "run(budget=SMALL, seed=0)"
    assert command("m", Path("c.md"), "out", FULL, 2) == (
        "run(model='m', constitution='c.md', out='out', budget=FULL, seed=2)"
    )
    own = replace(SMALL, measured=5)
    assert command(None, None, None, own, 0) == f"run(budget={own!r}, seed=0)"
