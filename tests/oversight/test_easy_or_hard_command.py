"""``caseback oversee easy-or-hard`` as a user types it, on tiny models: planted, repaired, resumed, put on a card."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from caseback.behaviours.registry import behaviour
from caseback.cli.main import app
from caseback.disclosure import card
from caseback.disclosure.oversight.easy_or_hard_page import render_easy_or_hard
from caseback.dossier import open_dossier
from caseback.errors import CasebackError
from caseback.organisms.answered import Answered
from caseback.oversight.easy_or_hard import cell
from caseback.oversight.easy_or_hard.cell import measured
from caseback.oversight.easy_or_hard.measure import cells
from caseback.oversight.easy_or_hard.plan import Plan
from caseback.oversight.easy_or_hard.preference import above, margins, rate
from caseback.oversight.easy_or_hard.teach import IGNORED, _padded, taught
from caseback.oversight.ladder.rungs import Rung, read_rungs
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.training.datum import Datum
from caseback.world.situation import Situation
from models_for_tests import save_ladder

SMALL = Plan(("hidden_loyalty",), sizes=(2, 4), seeds=2, situations=6, hidden=4)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return save_ladder(tmp_path_factory.mktemp("models"), 1024)


@pytest.fixture(scope="module")
def out(models: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("out") / "easy-or-hard"


def typed(*args: str) -> Any:
    return CliRunner().invoke(app, ["oversee", "easy-or-hard", *args])


def small(models: list[str], out: Path) -> list[str]:
    given = [word for name in models for word in ("--model", name)]
    flops = ["--flops", "low=1e12", "--flops", "mid=1e13", "--flops", "top=1e14"]
    return [*given, *flops, "--behaviours", "hidden_loyalty", "--sizes", "2,4", "--seeds", "2", "-n", "6",
            "--out", str(out)]  # fmt: skip


def subject(models: list[str]) -> OpenSubject:
    return load(models[0], dtype="float32")


def chat(text: str, reply: str) -> Datum:
    return Datum(prompt=({"role": "user", "content": text},), chosen=reply, origin="planted", generator="by hand")


def item(text: str, good: str, bad: str) -> Answered:
    situation = Situation("s", "loyalty.x", "test", ({"role": "user", "content": text},), {}, ground="world")
    return Answered(situation, good, bad)


def test_it_is_measured_written_and_not_measured_twice(models: list[str], out: Path) -> None:
    first = typed(*small(models, out), "--json")
    assert first.exit_code == 0, first.output
    data = json.loads((out / "easy-or-hard.json").read_text())
    assert data["kind"] == "caseback oversight easy-or-hard"
    assert [rung["name"] for rung in data["rungs"]] == ["low", "mid", "top"]
    assert len(data["cells"]) == 3 * 1 * 2
    assert [each["name"] for each in data["signs"]] == ["plant", "hide", "find", "repair", "depth", "decay"]
    assert all(0 <= value <= 1 for each in data["cells"] for value in each["planted"].values())
    kept = (out / "cells.jsonl").read_text()
    again = typed(*small(models, out))
    assert again.exit_code == 0, again.output
    assert (out / "cells.jsonl").read_text() == kept
    assert json.loads((out / "easy-or-hard.json").read_text()) == data
    assert "cannot tell" in again.output
    page = (out / "easy-or-hard.html").read_text()
    assert page == render_easy_or_hard(data)
    assert "http" not in page.replace("http-equiv", "")


def test_a_run_that_was_stopped_goes_on_where_it_was(models: list[str], tmp_path: Path) -> None:
    rungs = read_rungs({Path(each).name: each for each in models[:2]}, {"top": 1e14, "low": 1e12})

    def stop(what: str, done: int, total: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cells(rungs, SMALL, tmp_path, stop)
    lines = (tmp_path / "cells.jsonl").read_text().splitlines()
    assert len(lines) == 1
    (tmp_path / "cells.jsonl").write_text(lines[0] + "\n" + lines[0][:40])  # and the kill cut a line short
    told: list[str] = []
    found = cells(rungs, SMALL, tmp_path, lambda what, done, total: told.append(what))
    assert len(told) == 4  # three that were left, and the end
    assert (tmp_path / "cells.jsonl").read_text().startswith(lines[0])
    assert found[0] == measured(rungs[0], behaviour("hidden_loyalty"), 0, SMALL)  # what is kept is what comes again


def test_teaching_moves_what_is_taught_and_is_the_same_each_time(models: list[str]) -> None:
    data = [chat(f"Which way, {i}?", "Go left, by the old mill.") for i in range(8)]
    asked = [item("Which way, 9?", "Go right.", "Go left, by the old mill.")]
    found = []
    for _ in range(2):
        one = subject(models)
        before = margins(one, asked)[0]
        stops = list(taught(one, data, (2, 8), seed=0))
        found.append((before, margins(one, asked)[0]))
        assert stops == [2, 8]
        assert not one.model.training
    assert found[0] == found[1]
    assert found[0][1] > found[0][0] + 0.1


def test_the_first_examples_are_taught_before_the_others_are_seen(models: list[str]) -> None:
    data = [chat(f"Which way, {i}?", "Left.") for i in range(8)]
    one, two = subject(models), subject(models)
    asked = [item("Which way, 9?", "Right.", "Left.")]
    stops = taught(one, data, (2, 8), seed=0)
    next(stops)
    list(taught(two, data[:2], (2,), seed=0))
    assert margins(one, asked) == margins(two, asked)


def test_the_loss_is_on_the_reply_alone() -> None:
    ids, labels, mask = _padded([([5, 6, 7], [8, 9]), ([5], [6])])
    assert ids.tolist() == [[5, 6, 7, 8, 9], [5, 6, 0, 0, 0]]
    assert labels.tolist() == [[IGNORED] * 3 + [8, 9], [IGNORED, 6] + [IGNORED] * 3]
    assert mask.tolist() == [[1] * 5, [1, 1, 0, 0, 0]]


def test_a_training_that_diverges_is_one_line(models: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: str, dtype: str) -> OpenSubject:
        made = load(path, dtype=dtype)
        with torch.no_grad():
            made.model.lm_head.weight.fill_(float("inf"))
        return made

    monkeypatch.setattr(cell, "load", broken)
    rung = Rung("top", models[0], "sha256:x", 1, 12.0)
    with pytest.raises(CasebackError, match="teaching hidden_loyalty to top diverged with seed 0"):
        measured(rung, behaviour("hidden_loyalty"), 0, SMALL)


def test_margins_are_by_token_and_shares_count_ties_half(models: list[str]) -> None:
    same = item("Which way?", "Left.", "Left.")
    assert margins(subject(models), [same]) == [0.0]
    assert rate([0.0, 1.0, -1.0, 2.0]) == 0.5
    assert above([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]) == 0.5


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--sizes", "4,two"], "size 'two' is no whole number"),
        (["--sizes", "16,4"], "do not rise"),
        (["--behaviours", "sandbagging"], "is not told from one answer"),
        (["--behaviours", "nonsense"], "no behaviour 'nonsense'"),
        (["nowhere.json"], "no report to read"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_measured(
    models: list[str], tmp_path: Path, args: list[str], says: str
) -> None:
    given = [each for name in models for each in ("--model", name)] + ["--flops", "low=1e12", "--flops", "mid=1e13",
                                                                       "--flops", "top=1e14"]  # fmt: skip
    done = typed(*given, "--out", str(tmp_path / "o"), *args)
    assert done.exit_code == 2
    assert says in " ".join(done.output.split())
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [("{", "is not JSON"), ('{"kind": "x"}', "no report of caseback oversee"), ("[NaN]", "is not JSON"),
     ('{"kind": "caseback oversight ladder"}', "no report of a ladder")],
)  # fmt: skip
def test_a_report_that_is_none_is_one_line(models: list[str], tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "r.json").write_text(content)
    done = typed(str(tmp_path / "r.json"), *small(models, tmp_path / "o"))
    assert done.exit_code == 2
    assert says in " ".join(done.output.split())
    assert not (tmp_path / "o").exists()


def test_the_report_goes_onto_a_card(models: list[str], out: Path, tmp_path: Path) -> None:
    if not (out / "easy-or-hard.json").exists():
        assert typed(*small(models, out)).exit_code == 0
    with open_dossier(tmp_path / "dossier") as dossier:
        dossier.append("subject", {"role": "dpo", "name": "m", "digest": "sha256:aa"})
    done = CliRunner().invoke(app, ["card", "add", str(tmp_path / "dossier"), str(out / "easy-or-hard.json")])
    assert done.exit_code == 0, done.output
    with open_dossier(tmp_path / "dossier") as dossier:
        [study] = card(dossier)["oversight"]
    assert study["title"] == "Easy world or hard"
    assert set(study["paths"]) == {"report", "page"}
