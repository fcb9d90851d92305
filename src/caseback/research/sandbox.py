"""Runs one experiment in a process of its own, walled in, within limits, and says what it did."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

import psutil

import caseback
from caseback.dossier.disk import writing
from caseback.research.inside import RESULT
from caseback.research.space import Settings, numbers_of
from caseback.research.walls import Limits, apart, with_parent

LARGEST = 8 << 20
"""Bytes of a result that is read."""
TOLD = 1 << 18
"""Bytes of events that are read."""
POLL = 0.1


@dataclass(frozen=True)
class Ran:
    """What came of an experiment.

    Attributes:
        open: what it scored itself at, on the open data; None where it failed.
        answers: one number for each sealed case.
        fault: why there is no result, empty where there is one.
        tried: what it tried and may not do, each ``{"tried": …, "about": …}``.
        walls: that stood: ``landlock``, ``network``, ``audit``, ``limits``.
        seconds: of wall time.
    """

    open: float | None
    answers: list[float]
    fault: str
    tried: list[dict[str, str]] = field(default_factory=list)
    walls: tuple[str, ...] = ()
    seconds: float = 0.0


def run_experiment(
    experiment: str,
    settings: Settings,
    data: Path,
    out: Path,
    cases: int,
    limits: Limits = Limits(),  # noqa: B008
    reads: Sequence[Path] = (),
    code: Sequence[Path] = (),
) -> Ran:
    """Run ``experiment`` (``module:function``) on ``settings`` and ``data``, and read its result.

    The process gets a clean environment, an empty folder ``out`` of its own, which is all it can write to, and no
    network. It is killed, with all that it started, at its limits.

    Args:
        cases: how many answers there must be.
        reads: files and folders that it may read beside ``data``, such as a model.
        code: folders of Python code beside ours that it may import.

    Raises:
        CasebackError: ``out`` cannot be made.
    """
    with writing(out):
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
    begun = time.monotonic()
    folders = [*code, Path(caseback.__file__).resolve().parents[1]]
    asked = {
        "experiment": experiment,
        "settings": dict(settings),
        "data": str(data.resolve()),
        "out": str(out.resolve()),
        "reads": [str(each.resolve()) for each in reads],
        "code": [str(each.resolve()) for each in folders],
        "limits": asdict(limits),
    }
    command = [*with_parent(), *apart(), sys.executable, "-m", "caseback.research.inside"]
    with (out / "printed.txt").open("w+b") as printed:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=printed, cwd=out, start_new_session=True,
            env=_environment(out, folders),
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        heard: list[bytes] = []
        listener = threading.Thread(target=_listen, args=(process.stdout, heard), daemon=True)
        listener.start()
        with suppress(BrokenPipeError), process.stdin as stdin:
            stdin.write(json.dumps(asked).encode())
        try:
            stopped = _watched(process, out, limits, begun)
        finally:
            _end(process)
            listener.join(5)
        last = _last_line(printed)
    tried, walls = _told(b"".join(heard))
    fault, open_score, answers = stopped, None, list[float]()
    if not fault and process.returncode:
        fault = last or f"it ended with {process.returncode}"
    if not fault:
        fault, open_score, answers = _result(out / RESULT, cases)
    return Ran(open_score, answers, fault, tried, walls, round(time.monotonic() - begun, 3))


def _environment(out: Path, code: Sequence[Path]) -> dict[str, str]:
    """Nothing of ours but where the code lies: no keys, no addresses."""
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    given = {name: os.environ[name] for name in ("LD_PRELOAD", "LANG") if name in os.environ}
    return {
        "PATH": "/usr/bin:/bin", "HOME": str(out), "TMPDIR": str(out), "PYTHONPATH": os.pathsep.join(map(str, code)),
        "PYTHONDONTWRITEBYTECODE": "1", "HF_HUB_OFFLINE": "1", "HF_HOME": str(out), "TOKENIZERS_PARALLELISM": "false",
        **threads, **given,
    }  # fmt: skip


def _listen(pipe: IO[bytes], heard: list[bytes]) -> None:
    """Read all that comes, and keep no more than so much of it."""
    kept = 0
    while part := pipe.read1(1 << 16):  # type: ignore[attr-defined]
        if kept < TOLD:
            heard.append(part[: TOLD - kept])
        kept += len(part)


def _watched(process: "subprocess.Popen[bytes]", out: Path, limits: Limits, begun: float) -> str:
    """Wait for the end; why it was stopped, empty where it ended by itself."""
    while True:
        try:
            process.wait(POLL)
            return "it filled its disk" if _bytes_in(out) > limits.disk else ""
        except subprocess.TimeoutExpired:
            pass
        if time.monotonic() - begun > limits.seconds:
            return f"it ran longer than {limits.seconds:g} s"
        if _bytes_in(out) > limits.disk:
            return f"it wrote more than {limits.disk >> 20} MiB"
        if (found := _processes(process.pid)) > limits.processes:
            return f"it started {found} processes, and may have {limits.processes}"


def _processes(pid: int) -> int:
    try:
        return len(psutil.Process(pid).children(recursive=True))
    except psutil.Error:
        return 0


def _bytes_in(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_blocks * 512
            except OSError:
                continue
    return total


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill what is left of it and of what it started. In a space of processes of its own they all end with it."""
    left: list[psutil.Process] = []
    with suppress(psutil.Error):
        left = psutil.Process(process.pid).children(recursive=True)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for each in left:
        with suppress(psutil.Error):
            each.kill()
    process.wait()


def _told(heard: bytes) -> tuple[list[dict[str, str]], tuple[str, ...]]:
    tried, walls = [], ["limits", *(["network"] if apart() else [])]
    for line in heard.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if not isinstance(event, dict):
            continue
        if "walls" in event:
            walls += ["audit", *(["landlock"] if event["walls"] is True else [])]
        elif isinstance(event.get("tried"), str):
            tried.append({"tried": event["tried"][:80], "about": str(event.get("about", ""))[:200]})
    return tried, tuple(sorted(set(walls)))


def _result(path: Path, cases: int) -> tuple[str, float | None, list[float]]:
    try:
        found = path.lstat()  # what it left there may be a link to what it could not read, or a pipe that never ends
        if not stat.S_ISREG(found.st_mode):
            return "its result is no plain file", None, []
        if found.st_size > LARGEST:
            return "its result is larger than any could be", None, []
        made = json.loads(path.read_bytes())
        [open_score], answers = numbers_of([made["open"]]), numbers_of(made["answers"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        return f"its result cannot be read ({type(error).__name__}: {str(error)[:80]})", None, []
    if len(answers) != cases:
        return f"it answered {len(answers)} of {cases} cases", None, []
    return "", open_score, answers


def _last_line(file: IO[bytes]) -> str:
    """Of the file that was opened for what it prints, whatever stands under that name now."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
    lines = file.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else ""
