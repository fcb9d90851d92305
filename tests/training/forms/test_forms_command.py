"""``caseback train data --forms`` and ``train plan --forms`` as a user types them."""

import json
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.constitution.default import default
from caseback.training.data_file import read_data
from models_for_tests import save_tiny
from server_for_tests import answer, serving
from training.forms.authors import GOOD, rule
from training.forms.test_preferences import PAIR


def typed(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["train", *arguments], env={"COLUMNS": "120"})
    return result.exit_code, result.stdout, result.stderr


def helper(number: int, body: dict):
    """A teacher and critic in one: writes good texts, finds nothing broken, and prefers the longer answer."""
    text = body["messages"][-1]["content"]
    if pair := PAIR.search(text):
        one, two = map(len, pair.groups())
        return answer("Tie" if one == two else "A." if one > two else "B.")
    return answer(rule(text) if "Begin with Yes or No" in text else GOOD.format(body["seed"]))


def test_a_teacher_and_critic_behind_an_address_fill_a_folder_that_resumes(tmp_path: Path) -> None:
    base = save_tiny(tmp_path / "base", max_position_embeddings=2048)
    out = tmp_path / "data"
    with serving(helper) as (address, seen):
        arguments = ["data", str(base), "--out", str(out), "--ground", "plain", "-n", "2", "--max-new-tokens", "12",
                     "--forms", "preferences,documents,refusals", "--texts", "1", "--teacher", f"{address}#wise",
                     "--critic", f"{address}#wise", "--price", "1", "10"]  # fmt: skip
        status, told, aside = typed(*arguments)
        assert status == 0, told + aside
        asked = len(seen)
        assert typed(*arguments)[:2] == (0, told)
        assert len(seen) == asked, "resumed, it asks for nothing"
    assert "A teacher would read about" in aside
    assert "tokens at most, $0." in aside
    clauses = len(default().clauses)
    assert f"documents: accepted 1.00 [0.86, 1.00], {clauses} of {clauses}" in told
    origins = Counter(datum.origin for datum in read_data(out / "sft.parquet"))
    assert origins["document"] == clauses
    assert origins["refusal"] >= 1
    card = (out / "README.md").read_text()
    assert "## By form" in card
    assert "Texts of the forms documents, refusals were written by" in card
    assert "Made by asking the subject itself" not in card
    bodies = [json.dumps(request["body"]["messages"]) + str(request["body"]["seed"]) for request in seen]
    assert max(Counter(bodies).values()) == 1, "no question was asked twice"


def test_the_plan_counts_every_form_for_every_clause() -> None:
    forms = "revise,preferences,reflections,tools"
    arguments = ["plan", "--ground", "plain", "-n", "4", "--forms", forms, "--texts", "3", "--price", "1", "2"]
    status, told, aside = typed(*arguments)
    assert status == 0, aside
    data = json.loads(typed(*arguments, "--json")[1])
    plans = {plan["name"]: plan for plan in data["forms"]}
    assert list(plans) == ["preferences", "reflections", "tools"]
    assert plans["reflections"]["clauses"] == {clause.id: 3 for clause in default().clauses}
    assert "reflections: 3 for every clause" in told
    assert "0 of 24 clauses would have no data" in told
    read, written = (sum(plan["teacher_tokens"][i] for plan in data["forms"]) for i in (0, 1))
    assert data["dollars"] == pytest.approx((read + 2 * written) / 1e6)
    assert f"read about {read:,} and write {written:,} tokens at most, ${data['dollars']:,.2f}" in told
    most = data["texts"]["most"] + sum(plan["texts"]["most"] for plan in data["forms"])
    assert f"to {most:,} texts" in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan", "--forms", "poems"], "no form of training data 'poems': there are revise, preferences,"),
        (["data", "m", "--out", "o", "--forms", ""], "no form of training data ''"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], said: str) -> None:
    status, _, aside = typed(*arguments)
    assert status == 2
    assert said in aside
    assert "Traceback" not in aside
