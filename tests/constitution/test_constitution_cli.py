"""The commands as a user types them."""

import json
import resource
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.constitution.default import default
from caseback.constitution.form import canonical
from caseback.constitution.json_form import digest
from caseback.constitution.read import read


def caseback(*args: object, status: int = 0) -> str:
    result = CliRunner().invoke(app, ["constitution", *map(str, args)])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result.output


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.md"
    path.write_text("## hard\n\n### a\n\nBe [bold] here.\n\n### a\n\nSing.\n")
    return path


def test_check(broken: Path) -> None:
    assert "default.md: 24 clauses, 0 errors, 0 warnings" in caseback("check")
    output = caseback("check", broken, status=1)
    assert f"{broken}:7: error: a: the id stands already on line 3" in output
    assert f"{broken}:3: warning: a: no reason" in output
    data = json.loads(caseback("check", broken, "--json", status=1))
    assert (data["errors"], data["clauses"][1]) == (1, {"id": "a", "line": 7})
    assert {problem["level"] for problem in data["problems"]} == {"error", "warning"}


def test_warnings_alone_are_no_failure(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("Be kind.\nBe [/fair].\n")
    assert "2 clauses, 0 errors, 5 warnings" in caseback("check", path)


def test_show(broken: Path) -> None:
    output = caseback("show")
    assert all(clause.id in output for clause in default().clauses)
    assert "[bold]" in caseback("show", broken)
    data = json.loads(caseback("show", "--json"))
    assert data["digest"] == digest(default())
    assert len(data["clauses"]) == 24
    assert caseback("show", "--full").startswith("# The caseback constitution\n\nYou are a helpful")


def test_show_compact() -> None:
    output = caseback("show", "--compact")
    assert output.startswith("You are a helpful, honest and caring assistant. These are your principles.\n- Never help")
    assert "of 400 tokens)" in output
    assert "left out for length: respect-choices" in caseback("show", "--compact", "--limit", 300).replace("\n", " ")
    data = json.loads(caseback("show", "--compact", "--json", "--limit", 100))
    assert data["tokens"] <= 100
    assert data["estimated"]
    assert "warm-refusal" in data["left_out"]


def test_show_compact_counts_with_a_tokenizer(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    data = json.loads(caseback("show", "--compact", "--json", "--tokenizer", tmp_path / "tokenizer.json"))
    assert data["tokens"] == len(data["text"].split())
    assert not data["estimated"]
    assert "no tokenizer.json that can be read" in caseback("show", "--compact", "--tokenizer", "/none", status=2)


def test_convert_and_diff(tmp_path: Path) -> None:
    caseback("convert", "--to", tmp_path / "a.md")
    caseback("convert", tmp_path / "a.md", "--to", tmp_path / "b.json")
    assert canonical(read(tmp_path / "b.json")) == canonical(default())
    assert "the same" in caseback("diff", tmp_path / "a.md", tmp_path / "b.json")
    text = (tmp_path / "a.md").read_text()
    changed = text.replace("Brief: Treat all people fairly.", "Brief: Be fair to [all].").replace(
        "### privacy", "### secrets"
    )
    (tmp_path / "c.md").write_text(changed)
    output = caseback("diff", tmp_path / "a.md", tmp_path / "c.md")
    for line in (
        "- privacy Keep",
        "+ secrets Keep",
        "~ fairness brief",
        "- Treat all people fairly.",
        "+ Be fair to [all].",
    ):
        assert line in output
    data = json.loads(caseback("diff", tmp_path / "a.md", tmp_path / "c.md", "--json"))
    assert data["changed"] == [
        {"clause": "fairness", "field": "brief", "before": "Treat all people fairly.", "after": "Be fair to [all]."}
    ]
    assert not data["same"]


def test_convert_refuses_what_it_would_spoil(tmp_path: Path) -> None:
    caseback("convert", "--to", tmp_path / "a.md")
    assert "is there already" in caseback("convert", "--to", tmp_path / "a.md", status=2)
    assert json.loads(caseback("convert", "--to", tmp_path / "a.md", "--force", "--json"))["clauses"] == 24
    before = (tmp_path / "a.md").read_text()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # as a disk with room for 1,000 bytes
    try:
        output = caseback("convert", "--to", tmp_path / "a.md", "--force", status=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "cannot be written (File too large)" in output
    assert [path.name for path in tmp_path.iterdir()] == ["a.md"]
    assert (tmp_path / "a.md").read_text() == before
    assert "ends in .md" in caseback("convert", "--to", tmp_path / "a.txt", status=2)
    assert "cannot be written" in caseback("convert", "--to", tmp_path / "no" / "a.md", status=2)


@pytest.mark.parametrize("command", [["check"], ["show"], ["show", "--compact"], ["convert", "--to", "out.md"]])
def test_bad_files_end_with_one_line(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "x.md").write_bytes(b"\xff\xfe\x00")
    for name in ("x.md", "missing.md"):
        output = caseback(command[0], tmp_path / name, *command[1:], status=2)
        assert output.startswith("caseback: ")
        assert output.count("\n") == 1


def test_help_teaches() -> None:
    assert "OpenAI Model Spec" in caseback("--help")
    assert "exit status 1" in " ".join(caseback("check", "--help").split())
