"""Measuring a claim: run its command, read the figures from the last line it prints, store them beside the claim."""

import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from caseback.dossier.claims import Claim, Result, check_figures
from caseback.dossier.disk import cannot_write
from caseback.errors import CasebackError


def measure(claim: Claim, folder: Path, show: Callable[[str], None]) -> Claim:
    """Run the claim's command from the folder above ``folder`` and store what it found.

    The command is split as a shell would and run without one; ``python`` is the interpreter that runs this. A claim
    holds where its command says so and its value meets its target.

    Args:
        claim: The claim to measure.
        folder: The claims folder, where the result goes.
        show: Called with each line that the command prints, as it prints it.

    Raises:
        CasebackError: where the command fails or does not end in a line of figures; the last result is then kept.
    """
    argv = shlex.split(claim.command)
    if argv[0] in ("python", "python3"):
        argv[0] = sys.executable
    commit = _commit(folder)
    try:
        process = subprocess.Popen(
            argv, cwd=folder.resolve().parent, stdout=subprocess.PIPE, text=True, errors="replace"
        )
    except OSError as error:
        raise CasebackError(f"claim {claim.id}: cannot run {argv[0]} ({error.strerror})") from error
    last = ""
    with process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                show(line.rstrip("\n"))
                last = line if line.strip() else last
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        raise CasebackError(f"claim {claim.id}: its command ended with status {process.returncode}: {claim.command}")
    measured = replace(claim, result=_result(claim, last, commit))
    _store(measured, folder)
    return measured


def _result(claim: Claim, line: str, commit: str) -> Result:
    where = f"claim {claim.id}: the last line that its command printed"
    try:
        printed = json.loads(line)
    except ValueError:
        raise CasebackError(f"{where} is not JSON: {line.strip()[:120]!r}") from None
    if not isinstance(printed, dict):
        raise CasebackError(f"{where} is not a JSON object: {line.strip()[:120]!r}")
    figures = check_figures(printed, where)
    note = " ".join(str(printed.get("note") or "").split())
    if figures["holds"] and claim.meets(figures["value"]) is False:
        figures["holds"] = False
        note = f"{note} The command says that it holds, but its value misses the target.".strip()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Result(**figures, note=note, machine=machine(), commit=commit, measured_at=now)


def _store(claim: Claim, folder: Path) -> None:
    assert claim.result is not None
    text = json.dumps(asdict(claim.result), indent=2, ensure_ascii=False) + "\n"
    write_text(folder / f"{claim.id}.result.json", text)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all.

    Raises:
        CasebackError: where it cannot be written.
    """
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        raise CasebackError(f"cannot write {path}: {cannot_write(error)}") from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def machine() -> str:
    """This machine in words, without its name: processor, cores, memory, system, Python."""
    import psutil

    gigabytes = psutil.virtual_memory().total / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    system = f"{platform.system()} {platform.machine()}"
    return f"{_processor()}, {cores} cores, {gigabytes:.0f} GiB, {system}, Python {platform.python_version()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "processor unknown"
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "processor unknown"


def _commit(folder: Path) -> str:
    """The commit that is checked out, with ``+changes`` where tracked files differ from it; empty outside git."""

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        commit = git("rev-parse", "HEAD")
        changed = git(
            "status",
            "--porcelain",
            "--untracked-files=no",
            "--",
            ":/",
            ":(exclude,top)claims",
            ":(exclude,top)docs/claims.md",
        )
        return f"{commit}+changes" if changed else commit
    except (OSError, subprocess.CalledProcessError):
        return ""
