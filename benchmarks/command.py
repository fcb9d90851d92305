"""The ``caseback`` command, given as a user gives it."""

import subprocess
import sys
from collections.abc import Container
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def caseback(*arguments: str, fine: Container[int] = (0,)) -> None:
    """Run the command in the repository, its words on standard error. Work that it began goes on where it was.

    Raises:
        SystemExit: it ended with a status that is not among ``fine``.
    """
    done = subprocess.run([sys.executable, "-m", "caseback", *arguments], cwd=ROOT, stdout=sys.stderr)
    if done.returncode not in fine:
        raise SystemExit(f"caseback {' '.join(arguments)} ended with status {done.returncode}")
