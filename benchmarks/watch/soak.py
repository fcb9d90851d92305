"""The watch under load while its processes are killed: is every acknowledged exchange in the store, exactly once?

    python benchmarks/watch/soak.py                              360,000 exchanges, 51 kills, 24 simulated hours
    python benchmarks/watch/soak.py --exchanges 20000 --kills 12 --speed 720
    python benchmarks/watch/soak.py --claim lost                 one figure as the last line: lost, twice, unshown

An upstream, the gateway, the writer and a PostgreSQL server, each a process of its own; clients ask through the
gateway. After every so many answers one of gateway, writer and database gets kill -9 in turn, and is started again.
The time of day runs ``--speed`` times faster in the gateway and in the writer, so that what goes by the clock (signs
of life, retention of texts, hourly sealing) goes through a day. At the end: exchanges whose answer a client had whole
and that the store does not have (``lost``), exchanges that it has twice (``twice``), and kills of the gateway that no
gap in the coverage shows, counts that do not agree, texts that are gone without a tombstone (``unshown``).

With ``--folder`` the work stays there, and a run that was broken off goes on. All three figures of one run are kept in
``.cache/soak.json`` and given again for the other claims while code and options are the same (``--anew`` to run again).
"""

import argparse
import contextlib
import hashlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from soak_process import simulated

from caseback.detectors.files import save_detector
from caseback.detectors.pattern import PatternDetector
from caseback.watch.journal import journal_files
from caseback.watch.store.coverage import coverage, gaps
from caseback.watch.store.lake import open_lake
from caseback.watch.store.opening import open_store
from caseback.watch.store.retention import tombstones
from caseback.watch.store.segments import seal, verify
from caseback.watch.store.store import Store, StoreAwayError

HERE = Path(__file__).resolve().parent
KEPT = HERE.parents[1] / ".cache" / "soak.json"
HOUR, DAY, TEXT_DAYS = 3_600.0, 86_400.0, 0.1
CONNECTIONS = 16
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


class Process:
    """A process that may be killed and started again."""

    def __init__(self, command: list[str], log: Path, ready: Any) -> None:
        self.command, self.log, self.ready, self.process = command, log, ready, None

    def start(self) -> None:
        """Starts it, and waits until it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        until = time.monotonic() + 120
        while not self.ready():
            if time.monotonic() > until or self.process.poll() is not None:
                raise SystemExit(f"{self.command[-3:]} does not start; see {self.log}")
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill -9, of its children too."""
        if self.process is None or self.process.poll() is not None:
            return
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout
        for pid in (self.process.pid, *map(int, children.split())):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def database(folder: Path) -> tuple[Process, str]:
    """A PostgreSQL server on a socket in the folder."""
    if not PROGRAMS:
        raise SystemExit("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    place = folder / "pg"
    as_user = []
    if os.geteuid() == 0:  # it refuses to run as root
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    if not place.exists():
        place.mkdir()
        if as_user:
            folder.chmod(0o711)
            shutil.chown(place, pwd.getpwnam("postgres").pw_uid)
        init = [*as_user, str(PROGRAMS[0] / "initdb"), "-D", str(place / "data"), "-U", "caseback", "--auth=trust"]
        subprocess.run([*init, "--no-sync", "-E", "UTF8"], check=True, capture_output=True)
    command = [*as_user, str(PROGRAMS[0] / "postgres"), "-D", str(place / "data"), "-k", str(place)]

    def ready() -> bool:
        return not subprocess.run([PROGRAMS[0] / "pg_isready", "-h", place, "-q"]).returncode

    log = folder / "database.log"
    return Process([*command, "-c", "listen_addresses="], log, ready), f"postgresql://caseback@/postgres?host={place}"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def configured(folder: Path, upstream: int, port: int, where: str) -> Path:
    """The file for gateway and writer, with two detectors."""
    file = folder / "watch.toml"
    for word in ("weir", "never said"):
        save_detector(PatternDetector(f"says {word}", "deception", (word,)), folder / word.replace(" ", "-"))
    detectors = "".join(f'[[detector]]\nfolder = "{name}"\nthreshold = 0.5\n' for name in ("weir", "never-said"))
    file.write_text(
        f'listen = "127.0.0.1:{port}"\nupstream = "http://127.0.0.1:{upstream}"\nfolder = "watched"\n'
        f'store = "{where}"\n{detectors}[writer]\ntext_days = {TEXT_DAYS}\nsweep_s = 600.0\n'
    )
    return file


@contextlib.contextmanager
def upstream(folder: Path) -> Iterator[int]:
    """The model server's port."""
    process = subprocess.Popen([sys.executable, str(HERE / "gateway_upstream.py")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def lines(path: Path) -> int:
    """How many lines a file has."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def soak(stack: contextlib.ExitStack, folder: Path, exchanges: int, kills: int, speed: float) -> dict[str, Any]:
    """Runs all of it, and gives the figures."""
    clock = folder / "clock.json"
    if not clock.exists():
        clock.write_text(json.dumps({"base": time.time(), "speed": speed}))
    now = simulated(clock)
    begun = json.loads(clock.read_text())["base"]
    base, where = database(folder)
    stack.callback(base.kill)
    base.start()
    store = open_store(where)
    killed = json.loads((folder / "kills.json").read_text()) if (folder / "kills.json").exists() else []
    with upstream(folder) as behind:
        port = free_port()
        file = configured(folder, behind, port, where)
        under = [sys.executable, str(HERE / "soak_process.py"), str(clock), "watch"]
        gateway = Process([*under, "--config", str(file), "--no-writer"], folder / "gateway.log", lambda: listens(port))
        writer = Process([*under, "write", str(file)], folder / "writer.log", lambda: True)
        stack.callback(gateway.kill)
        stack.callback(writer.kill)
        gateway.start()
        writer.start()
        (folder / "stop").unlink(missing_ok=True)
        load = subprocess.Popen(
            [sys.executable, str(HERE / "soak_load.py"), f"http://127.0.0.1:{port}", str(folder), str(CONNECTIONS)],
            stderr=(folder / "load.log").open("ab"),
        )
        stack.callback(load.kill)
        turn = (("gateway", gateway), ("writer", writer), ("database", base))
        sealed = now()
        while (done := lines(folder / "acks")) < exchanges or now() < begun + DAY or len(killed) < kills:
            time.sleep(0.2)
            if load.poll() is not None:
                raise SystemExit(f"the load ended after {done} answers; see {folder / 'load.log'}")
            if len(killed) < kills and done >= exchanges * (len(killed) + 0.5) / kills:
                name, process = turn[len(killed) % 3]
                at = now()
                process.kill()
                process.start()
                killed.append([name, at, now()])
                (folder / "kills.json").write_text(json.dumps(killed))
                print(f"{done} answers, {(now() - begun) / HOUR:.1f} h: {name} killed", file=sys.stderr, flush=True)
            if now() - sealed > HOUR:
                with contextlib.suppress(StoreAwayError):
                    seal(store, folder / "segments", before=now() - HOUR / 4, width=HOUR, now=now)
                    sealed = now()
        (folder / "stop").touch()
        load.wait()
        os.kill(gateway.process.pid, signal.SIGTERM)  # type: ignore[union-attr]
        gateway.process.wait()  # type: ignore[union-attr]
        until = time.monotonic() + 1800
        while journal_files(folder / "watched" / "journal") and time.monotonic() < until:
            time.sleep(0.5)
        time.sleep(2.0)
        writer.kill()
    found = figures(folder, store, killed, now, begun)
    store.close()
    return found


def figures(folder: Path, store: Store, killed: list[Any], now: Any, begun: float) -> dict[str, Any]:
    """What is in the store, against what clients had."""
    acks = dict(line.split() for line in (folder / "acks").read_text().splitlines())
    rows = store.query("SELECT id, agent FROM exchanges")
    kept, tags = [row["id"] for row in rows], [row["agent"] for row in rows]
    lost = sorted(set(acks.values()) - set(kept))
    twice = len(kept) - len(set(kept)) + len(tags) - len(set(tags))
    seal(store, folder / "segments", before=now() - HOUR / 4, width=HOUR, now=now)
    with open_lake(store, folder / "segments") as lake:
        n, different = lake.execute("SELECT COUNT(*), COUNT(DISTINCT id) FROM exchanges").fetchone()
    twice += n - different
    whole = coverage(store, 0, now() + HOUR)
    unseen = [gap for gap in gaps(store, 0, now()) if gap.kind == "unwatched"]
    unshown = sum(
        not any(gap.begun <= back and gap.ended >= at for gap in unseen)
        for name, at, back in killed
        if name == "gateway"
    )
    gone = {row["exchange"] for row in store.query("SELECT exchange FROM coverage WHERE kind = 'lost'")}
    stones = {stone.exchange for stone in tombstones(store) if stone.place == "store"}
    texts = store.query("SELECT id, expires FROM exchanges LEFT JOIN texts ON texts.exchange = exchanges.number")
    wrong_texts = sum((row["id"] in stones) == (row["expires"] is not None) for row in texts)
    return {
        "answers": len(acks),
        "cut off": lines(folder / "failed"),
        "kept": len(kept),
        "begun and lost with a gateway": len(gone),
        "lost": len(lost),
        "twice": twice + len(gone & set(kept)),
        "unshown": unshown + wrong_texts + abs(whole.kept - len(kept)) + abs(n - len(kept)),
        "kills": {name: sum(each[0] == name for each in killed) for name in ("gateway", "writer", "database")},
        "hours": round((now() - begun) / HOUR, 2),
        "texts deleted": len(stones),
        "segments": len(store.query("SELECT number FROM segments")),
        "tampered": verify(folder / "segments", store),
        "gaps": whole.gaps,
        "evaluated": {digest[:12]: each.evaluated for digest, each in whole.detectors.items()},
    }


def code() -> str:
    """Digest of the code that runs."""
    paths = [*(HERE.parents[1] / "src").rglob("*.py"), *(HERE.parents[1] / "src").rglob("*.sql"), *HERE.glob("*.py")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(paths))).hexdigest()


def main() -> None:
    """Runs it, or gives the figures of the last run again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exchanges", type=int, default=360_000)
    parser.add_argument("--kills", type=int, default=51)
    parser.add_argument("--speed", type=float, default=200.0, help="simulated seconds in a real one")
    parser.add_argument("--folder", type=Path, default=None, help="work here, and go on where an earlier run was")
    parser.add_argument("--claim", choices=["lost", "twice", "unshown"])
    parser.add_argument("--anew", action="store_true")
    given = parser.parse_args()
    wanted = [code(), given.exchanges, given.kills, given.speed]
    kept = json.loads(KEPT.read_text()) if KEPT.exists() and not given.anew else {}
    if given.claim and kept.get("of") == wanted:
        found = kept["figures"]
    else:
        folder = given.folder or Path(tempfile.mkdtemp(prefix="soak"))
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            found = soak(stack, folder, given.exchanges, given.kills, given.speed)
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        KEPT.write_text(json.dumps({"of": wanted, "figures": found}))
        if given.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    for name, value in found.items():
        print(f"{name:32} {value}")
    if given.claim:
        note = f"{found['answers']} answers, kills {found['kills']}, {found['hours']} simulated hours, PostgreSQL"
        value = found[given.claim]
        print(
            json.dumps(
                {"value": value, "low": None, "high": None, "n": found["answers"], "holds": value == 0, "note": note}
            )
        )


if __name__ == "__main__":
    main()
