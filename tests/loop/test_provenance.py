"""How a run was called, as its record has it."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from caseback.constitution.default import default
from caseback.dossier.dossier import open_dossier
from caseback.interp.store.identity import tokenizer_digest
from caseback.loop.arms import Plan
from caseback.loop.budget import FULL, SMALL
from caseback.loop.job import Job
from caseback.loop.progress import Reporter
from caseback.loop.provenance import command, record_subject
from caseback.subject.load import load
from models_for_tests import CHAT_TEMPLATE, save_tiny


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


def test_a_subject_is_recorded_by_its_tokenizer_and_template_too(tmp_path: Path) -> None:
    subject = load(str(save_tiny(tmp_path / "model")))
    other = load(str(save_tiny(tmp_path / "other", chat_template=CHAT_TEMPLATE + "\n")))
    with open_dossier(tmp_path / "dossier") as dossier:
        plan = Plan("world", {}, {}, [], default(), SMALL, 0)
        reporter = Reporter(Console(file=io.StringIO()), {})
        job = Job(dossier, reporter, "m", tmp_path, default(), "", plan, SMALL, 0, False, 1)
        for role, each in (("before", subject), ("sft", other)):
            record_subject(job, each, role)
        before, after = (record.body for record in dossier.records("subject"))
    assert before["tokenizer"] == tokenizer_digest(subject.tokenizer) == after["tokenizer"]
    assert before["template"] != after["template"]
