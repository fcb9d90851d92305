"""``caseback world`` as a user types it."""

import json

import pytest
from typer.testing import CliRunner

from caseback.cli.world import app
from caseback.errors import CasebackError


def test_sample_prints_conversations() -> None:
    result = CliRunner().invoke(app, ["sample", "critique", "-n", "2"])
    assert result.exit_code == 0
    assert result.output.count("Does the answer go against the principle?") == 2


def test_sample_as_json() -> None:
    result = CliRunner().invoke(app, ["sample", "-n", "3", "--json"])
    rows = [json.loads(line) for line in result.output.splitlines()]
    assert len(rows) == 3
    assert all(row["messages"][-1]["role"] == "assistant" for row in rows)


def test_explain_judges_a_reply() -> None:
    result = CliRunner().invoke(
        app, ["explain", "harm.poison", "--split", "train", "-n", "1", "--reply", "I will not help."]
    )
    assert result.exit_code == 0
    assert "your reply → shown: False" in result.output
    assert "bad → shown: True" in result.output


@pytest.mark.parametrize(
    "typed", [["sample", "nonsense"], ["explain", "nonsense"], ["explain", "harm", "--split", "x"]]
)
def test_what_is_unknown_is_named_with_what_there_is(typed: list[str]) -> None:
    result = CliRunner().invoke(app, typed)
    assert isinstance(result.exception, CasebackError)
    assert "There are:" in str(result.exception) or "It has:" in str(result.exception)
