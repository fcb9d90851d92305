"""The sandbox: what an experiment may do, and that what it may not is stopped, told, and leaves nothing behind."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from caseback.research.sandbox import Ran, run_experiment
from caseback.research.walls import Limits, apart, landlock_version, with_parent
from research_for_tests import CASES, JOB, QUICK, prepare

HERE = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    prepare({}, "world", 3, folder, lambda done, of: None)
    return folder


def ran(data: Path, out: Path, name: str, limits: Limits = QUICK, **settings: Any) -> Ran:
    return run_experiment(f"research_for_tests:{name}", settings, data, out, CASES, limits, (), (HERE,))


def test_an_experiment_runs_and_its_answers_are_read(data: Path, tmp_path: Path) -> None:
    found = ran(data, tmp_path / "out", "experiment", **JOB.default)
    assert found.fault == ""
    assert len(found.answers) == CASES
    assert found.open is not None
    assert found.open > 0.5
    assert found.tried == []
    assert {"audit", "limits"} <= set(found.walls)
    assert ("landlock" in found.walls) == (landlock_version() > 0)
    assert ("network" in found.walls) == bool(apart())


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("answers_too_few", "answered 1 of 120"),
        ("answers_nan", "cannot be read"),
        ("answers_words", "cannot be read"),
        ("links_its_result", "no plain file"),
        ("pipes_its_result", "no plain file"),
        ("links_what_it_printed", "ended with 3"),
        ("eats_memory", "MemoryError"),
        ("fills_one_file", "File too large|wrote more than|filled its disk"),
        ("fills_disk", "wrote more than|filled its disk"),
    ],
)
def test_what_goes_wrong_is_a_fault_and_no_answer(data: Path, tmp_path: Path, name: str, why: str) -> None:
    found = ran(data, tmp_path / "out", name)
    assert re.search(why, found.fault), found.fault
    assert found.answers == []
    assert found.open is None


@pytest.mark.parametrize("name", ["hangs", "spins"])
def test_one_that_does_not_end_is_stopped(data: Path, tmp_path: Path, name: str) -> None:
    found = ran(data, tmp_path / "out", name, Limits(seconds=2, memory=2 << 30, disk=1 << 20, processes=8))
    assert "longer than 2 s" in found.fault
    assert found.seconds < 60


def test_one_that_uses_up_its_processor_time_is_stopped(data: Path, tmp_path: Path) -> None:
    found = ran(data, tmp_path / "out", "spins", Limits(seconds=60, processor=2, memory=2 << 30, disk=1 << 20))
    assert found.fault
    assert "longer" not in found.fault
    assert found.answers == []


@pytest.mark.parametrize("name", ["forks", "forks_natively"])
def test_a_fork_bomb_is_stopped_and_leaves_no_process(data: Path, tmp_path: Path, name: str) -> None:
    found = ran(data, tmp_path / "out", name)
    assert "processes" in found.fault
    assert _until(lambda: not _of(tmp_path / "out"))


@pytest.mark.parametrize("name", ["connects", "connects_natively"])
def test_there_is_no_network(data: Path, tmp_path: Path, name: str) -> None:
    if name == "connects_natively" and not apart() and landlock_version() < 4:
        pytest.skip("this machine has neither network spaces nor Landlock 4: the audit hook is all there is")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        found = ran(data, tmp_path / "out", name, port=server.getsockname()[1])
        assert found.fault
        with pytest.raises(TimeoutError):
            server.accept()
    if name == "connects":
        assert [each["tried"] for each in found.tried] == ["reach the network"]


@pytest.mark.parametrize("name", ["reads_outside", "reads_natively"])
def test_files_outside_cannot_be_read(data: Path, tmp_path: Path, name: str) -> None:
    if name == "reads_natively" and not landlock_version():
        pytest.skip("this kernel has no Landlock: the audit hook is all there is")
    secret = tmp_path / "sealed" / "labels.json"
    secret.parent.mkdir()
    secret.write_text("[true]")
    found = ran(data, tmp_path / "out", name, path=str(secret))
    assert "Permission" in found.fault or "outside" in found.fault
    if name == "reads_outside":
        assert found.tried == [{"tried": "reach a file outside", "about": str(secret)}]


def test_files_outside_cannot_be_written(data: Path, tmp_path: Path) -> None:
    place = tmp_path / "planted.txt"
    found = ran(data, tmp_path / "out", "writes_outside", path=str(place))
    assert found.fault
    assert not place.exists()


def test_data_cannot_be_changed(data: Path, tmp_path: Path) -> None:
    if not landlock_version():
        pytest.skip("this kernel has no Landlock")
    before = (data / "cases.json").read_bytes()
    found = ran(data, tmp_path / "out", "writes_outside", path=str(data / "cases.json"))
    assert found.fault
    assert (data / "cases.json").read_bytes() == before


def test_an_experiment_cannot_ask_the_oracle(data: Path, tmp_path: Path) -> None:
    found = ran(data, tmp_path / "out", "asks_the_oracle")
    assert "knows the answers" in found.fault
    assert {each["tried"] for each in found.tried} == {"ask the oracle"}


def test_the_environment_holds_no_keys(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "SECRET")
    assert ran(data, tmp_path / "out", "looks_for_keys").open == 0.0


def test_a_flood_of_events_or_of_output_is_bounded(data: Path, tmp_path: Path) -> None:
    found = ran(data, tmp_path / "out", "reads_the_key_again_and_again")
    assert 0 < len(found.tried) <= 200
    found = ran(data, tmp_path / "other", "floods_its_output")
    assert found.fault
    assert sum(each.stat().st_size for each in (tmp_path / "other").iterdir()) < 3 * QUICK.disk


def test_an_experiment_ends_with_whoever_runs_it(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = (
        "from pathlib import Path\nfrom caseback.research.sandbox import run_experiment\n"
        f"run_experiment('research_for_tests:hangs', {{}}, Path({str(data)!r}), Path({str(out)!r}), 1, "
        f"code=(Path({str(HERE)!r}),))"
    )
    if not with_parent():
        pytest.skip("this machine has no setpriv")
    runner = subprocess.Popen([sys.executable, "-c", code])
    assert _until(lambda: len(_of(out)) >= 1)
    runner.kill()
    runner.wait()
    assert _until(lambda: not _of(out))


def _of(out: Path) -> list[psutil.Process]:
    return [each for each in psutil.process_iter(["environ"]) if (each.info["environ"] or {}).get("HOME") == str(out)]


def _until(holds: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.1)
    return holds()
