"""Walls around a process on Linux: which files it reaches (Landlock), which resources, and that it has no network.

Landlock is the kernel's own and needs no privilege (Salaün, landlock(7)): once a process has restricted itself, neither
it nor its children can lift that. Where the kernel has none, the audit hook of ``inside`` is all that is left, which
native code can go around: every trial says which walls stood.
"""

import ctypes
import os
import resource
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CREATE, ADD_RULE, RESTRICT = 444, 445, 446
"""Numbers of the system calls, the same on all architectures."""
NO_NEW_PRIVILEGES, PARENT_DEATH, KILL = 38, 1, 9
EXECUTE, READ_FILE, READ_DIR = 1 << 0, 1 << 2, 1 << 3
FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
EVERY_FILE_RIGHT = (1 << 16) - 1
"""Rights over files that the kernel's version 5 and later can withhold; what is not named above."""
ON_FILES = EXECUTE | READ_FILE | (1 << 1) | (1 << 14) | (1 << 15)
"""Rights that a rule about a single file may give."""


@dataclass(frozen=True)
class Limits:
    """What a trial may use: seconds of wall time, and of processor time, bytes of memory and of disk, processes.

    On a busy machine a trial takes longer on the wall than on the processor: the first limit is the wide one.
    """

    seconds: float = 600.0
    processor: int = 120
    memory: int = 6 << 30
    disk: int = 64 << 20
    processes: int = 24


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def landlock_version() -> int:
    """Of the kernel; 0 where it has none."""
    found = int(ctypes.CDLL(None).syscall(CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1)))
    return max(found, 0)


def wall_in(reads: Sequence[Path], writes: Sequence[Path]) -> bool:
    """Restrict this process for good to reading (and running) what lies under ``reads``, and to anything under
    ``writes``; from version 4 on to no TCP, from 6 on to signals and abstract sockets of its own.

    Returns whether the kernel could. Paths that do not exist are passed over.

    Raises:
        OSError: the kernel has Landlock and refused.
    """
    version = landlock_version()
    if not version:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    files = FILE_RIGHTS.get(version, EVERY_FILE_RIGHT)
    rules = _Ruleset(files, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = libc.syscall(CREATE, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    for paths, rights in ((reads, EXECUTE | READ_FILE | READ_DIR), (writes, files & ~EXECUTE)):
        for path in paths:
            _allow(libc, ruleset, path, rights)
    if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.syscall(RESTRICT, ruleset, ctypes.c_uint32(0)):
        raise OSError(ctypes.get_errno(), "landlock_restrict_self")
    os.close(ruleset)
    return True


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    rights = rights if path.is_dir() else rights & ON_FILES
    rule = _Beneath(rights, place)
    failed = libc.syscall(ADD_RULE, ruleset, 1, ctypes.byref(rule), ctypes.c_uint32(0))
    os.close(place)
    if failed:
        raise OSError(ctypes.get_errno(), f"landlock_add_rule for {path}")


def limit(limits: Limits) -> None:
    """Limits of memory, processor time, the size of a file and processes on this process, and no core files; it ends
    with its parent."""
    ceilings = (
        (resource.RLIMIT_AS, limits.memory), (resource.RLIMIT_CPU, limits.processor),
        (resource.RLIMIT_FSIZE, limits.disk), (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, limits.processes + 1 + _tasks()),
    )  # fmt: skip
    # Of processes one more than it may have: what starts that one is seen by the watch, and ended.
    for what, most in ceilings:
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
    ctypes.CDLL(None).prctl(PARENT_DEATH, KILL, 0, 0, 0)


def _tasks() -> int:
    """Processes and threads that this user has already: the kernel's limit counts them all."""
    found = 0
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if place.stat().st_uid == os.getuid():
                found += len(os.listdir(place / "task"))
        except OSError:
            continue
    return found


@cache
def apart() -> tuple[str, ...]:
    """A command before another that gives it a network of its own with nothing in it, and processes of its own that
    end with it; empty where this machine does not allow that."""
    if not shutil.which("unshare"):
        return ()
    spaces = ("--net", "--ipc", "--pid", "--fork", "--kill-child")
    return next((found for privilege in ((), ("--user", "--map-root-user"))
                 if _runs(found := ("unshare", *privilege, *spaces))), ())  # fmt: skip


@cache
def with_parent() -> tuple[str, ...]:
    """A command before another that kills it when whoever started it dies; empty where there is none."""
    found = ("setpriv", "--pdeathsig", "KILL")
    return found if shutil.which("setpriv") and _runs(found) else ()


def _runs(command: tuple[str, ...]) -> bool:
    try:
        return not subprocess.run([*command, "true"], capture_output=True, timeout=60).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False
