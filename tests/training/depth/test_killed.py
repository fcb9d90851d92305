"""A battery that was killed goes on where it was, and ends as one that was not."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from models_for_tests import save_tiny


def command(folder: Path, out: Path) -> list[str]:
    return [
        sys.executable, "-m", "caseback", "character", "depth", str(folder / "trained"), "--base", str(folder / "base"),
        "--measures", "formats,drift", "--out", str(out), "-n", "4", "--seeds", "2", "--steps", "12",
        "--max-new-tokens", "8", "--ground", "world",
    ]  # fmt: skip


def test_a_kill_in_training_changes_nothing_in_the_end(tmp_path):
    save_tiny(tmp_path / "base")
    save_tiny(tmp_path / "trained", seed=1)
    whole = command(tmp_path, tmp_path / "whole")
    subprocess.run(whole, check=True, capture_output=True)
    process = subprocess.Popen(command(tmp_path, tmp_path / "cut"), stderr=subprocess.DEVNULL)
    while not list((tmp_path / "cut").glob("tuned/*")):
        assert process.poll() is None, "it ended before it trained"
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "cut" / "depth.json").exists()
    before = (tmp_path / "cut" / "journal.jsonl").read_bytes()
    subprocess.run(command(tmp_path, tmp_path / "cut"), check=True, capture_output=True)
    after = (tmp_path / "cut" / "journal.jsonl").read_bytes()
    assert after.startswith(before)
    keys = [json.loads(line)["key"] for line in after.splitlines()]
    assert len(keys) == len(set(keys))
    assert (tmp_path / "cut" / "depth.json").read_bytes() == (tmp_path / "whole" / "depth.json").read_bytes()
    assert not list((tmp_path / "cut" / "tuned").iterdir())
