"""A constitution is made ready for a run: guesses are shown, and one that nothing measures is refused at once."""

from io import StringIO

import pytest
from rich.console import Console

from caseback.behaviours.registry import trained_against
from caseback.constitution.default import default
from caseback.constitution.sentences import read_sentences
from caseback.errors import CasebackError
from caseback.loop.placed import placed


def told(text: str) -> tuple[str, str, tuple[str, ...]]:
    console = Console(file=StringIO(), width=200)
    found = placed(read_sentences(text, "house/my-rules.md"), trained_against(), console)
    return found.title, console.file.getvalue(), found.clauses[0].families  # type: ignore[attr-defined]


def test_a_plain_list_is_put_under_situations_and_says_so() -> None:
    title, printed, families = told("Never lie.\nSpeak in rhymes.")
    assert title == "my-rules"
    assert families == ("deceive",)
    assert "clause 'never-lie' names no situations; by its words put under deceive" in printed
    assert "clause 'speak-in-rhymes' names no situations; its words tell none: not measured" in printed


def test_a_list_that_nothing_measures_is_refused_with_the_remedy() -> None:
    with pytest.raises(CasebackError, match=r"my-rules\.md: no clause falls under .*harm.*'Situations: …'"):
        told("Speak in rhymes.\nWear a hat.")


def test_the_default_constitution_needs_no_guess() -> None:
    console = Console(file=StringIO())
    assert placed(default(), trained_against(), console).clauses == default().clauses
    assert console.file.getvalue() == ""  # type: ignore[attr-defined]
