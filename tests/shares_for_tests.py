"""What another process does in the tests of work shared out; in a module of its own, so that one can import it."""

import os
import signal
import time
from pathlib import Path

from caseback.errors import CasebackError
from caseback.training.journal import Journal

N = 12


def count(first: int, workers: int, path: Path, i: int) -> None:
    """Keep every ``workers``-th number, as another process does; what is kept already is not kept again."""
    journal = Journal(path)
    for number in range(first + i, N, workers):
        if journal.get(str(number)) is None:
            journal.put([{"key": str(number), "pid": os.getpid()}])


def killed(path: Path, i: int) -> None:
    """Keeps one record and is killed."""
    Journal(path).put([{"key": f"of {i}"}])
    os.kill(os.getpid(), signal.SIGKILL)


def killed_once(path: Path, i: int) -> None:
    """Keeps a record and is killed; run again, it keeps another."""
    journal = Journal(path)
    if journal.get("before"):
        journal.put([{"key": "after"}])
        return
    journal.put([{"key": "before"}])
    os.kill(os.getpid(), signal.SIGKILL)


def refused(path: Path, i: int) -> None:
    raise CasebackError("no")


def forever(path: Path, i: int) -> None:
    Journal(path).put([{"key": "begun"}])
    time.sleep(600)
