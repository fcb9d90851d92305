"""Writer, gateway and database killed with kill -9 while exchanges come, again and again: none is lost, none twice."""

import ctypes
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from caseback.watch import journal as journals
from caseback.watch.entry import Begun, Opened
from caseback.watch.journal import Journal, journal_files
from caseback.watch.store.coverage import coverage, gaps
from caseback.watch.store.opening import open_store
from caseback.watch.store.store import Store, StoreAwayError
from caseback.watch.writer import run as running
from caseback.watch.writer.keeping import Keeping
from caseback.watch.writer.run import run
from journals_for_tests import carried, pattern_watch
from postgres_for_tests import Server, postgres


def child(work: Callable[[], object]) -> int:
    """A process of its own that does the work, and ends with the tests at the latest; its id."""
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        try:
            work()
        finally:
            os._exit(0)
    return pid


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def serve(folder: Path, name: str, acknowledged: Path, most: int, pause: float) -> None:
    """A stand-in for a gateway: appends through the real journal, and writes down what was acknowledged."""
    journals.ROTATE = 20_000
    made = Journal(folder, name)
    acks = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    made.append(Opened(name, time.time(), "http://m"))
    for at in range(most):
        id = f"{name}-{at:05d}"
        made.append(Begun(id, time.time()))
        made.append(carried(id, f"reply {at}", time=time.time()))
        os.write(acks, f"{id}\n".encode())
        time.sleep(pause)
    made.append(Begun(f"{name}-last", time.time()))
    time.sleep(60)


def write(folder: Path, where: str) -> None:
    running.PATIENCE = 0.05
    while True:
        try:
            store = open_store(where)
            keep = Keeping(folder.parent / "key", batch_s=0.0, batch_bytes=5_000)
            run(folder, store, [pattern_watch("reply 7")], keep, lambda: False)
        except StoreAwayError:
            time.sleep(0.05)


def assert_all_once(store: Store, acknowledged: Path, kills: int) -> None:
    sent = acknowledged.read_text().split()
    kept = [row["id"] for row in store.query("SELECT id FROM exchanges")]
    assert len(sent) > 100
    assert set(sent) <= set(kept)
    assert len(kept) == len(set(kept))
    whole = coverage(store, 0, time.time() + 60)
    assert whole.kept == len(kept)  # the counts, too, hold each once
    [counts] = whole.detectors.values()
    assert counts.evaluated == len(kept)
    assert counts.flagged == sum("reply 7" in row["messages"] for row in store.query("SELECT messages FROM texts"))
    assert len(store.query("SELECT * FROM verdicts")) == len(kept)
    begun = {row["exchange"] for row in store.query("SELECT exchange FROM coverage WHERE kind = 'lost'")}
    assert not begun & set(kept)
    assert not store.query("SELECT * FROM begun")
    # An exchange that was not acknowledged is kept all the same, or is a gap.
    assert sum(gap.kind == "unwatched" for gap in gaps(store, 0, time.time())) >= kills


def until_read(folder: Path, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while journal_files(folder):
        assert time.monotonic() < until, "the writer does not come to an end"
        time.sleep(0.02)


def test_sqlite_with_writer_and_gateway_killed(tmp_path: Path) -> None:
    rng = random.Random(0)
    folder, acks, where = tmp_path / "j", tmp_path / "acks", str(tmp_path / "store.sqlite")
    open_store(where).close()
    gateway = child(lambda: serve(folder, "g00", acks, 100_000, 0.0005))
    for round in range(1, 31):
        writer = child(lambda: write(folder, where))
        time.sleep(rng.uniform(0.005, 0.12))
        kill(writer)
        if round % 5 == 0:
            kill(gateway)
            gateway = child(lambda round=round: serve(folder, f"g{round:02d}", acks, 100_000, 0.0005))
    time.sleep(0.1)
    kill(gateway)
    writer = child(lambda: write(folder, where))
    until_read(folder)
    kill(writer)
    store = open_store(where, make=False)
    assert_all_once(store, acks, 5)
    assert store.query("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    store.close()


def test_postgres_with_the_server_killed(tmp_path: Path) -> None:
    with postgres() as server:
        _killed_server(tmp_path, server)


def _killed_server(tmp_path: Path, server: Server) -> None:
    folder, acks = tmp_path / "j", tmp_path / "acks"
    gateway = child(lambda: serve(folder, "g00", acks, 100_000, 0.001))
    writer = child(lambda: write(folder, server.address))
    for round in range(2):
        time.sleep(0.4)
        server.kill()
        time.sleep(0.1)
        server.start()
        if round % 2:
            kill(writer)
            writer = child(lambda: write(folder, server.address))
    time.sleep(0.2)
    kill(gateway)
    until_read(folder)
    kill(writer)
    store = open_store(server.address)
    assert_all_once(store, acks, 0)
    store.close()
