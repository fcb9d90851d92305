"""Processes of their own: started here or by torchrun, killed, and gone on with."""

import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from caseback.errors import CasebackError
from caseback.interp.dictionary.files import load
from caseback.interp.dictionary.processes import fit_on_processes
from caseback.interp.dictionary.settings import Settings
from caseback.interp.store.store import Store
from caseback.subject.site import Site
from stores_for_tests import planted, store_of

SITE = Site("resid_post", 1)
SETTINGS = Settings(
    width=48, k=3, kind="batchtopk", groups=12, share=0.5, tokens=256 * 24, batch=256, learning_rate=5e-3,
    dead_after=1500,
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    directions, codes, _ = planted()
    return store_of(tmp_path_factory.mktemp("store") / "s", {SITE: codes @ directions * 3 + 7})


def test_killed_they_end_with_one_error_and_go_on_bit_equal(store: Store, tmp_path: Path) -> None:
    given: dict[str, Any] = {"reads": [SITE], "dtype": torch.float32, "save_every": 0.0}
    straight = fit_on_processes(2, store.folder, SETTINGS, tmp_path / "straight", **given)
    killed: list[float] = []

    def kill(progress: Any) -> None:
        if progress.step == 9 and not killed:
            pid = max(child.pid or 0 for child in multiprocessing.active_children())
            os.kill(pid, signal.SIGKILL)
            killed.append(time.monotonic())

    with pytest.raises(CasebackError, match=r"process \d of 2 was killed \(signal 9\), and the others were stopped"):
        fit_on_processes(2, store.folder, SETTINGS, tmp_path / "killed", progress=kill, **given)
    assert time.monotonic() - killed[0] < 15
    assert not multiprocessing.active_children()
    seen: list[int] = []
    given["progress"] = lambda now: seen.append(now.step)
    again = fit_on_processes(2, store.folder, SETTINGS, tmp_path / "killed", **given)
    assert 9 <= seen[0] <= 15
    assert seen[-1] == 24
    assert again.fvu == straight.fvu
    files = [(tmp_path / name / "dictionary.safetensors").read_bytes() for name in ("straight", "killed")]
    assert files[0] == files[1]
    assert load(tmp_path / "killed").provenance["report"]["l0"] == again.l0


def test_what_a_process_says_is_said_here(store: Store, tmp_path: Path) -> None:
    with pytest.raises(CasebackError, match=r"has no site mlp_in\.0") as caught:
        fit_on_processes(2, store.folder, SETTINGS, tmp_path / "d", reads=[Site("mlp_in", 0)])
    assert "\n" not in str(caught.value)
    with pytest.raises(CasebackError, match="12 groups of latents do not divide among 5 processes"):
        fit_on_processes(5, store.folder, SETTINGS, tmp_path / "d", reads=[SITE])


def command(store: Store, out: Path, tokens: int) -> list[str]:
    head = ["-m", "caseback", "look", "fit", str(store.folder), "--out", str(out), "--width", "48", "-k", "3"]
    return [*head, "--tokens", str(tokens), "--batch", "256", "--rate", "0.005", "--json"]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **more}


def test_torchrun_starts_them_and_the_first_reports(store: Store, tmp_path: Path) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*torchrun, *command(store, tmp_path / "d", 5000)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(found) == 1
    assert load(tmp_path / "d").provenance["report"]["fvu"] == found[0]["fvu"]
    assert sorted(path.name for path in (tmp_path / "d").glob("checkpoint*")) == [
        "checkpoint-1-of-2.safetensors",
        "checkpoint-2-of-2.safetensors",
    ]


def test_without_anyone_to_watch_the_survivor_ends_with_one_line(store: Store, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    both = [
        subprocess.Popen(
            [sys.executable, *command(store, tmp_path / "d", 500_000_000)],
            env=environment(RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=port),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        while not (tmp_path / "d").is_dir():
            assert both[0].poll() is both[1].poll() is None
            time.sleep(0.1)
        time.sleep(2)
        both[1].kill()
        said = both[0].communicate(timeout=30)
    finally:
        for process in both:
            process.kill()
            process.communicate()
    assert both[0].returncode == 2
    lines = [line for line in said[1].splitlines() if line.startswith("caseback:")]
    assert len(lines) == 1
    assert "process 1 of 2 lost another one" in lines[0]
    assert "Traceback" not in said[1]
