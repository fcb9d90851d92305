"""Rounds and generations on the reference model with tiny budgets: what the record says, and after kills."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from caseback.dossier.dossier import read_dossier
from caseback.dossier.samples import samples
from caseback.loop.budget import Budget
from caseback.loop.improve.fresh import heard_in, words
from caseback.world.reference import reference_path
from loop.improve.finished_runs import ASKED, finished_run

IMPROVE = ["-m", "caseback", "improve"]
BUDGET = Budget("tiny", measured=6, harmless=8, capability=24, trained=6, max_new_tokens=48)
TINY = ["--yes", "--rounds", "1", "--bound", "0"]
ARMS = ["before", "repaired", "control"]


def start(arguments: list[str]) -> "subprocess.Popen[str]":
    """A process of its own, on one thread, so that every one rounds alike."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )


def finish(arguments: list[str]) -> str:
    process = start(arguments)
    said, _ = process.communicate(timeout=500)
    assert process.returncode == 0, said
    return said


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that trained nothing, so that the rounds begin with ref-base, which has much to mend."""
    out = tmp_path_factory.mktemp("improve") / "run"
    finished_run(out, model=str(reference_path()), budget=BUDGET).close()
    return out


@pytest.fixture(scope="module")
def improved(finished: Path) -> Path:
    with read_dossier(finished / "dossier") as dossier:
        head = dossier.head()
    finish([*IMPROVE, str(finished), *TINY])
    with read_dossier(finished / "dossier") as dossier:
        assert dossier.head() == head  # the run's own evidence is read and never written
    return finished / "improve"


def test_a_round_is_recorded_with_all_it_rests_on(improved: Path) -> None:
    with read_dossier(improved / "dossier") as dossier:
        assert dossier.verify() == []
        [done] = dossier.records("round")
        assert done.body["trained"]
        assert set(done.body["arms"]) == set(ARMS)
        measured = {record.id: record for record in dossier.records("measurement")}
        assert set(done.parents) == set(measured)
        assert all(record.body["accepted"] for record in dossier.records("proposal"))
        assert len(done.body["changes"]) == len(list(dossier.records("proposal")))
        asked: dict[str, set[tuple[str, ...]]] = {}
        for record in measured.values():
            rows = samples(dossier, record.artefacts["samples"])
            asked.setdefault(record.body["behaviour"], set()).add(tuple(row["situation"]["id"] for row in rows))
        assert all(len(several) == 1 for several in asked.values())  # all three models were asked the same


def test_situations_are_drawn_after_the_training_and_held_out_from_it(improved: Path) -> None:
    with read_dossier(improved / "dossier") as dossier:
        [drawn] = dossier.records("fresh_situations")
        assert drawn.number > max(record.number for record in dossier.records("training"))
        assert drawn.number < min(record.number for record in dossier.records("measurement"))
        [data] = dossier.records("training_data")
        learnt = {row["family"] for part in ("sft", "preferences", "control", "control_preferences")
                  for row in samples(dossier, data.artefacts[part])}  # fmt: skip
        rows = [
            row for record in dossier.records("measurement") for row in samples(dossier, record.artefacts["samples"])
        ]
        assert not learnt & {row["situation"]["family"] for row in rows}
        assert {row["situation"]["id"].split("/")[2] for row in rows} == {str(drawn.body["seed"])}


def test_what_was_asked_before_is_counted(finished: Path, improved: Path) -> None:
    with read_dossier(finished / "dossier") as before, read_dossier(improved / "dossier") as dossier:
        heard = heard_in(before)
        assert heard == {f"user: {ASKED}"}
        [done] = dossier.records("round")
        rows = [row for record in dossier.records("measurement", arm="round-1/before")
                for row in samples(dossier, record.artefacts["samples"])]  # fmt: skip
        assert done.body["situations"] == len(rows)
        assert done.body["repeated"] == sum(words(row["situation"]["messages"]) in heard for row in rows)


def test_the_control_learns_as_many_tokens_of_the_models_own(improved: Path) -> None:
    with read_dossier(improved / "dossier") as dossier:
        [data] = dossier.records("training_data")
        tokens = data.body["report"]["target_tokens"]
        assert abs(tokens["control"] - tokens["sft"]) <= 0.05 * tokens["sft"]
        control = samples(dossier, data.artefacts["control"])
        assert {row["origin"] for row in control} <= {"control", "ordinary"}
        methods = [(record.body["method"], record.body["arm"].startswith("round-1/control"))
                   for record in dossier.records("training")]  # fmt: skip
        assert methods.count(("sft", True)) == methods.count(("sft", False)) == 1
        assert methods.count(("dpo", True)) == methods.count(("dpo", False))


def test_the_page_and_the_json_show_the_round(improved: Path) -> None:
    shown = json.loads((improved / "rounds.json").read_text(encoding="utf-8"))
    [step] = shown["steps"]
    assert step["status"] in ("kept", "rolled back", "within noise")
    page = (improved / "improve.html").read_text(encoding="utf-8")
    assert step["status"] in page
    assert "plan.yaml" in page


def test_given_again_it_does_nothing_more(finished: Path, improved: Path) -> None:
    with read_dossier(improved / "dossier") as dossier:
        head = dossier.head()
    finish([*IMPROVE, str(finished), *TINY])
    with read_dossier(improved / "dossier") as dossier:
        assert dossier.head() == head


def test_other_rules_do_not_mix_into_a_folder(finished: Path, improved: Path) -> None:
    process = start([*IMPROVE, str(finished), "--yes", "--rounds", "2"])
    said, _ = process.communicate(timeout=100)
    assert process.returncode == 2
    assert "name another --out" in " ".join(said.split())


@pytest.mark.parametrize(
    "stage",
    [
        pytest.param("make training data", marks=pytest.mark.slow),
        "train the control: supervised",
        pytest.param("what follows it", marks=pytest.mark.slow),
    ],
)
def test_killed_in_the_middle_it_goes_on_and_repeats_nothing(
    finished: Path, improved: Path, tmp_path: Path, stage: str
) -> None:
    out = tmp_path / "again"
    process = start([*IMPROVE, str(finished), *TINY, "--out", str(out)])
    assert process.stdout
    before = {"make training data": "Round 1", "train the control: supervised": "✓ train: supervised"}
    deadline = time.monotonic() + 400
    for line in process.stdout:
        if before.get(stage, "✓ train the control") in line:
            break
        assert time.monotonic() < deadline
    time.sleep(1.0)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (out / "rounds.json").exists()
    with read_dossier(out / "dossier") as dossier:
        kept = [record.id for record in dossier.records()]
    finish([*IMPROVE, str(finished), *TINY, "--out", str(out)])
    with read_dossier(out / "dossier") as dossier, read_dossier(improved / "dossier") as whole:
        assert dossier.verify() == []
        assert [record.id for record in dossier.records()][: len(kept)] == kept
        for kind in ("training_data", "training"):  # what comes after the seed is drawn differs
            ours, theirs = ([record.artefacts for record in d.records(kind)] for d in (dossier, whole))
            assert ours == theirs, kind
        for kind in ("round", "proposal", "fresh_situations", "measurement"):
            ours, theirs = ([record.body.get("behaviour") for record in d.records(kind)] for d in (dossier, whole))
            assert ours == theirs, kind
    shutil.rmtree(out)


def test_a_refused_change_is_not_made(finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "refused"
    process = subprocess.run(
        [sys.executable, *IMPROVE, str(finished), "--rounds", "1", "--bound", "0", "--out", str(out)],
        input="n\n" * 9, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert "no change was accepted" in process.stdout
    assert "plan.yaml" in process.stdout  # the diff was shown
    with read_dossier(out / "dossier") as dossier:
        assert not any(record.body["accepted"] for record in dossier.records("proposal"))
        assert list(dossier.records("training")) == []


@pytest.mark.slow
def test_generations_are_trained_by_the_one_before_and_from_the_base(tmp_path: Path) -> None:
    out = tmp_path / "line"
    command = [*IMPROVE, "generations", "--count", "2", "--measured", "6", "--trained", "6", "--out", str(out)]
    process = start(command)
    assert process.stdout
    for line in process.stdout:
        if "Generation 2" in line:
            break
    time.sleep(1.0)
    process.send_signal(signal.SIGKILL)
    process.wait()
    finish(command)
    with read_dossier(out / "dossier") as dossier:
        assert dossier.verify() == []
        [line] = dossier.records("generations")
        assert len(line.body["arms"]) == 3
        subjects = {record.body["role"]: record.body["digest"] for record in dossier.records("subject")}
        judges = [given["judge"] for given in line.body["handed_on"]]
        assert judges == [subjects["base"], subjects["generation-1/model"]]
        [drawn] = dossier.records("fresh_situations")
        assert drawn.number > max(record.number for record in dossier.records("training"))
    assert (out / "generations.html").exists()
