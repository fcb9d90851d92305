"""The main job on small models: honest ends, no repeated work, clear refusals."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from caseback.dossier.dossier import read_dossier
from caseback.errors import CasebackError
from caseback.loop.budget import SMALL
from caseback.loop.run import Outcome, run
from models_for_tests import tiny

TINY_RUN = """
import resource, sys
from dataclasses import replace
from caseback.errors import CasebackError
from caseback.loop.budget import SMALL
from caseback.loop.run import run

resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    run(sys.argv[1], out=sys.argv[2], budget=replace(SMALL, measured=6, harmless=6, capability=12, max_new_tokens=16))
except CasebackError as error:
    sys.exit(print(error, file=sys.stderr) or 2)
"""
"""A small run in a process of its own, in which no file may grow beyond a limit in bytes (-1: none)."""

TINY = replace(SMALL, name="tiny", measured=6, harmless=6, capability=12, trained=8, max_new_tokens=16)


def save_tiny(arch: str, folder: Path) -> Path:
    model, tokenizer = tiny(arch)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def quietly(model: Path, out: Path, **options: object) -> Outcome:
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        return run(model, out=out, budget=TINY, console=Console(file=nowhere), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("arch", ["gpt2", "qwen3", "mixtral"])
def test_a_random_model_gets_an_honest_card(arch: str, tmp_path: Path) -> None:
    outcome = quietly(save_tiny(arch, tmp_path / "model"), tmp_path / "run")
    assert outcome.verdict.status == "cannot tell"
    assert outcome.verdict.summary.startswith("Capability too low")
    assert outcome.model is None
    page = outcome.card.read_text(encoding="utf-8")
    assert "cannot tell" in page.lower()
    with read_dossier(tmp_path / "run" / "dossier") as dossier:
        assert dossier.verify() == []
        assert all(record.body["cannot_tell"] for record in dossier.records("measurement"))
        assert any("training" in record.body["what"] for record in dossier.records("not_measured"))


@pytest.mark.realdata
def test_a_real_model_without_abilities_gets_an_honest_card(realdata: Path, tmp_path: Path) -> None:
    outcome = quietly(realdata / "stories260K", tmp_path / "run")
    assert outcome.verdict.status == "cannot tell"
    assert outcome.verdict.summary.startswith("Capability too low")
    assert outcome.card.exists()


def test_a_finished_run_is_not_repeated(tmp_path: Path) -> None:
    model = save_tiny("llama", tmp_path / "model")
    first = quietly(model, tmp_path / "run")
    with read_dossier(tmp_path / "run" / "dossier") as dossier:
        head = dossier.head()
    again = quietly(model, tmp_path / "run")
    with read_dossier(tmp_path / "run" / "dossier") as dossier:
        assert dossier.head() == head
    assert again.verdict == first.verdict
    assert [c.earlier for c in again.changes] == [c.earlier for c in first.changes]


def test_another_run_does_not_mix_into_a_folder(tmp_path: Path) -> None:
    model = save_tiny("llama", tmp_path / "model")
    quietly(model, tmp_path / "run")
    with pytest.raises(CasebackError, match="name another --out"):
        quietly(model, tmp_path / "run", seed=1)


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    """SIGKILL once the first behaviour is recorded; what was recorded stands, and nothing is recorded twice."""
    model, out = save_tiny("llama", tmp_path / "model"), tmp_path / "run"
    command = [sys.executable, "-c", TINY_RUN.format(limit=-1), str(model), str(out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    kept: list[str] = []
    deadline = time.monotonic() + 120
    while not kept and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
        if (out / "dossier" / "dossier.sqlite").exists():
            try:
                with read_dossier(out / "dossier") as dossier:
                    kept = [record.id for record in dossier.records("measurement")]
            except CasebackError:
                continue
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert kept
    done = quietly_by_command(model, out)
    assert done.returncode == 0, done.stderr
    with read_dossier(out / "dossier") as dossier:
        assert dossier.verify() == []
        measured = list(dossier.records("measurement"))
    assert [record.id for record in measured[: len(kept)]] == kept
    names = [record.body["behaviour"] for record in measured]
    assert len(names) == len(set(names)) == 7


def quietly_by_command(model: Path, out: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", TINY_RUN.format(limit=-1), str(model), str(out)]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def one_line(arguments: list[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "caseback", *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("caseback:")]
    assert len(lines) == 1
    return lines[0]


def test_what_the_user_can_mend_is_one_line(tmp_path: Path) -> None:
    empty = tmp_path / "empty.md"
    empty.touch()
    binary = tmp_path / "binary.md"
    binary.write_bytes(bytes(range(256)))
    model = save_tiny("llama", tmp_path / "model")
    bare = shutil.copytree(model, tmp_path / "bare")
    for file in bare.glob("token*"):
        file.unlink()
    cut = shutil.copytree(model, tmp_path / "cut")
    weights = cut / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    out = str(tmp_path / "run")
    for arguments, said in [
        (["--constitution", str(tmp_path / "none.md")], "none.md"),
        (["--constitution", str(empty)], "empty.md"),
        (["--constitution", str(binary)], "binary.md"),
        (["--model", str(tmp_path / "nothing")], "nothing"),
        (["--model", str(bare)], "tokenizer"),
        (["--model", str(cut)], "model.safetensors"),
    ]:
        assert said in one_line(["run", "--out", out, *arguments])
    assert not (tmp_path / "run").exists()


def test_weights_in_pickle_form_are_refused(tmp_path: Path) -> None:
    import torch

    model = save_tiny("llama", tmp_path / "model")
    (model / "model.safetensors").unlink()
    torch.save({"weight": torch.zeros(1)}, model / "pytorch_model.bin")
    assert "only in pickle form" in one_line(["run", "--model", str(model), "--out", str(tmp_path / "run")])


def test_a_full_disk_is_one_line_and_leaves_the_dossier_whole(tmp_path: Path) -> None:
    model, out = save_tiny("llama", tmp_path / "model"), tmp_path / "run"
    done = subprocess.run(
        [sys.executable, "-c", TINY_RUN.format(limit=60_000), str(model), str(out)],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    with read_dossier(out / "dossier") as dossier:
        assert dossier.verify() == []
    assert quietly_by_command(model, out).returncode == 0


def test_ctrl_c_says_that_nothing_is_lost(tmp_path: Path) -> None:
    model, out = save_tiny("llama", tmp_path / "model"), tmp_path / "run"
    command = [sys.executable, "-m", "caseback", "run", "--model", str(model), "--out", str(out)]
    command += ["--budget", "full"]  # a small one may be over before it is interrupted
    # What a shell starts in the background ignores Ctrl-C, and so would all that it starts, this run among them.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed)
    deadline = time.monotonic() + 120
    while not (out / "dossier" / "dossier.sqlite").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert "the same command goes on from there" in " ".join(said.split())
    with read_dossier(out / "dossier") as dossier:
        assert dossier.verify() == []
