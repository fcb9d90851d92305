"""Work shared out among processes: every record arrives once, whatever became of a process."""

import json
import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from caseback.errors import CasebackError
from caseback.training.journal import Journal
from caseback.training.side_by_side import side_by_side
from shares_for_tests import N, count, forever, killed, killed_once, refused


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_every_record_comes_once_and_from_as_many_processes_as_there_are(tmp_path: Path, workers: int) -> None:
    path = tmp_path / "j.jsonl"
    Journal(path).put([{"key": "0", "pid": 0}])
    with side_by_side(path, workers, partial(count, 0, workers)) as journal:
        for number in range(0, N, workers):
            if journal.get(str(number)) is None:
                journal.put([{"key": str(number), "pid": os.getpid()}])
    assert sorted(int(record["key"]) for record in lines(path)) == list(range(N))
    assert len({record["pid"] for record in lines(path)}) == workers + 1
    assert {record["key"] for record in journal.records()} == {str(number) for number in range(N)}
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_had_kept_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    with side_by_side(path, 3, killed):
        pass
    assert {record["key"] for record in lines(path)} == {"of 1", "of 2"}
    with side_by_side(path, 2, refused) as journal:
        assert journal.get("of 1")
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_run_left_is_merged_and_a_torn_last_line_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    (tmp_path / "j.part-5.jsonl").write_text('{"key": "a"}\n{"key": "b"}\n{"key": "to')
    with side_by_side(path, 1, refused) as journal:
        assert journal.get("b")
    assert [record["key"] for record in lines(path)] == ["a", "b"]


def test_a_failure_here_stops_the_others_and_keeps_what_they_did(tmp_path: Path) -> None:
    path, begun = tmp_path / "j.jsonl", time.monotonic()

    def fail() -> None:
        with side_by_side(path, 2, forever):
            while not (tmp_path / "j.part-1.jsonl").read_text():
                time.sleep(0.05)
            raise CasebackError("the disk is full")

    with pytest.raises(CasebackError, match="the disk is full"):
        fail()
    assert time.monotonic() - begun < 60
    assert [record["key"] for record in lines(path)] == ["begun"]


def test_no_workers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CasebackError, match="0 workers"), side_by_side(tmp_path / "j.jsonl", 0, refused):
        pass


def test_a_cluster_that_is_not_there_is_told_before_anything_is_done(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    path = tmp_path / "j.jsonl"
    with pytest.raises(CasebackError, match="no cluster answers there"):  # noqa: SIM117
        with side_by_side(path, 2, refused, "127.0.0.1:1"):
            pass
    assert not list(tmp_path.iterdir())


@pytest.fixture
def cluster() -> Iterator[None]:
    ray = pytest.importorskip("ray")
    here = {"env_vars": {"PYTHONPATH": str(Path(__file__).parents[1])}}  # where a worker finds shares_for_tests
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR", runtime_env=here)
    yield
    ray.shutdown()


@pytest.mark.slow
def test_rays_workers_do_what_processes_do(tmp_path: Path, cluster: None) -> None:
    path = tmp_path / "j.jsonl"
    with side_by_side(path, 3, partial(count, 0, 3), "local") as journal:
        for number in range(0, N, 3):
            journal.put([{"key": str(number), "pid": os.getpid()}])
    assert sorted(int(record["key"]) for record in lines(path)) == list(range(N))
    assert os.getpid() in {record["pid"] for record in lines(path)}
    assert len({record["pid"] for record in lines(path)}) > 1
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.slow
def test_a_killed_worker_of_rays_goes_on_as_another(tmp_path: Path, cluster: None) -> None:
    path = tmp_path / "j.jsonl"
    with side_by_side(path, 2, killed_once, "local"):
        pass
    assert {record["key"] for record in lines(path)} == {"before", "after"}


@pytest.mark.slow
def test_a_failure_here_stops_rays_workers(tmp_path: Path, cluster: None) -> None:
    path, begun = tmp_path / "j.jsonl", time.monotonic()

    def fail() -> None:
        with side_by_side(path, 2, forever, "local"):
            while not (tmp_path / "j.part-1.jsonl").read_text():
                time.sleep(0.05)
            raise CasebackError("the disk is full")

    with pytest.raises(CasebackError, match="the disk is full"):
        fail()
    assert time.monotonic() - begun < 60
    assert [record["key"] for record in lines(path)] == ["begun"]
