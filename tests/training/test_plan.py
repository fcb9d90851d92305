"""A plan keeps its word: the making takes no fewer texts and verdicts than the least, and no more than the most."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from typer.testing import CliRunner

from caseback.chat import Chat
from caseback.cli.main import app
from caseback.constitution.clause import Clause, Constitution
from caseback.constitution.default import default
from caseback.subject.score import Score
from caseback.training.constitutional import DataBudget, constitutional_data
from caseback.training.plan import Speed, Work, measure_speed, plan_data
from training.scripted_subjects import CONSTITUTION, REFUSAL, Scripted, harmful, harmless, situation


@dataclass
class Counting(Scripted):
    """Its odds of a breach are always ``odds``; verdicts are counted."""

    odds: float = -3.0
    verdicts: int = 0

    def score(self, chats: Sequence[Chat], replies: Sequence[str]) -> list[Score]:
        self.verdicts += len(chats) // 2
        return [Score(self.odds / 2 if reply == "Yes" else -self.odds / 2, 1, ()) for reply in replies]


@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("label", [None, lambda s, reply: not reply.startswith(REFUSAL)], ids=["plain", "labelled"])
def test_nothing_broken_takes_the_least_and_everything_broken_no_more_than_the_most(rounds: int, label) -> None:
    budget = DataBudget(rounds=rounds)
    plan = plan_data(CONSTITUTION, harmful(12), harmless(12), 7, budget)
    for odds in (-3.0, 3.0):
        subject = Counting(odds=odds, revise=lambda prompt: f"Rewritten: {prompt[-20:]}")
        constitutional_data(subject, CONSTITUTION, harmful(12), harmless(12), seed=7, label=label, budget=budget)
        if odds < 0 and label is None:
            assert (len(subject.asked), subject.verdicts) == (plan.texts.least, plan.verdicts.least)
        assert plan.texts.least <= len(subject.asked) <= plan.texts.most
        assert plan.verdicts.least <= subject.verdicts <= plan.verdicts.most
        if odds > 0 and label is None:
            assert len(subject.asked) > plan.texts.least + 2 * 12 * rounds, "criticised and revised each round"


def test_clauses_count_what_they_cover_and_say_why_not() -> None:
    more = (
        Clause("tone", "guideline", "Be warm.", manner=("refusal",)),
        Clause("lost", "guideline", "Be wise."),
        Clause("far", "guideline", "Be far.", families=("moon",)),
    )
    document = Constitution("t", "", (*CONSTITUTION.clauses, *more))
    plan = plan_data(document, [*harmful(3), situation("odd.one", 0, "What?")], harmless(5), 0, DataBudget(samples=2))
    rows = {clause.id: clause for clause in plan.clauses}
    assert (rows["no-harm"].tempting, rows["no-harm"].harmless) == (6, 0)
    assert (rows["help"].tempting, rows["help"].harmless) == (0, 5)
    assert rows["no-harm"].families == ("harm.theft",)
    assert plan.left_out == 2
    assert [rows[id].why_none for id in ("tone", "lost", "far", "help")] == [
        "it bears on the manner of an answer",
        "it names no situations",
        "no behaviour draws situations from moon",
        "",
    ]


def test_time_is_in_proportion() -> None:
    plan = plan_data(CONSTITUTION, harmful(10), harmless(10), 0, DataBudget())
    least, most = Speed(text=2.0, verdict=0.5, tokens=10).seconds(plan.texts, plan.verdicts)
    assert least == 2.0 * plan.texts.least + 0.5 * plan.verdicts.least
    assert most == 2.0 * plan.texts.most + 0.5 * plan.verdicts.most
    assert plan.texts == Work(40, 6 * 20 + 10 + 20 + 4 * 10 + 2 * 10)


def test_speed_is_measured_on_the_subject() -> None:
    subject = Counting()
    speed = measure_speed(subject, CONSTITUTION, harmful(4), 0, DataBudget())
    assert len(subject.asked) == 8
    assert subject.verdicts == 4
    assert speed.text > 0
    assert speed.verdict > 0
    assert speed.tokens > 5
    with pytest.raises(ValueError, match="no situation falls under a clause"):
        measure_speed(subject, CONSTITUTION, [situation("odd.one", 0, "What?")], 0, DataBudget())


def test_the_command_names_every_clause_and_its_json_the_same() -> None:
    arguments = ["train", "plan", "--ground", "world", "-n", "8"]
    page = CliRunner().invoke(app, arguments, env={"COLUMNS": "120"})
    assert page.exit_code == 0, page.output
    assert all(clause.id in page.stdout for clause in default().clauses)
    data = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert data["tempting"] == data["harmless"] == 48
    assert f"{data['texts']['least']:,} to {data['texts']['most']:,} texts" in page.stdout
    assert data["speed"] is None
    assert CliRunner().invoke(app, ["train", "plan", "--ground", "moon"]).exit_code == 2
