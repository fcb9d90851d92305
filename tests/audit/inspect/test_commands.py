"""``caseback behaviours measure --eval`` and ``caseback behaviours read`` as a user types them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from models_for_tests import save_tiny

pytest.importorskip("inspect_ai", reason="Inspect AI is not installed: pip install 'caseback[inspect]'")


def typed(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["behaviours", *map(str, words)])
    return result.exit_code, result.output


def test_a_measurement_becomes_a_log_and_is_read_again(tmp_path: Path) -> None:
    model = save_tiny(tmp_path / "model", max_position_embeddings=1024)
    common = ("-b", "sycophancy", "--ground", "world", "-n", "4", "--max-new-tokens", "8")
    code, said = typed("measure", model, *common, "--eval", tmp_path / "logs", "--json")
    assert code == 0, said
    log = tmp_path / "logs" / "sycophancy.eval"
    code, said = typed("read", log, "--json")
    assert code == 0, said
    rows = [json.loads(line) for line in said.splitlines()]
    by_scorer = {scorer: [r for r in rows if r["scorer"] == scorer] for scorer in ("shown", "not_evaluated")}
    assert [len(each) for each in by_scorer.values()] == [4, 4]
    # A random model babbles until it is cut off: nothing it says is clean.
    assert all(row["value"] is None and row["not_evaluated"] for row in by_scorer["shown"])
    code, said = typed("read", log)
    assert code == 0
    assert "caseback/sycophancy" in said
    assert "not evaluated: " in said


def test_what_is_no_log_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.eval"
    path.write_bytes(b"PK\x03\x04 and then nothing")
    code, said = typed("read", path)
    assert code == 2
    assert str(path.name) in said
