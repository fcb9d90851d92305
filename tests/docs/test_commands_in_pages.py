"""What the pages tell to type is what the command line takes."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from commands_in_pages import PAGES, ROOT, commands, refused


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_on_the_page_is_taken_with_its_options(page: Path) -> None:
    assert [why for words, whole in commands(page) if (why := refused(words, whole))] == []


def test_the_pages_show_commands_in_every_form() -> None:
    found = {" ".join(words): whole for page in PAGES for words, whole in commands(page)}
    assert len(found) > 50
    assert found["dossier show runs/mine/dossier"]  # in the README, behind .venv/bin/ and before a comment
    assert found["claims measure ID"]  # indented
    assert found["chat https://host/v1#model-name"]  # with a # that begins no comment
    assert found["world play letters --split train --seed 2"]  # behind a pipe
    assert found["dossier verify --head ID"] is False  # in a sentence


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("run --modell m", "No such option"),
        ("fly", "no command 'fly'"),
        ("dossier shew runs/mine", "no command 'shew'"),
        ("run --budget huge", "huge"),
        ("run --seed x", "x"),
        ("run --out", "requires an argument"),
        ("dossier verify", "Missing argument"),
        ("dossier verify a b", "unexpected extra argument"),
        ("constitution show --compcat", "No such option"),
    ],
)
def test_a_wrong_command_is_found(line: str, why: str) -> None:
    assert why in refused(line.split())


@pytest.mark.parametrize("line", ["run", "run --model a --budget full --seed 1", "claims --json", "--version", "-h"])
def test_a_right_command_is_not(line: str) -> None:
    assert refused(line.split()) == ""
