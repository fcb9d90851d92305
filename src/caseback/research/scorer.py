"""Talks to the sealed scorer, which is another process."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import caseback
from caseback.errors import CasebackError


@dataclass(frozen=True)
class Scorer:
    """Both ends of the pipe to a scorer."""

    to: IO[bytes]
    back: IO[bytes]

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The scorer's word on a request; see ``sealed.answer``.

        Raises:
            CasebackError: it died, or cannot keep its ledger.
        """
        try:
            self.to.write(json.dumps(dict(request)).encode() + b"\n")
            self.to.flush()
            said = json.loads(self.back.readline())
        except (OSError, ValueError) as error:
            raise CasebackError(f"the sealed scorer ended before it answered ({error}); the same command starts it "
                                "again, and what was counted stays counted") from None  # fmt: skip
        if "error" in said:
            raise CasebackError(f"the sealed scorer: {said['error']}")
        return dict(said)


@contextmanager
def scorer(folder: Path) -> Iterator[Scorer]:
    """A scorer over the sealed folder, for as long as the block runs.

    Raises:
        CasebackError: nothing is sealed there, or others can read it.
    """
    if not (folder / "sealed.json").is_file():
        raise CasebackError(f"{folder}: nothing is sealed there; name the folder that `research new` wrote (--sealed)")
    if folder.stat().st_mode & 0o077:
        raise CasebackError(f"{folder} can be read by others: `chmod 700 {folder}`; make the study anew if they did")
    path = os.pathsep.join([str(Path(caseback.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-m", "caseback.research.sealed", str(folder.resolve())], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}, start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Scorer(process.stdin, process.stdout)
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()
