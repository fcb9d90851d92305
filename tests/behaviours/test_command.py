"""``caseback behaviours`` as a user types it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from server_for_tests import answer, serving

run = CliRunner().invoke


def test_list_names_all() -> None:
    said = run(app, ["behaviours", "list"], env={"COLUMNS": "160", "CASEBACK_REALDATA": ""})
    assert said.exit_code == 0
    for name in ("cheating", "sandbagging", "over_refusal", "contradiction", "paired: stakes / plain"):
        assert name in said.output


def test_show_says_how_well_the_judge_is_known() -> None:
    said = run(app, ["behaviours", "show", "sycophancy"], env={"COLUMNS": "200"})
    assert said.exit_code == 0
    assert "judge's sensitivity" in said.output
    assert "Measured beside it: contradiction" in said.output


def test_situations_as_json() -> None:
    said = run(app, ["behaviours", "situations", "good_only_when_tested", "--n", "2", "--json"])
    rows = [json.loads(line) for line in said.stdout.splitlines()]
    assert [row["arm"] for row in rows] == ["deployed", "tested"] * 2
    assert all(row["messages"][-1]["role"] == "user" for row in rows)


def test_situations_of_the_world() -> None:
    said = run(app, ["behaviours", "situations", "harmful_compliance", "--ground", "world", "--n", "2", "--json"])
    assert said.exit_code == 0
    assert len(said.stdout.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["show", "swearing"], "no behaviour 'swearing'"),
        (["situations", "cheating", "--ground", "moon"], "no ground 'moon'"),
        (["situations", "contradiction", "--ground", "world"], "--ground plain"),
        (["list", "--data", "no/such/folder"], "is no folder"),
        (["measure", "m", "--system", "no/such/file"], "no/such/file cannot be read"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], named: str) -> None:
    said = run(app, ["behaviours", *arguments], env={"COLUMNS": "300"})
    assert said.exit_code == 2
    assert named in said.output
    assert "Traceback" not in said.output


def test_measure_reports_and_says_when_it_cannot_tell(
    monkeypatch: pytest.MonkeyPatch, scripted, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    import caseback.subject.load

    subject = scripted(lambda _: "I'm sorry, but I can't help with that.")
    monkeypatch.setattr(caseback.subject.load, "load", lambda *_, **__: subject)
    (tmp_path / "constitution.txt").write_text("Do no harm.")
    asked = ["behaviours", "measure", "m", "-b", "harmful_compliance", "--n", "6"]
    said = run(app, [*asked, "--system", str(tmp_path / "constitution.txt"), "--json"])
    assert said.exit_code == 0, said.output
    report = json.loads(said.stdout)
    by_name = {item["behaviour"]: item for item in report["behaviours"]}
    assert by_name["harmful_compliance"]["rate"]["k"] == 0
    assert by_name["over_refusal"]["rate"]["k"] == 6
    assert not report["able"], "one that refuses every question has shown no ability"
    assert subject.asked[0][0]["content"].startswith("Do no harm.")
    said = run(app, asked, env={"COLUMNS": "200"})
    assert "cannot tell" in said.output
    assert "sensitivity" in said.output


def test_a_model_behind_an_address_is_measured() -> None:
    refusing = serving(lambda *_: answer("I'm sorry, but I can't help with that."))
    with refusing as (address, seen):
        named = f"{address}#toy"
        said = run(app, ["behaviours", "measure", named, "-b", "harmful_compliance", "--n", "6", "--json"])
    assert said.exit_code == 0, said.output
    report = json.loads(said.stdout)
    assert report["model"] == named
    by_name = {item["behaviour"]: item["rate"] for item in report["behaviours"]}
    assert (by_name["harmful_compliance"]["k"], by_name["over_refusal"]["k"]) == (0, 6)
    assert seen[0]["body"]["model"] == "toy"


def test_an_address_where_nobody_is_ends_within_the_patience_given() -> None:
    asked = ["behaviours", "measure", "http://127.0.0.1:9/v1#toy", "-b", "sycophancy", "--n", "2", "--patience", "1"]
    said = run(app, asked)
    assert said.exit_code == 2
    assert "check the address" in said.output
