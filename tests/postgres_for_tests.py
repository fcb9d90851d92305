"""A PostgreSQL server of one's own, in a temporary folder, that may be killed."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


class Server:
    """Listens on a socket in its folder only. ``kill`` is kill -9 for all of its processes."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.programs = folder, programs
        self.address = f"postgresql://caseback@/postgres?host={folder}"
        self.process: subprocess.Popen[bytes] | None = None
        self._do("initdb", "-D", str(folder / "data"), "-U", "caseback", "--auth=trust", "--no-sync", "-E", "UTF8")

    def start(self) -> None:
        """Starts it and waits until it answers."""
        command = self._as_nobody("postgres", "-D", str(self.folder / "data"), "-k", str(self.folder))
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "-c", "listen_addresses="], stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + 60
        while subprocess.run([self.programs / "pg_isready", "-h", self.folder, "-q"]).returncode:
            assert time.monotonic() < until, (self.folder / "log").read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        """Ends it as a power cut would end the process: at once, and without a word."""
        assert self.process is not None
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        for pid in [self.process.pid, *map(int, children)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        self.process.wait()

    def _do(self, *command: str) -> None:
        subprocess.run(self._as_nobody(*command), check=True, capture_output=True)

    def _as_nobody(self, program: str, *rest: str) -> list[str]:
        """The server refuses to run as root."""
        command = [str(self.programs / program), *rest]
        if os.geteuid() == 0:
            return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        return command


@contextlib.contextmanager
def postgres() -> Iterator[Server]:
    """A server that runs; skips where PostgreSQL is not installed."""
    if not FOLDERS:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a short path: sockets' names are limited
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, pwd.getpwnam("postgres").pw_uid)
        server = Server(folder, FOLDERS[0])
        server.start()
        yield server
        server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
