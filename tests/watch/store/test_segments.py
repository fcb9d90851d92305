"""Sealed segments: every exchange in one of them, deletions told, tampering seen, a kill at any step mended."""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from caseback.errors import CasebackError
from caseback.watch.store import manifest, segments
from caseback.watch.store.claim import locked
from caseback.watch.store.holds import place
from caseback.watch.store.lake import open_lake
from caseback.watch.store.opening import open_store
from caseback.watch.store.retention import tombstones
from caseback.watch.store.segments import DAY, expire_sealed, seal, sealed_elsewhere, verify
from caseback.watch.store.store import Store
from journals_for_tests import carried, journal_of, pattern_watch, written

WATCH = pattern_watch("reply-3")


def filled(folder: Path, store: Store, first: int = 0, n: int = 9, gateway: str = "g1") -> Store:
    """Three a day."""
    entries = [carried(f"x{at}", f"reply-{at}-abcdefgh", time=DAY * at / 3) for at in range(first, first + n)]
    journal_of(folder / "j", entries, gateway=gateway)
    written(folder / "j", store, [WATCH], text_days=30)
    return store


def lake_ids(store: Store, folder: Path) -> list[str]:
    with open_lake(store, folder) as lake:
        return [row[0] for row in lake.execute("SELECT id FROM exchanges ORDER BY number").fetchall()]


def test_closed_days_are_sealed_and_the_lake_has_each_exchange_once(tmp_path: Path, store: Store) -> None:
    filled(tmp_path, store)
    folder = tmp_path / "segments"
    lines = seal(store, folder, before=DAY * 2.9)
    assert [(line.begun, line.ended, line.files["exchanges.parquet"].rows) for line in lines] == [
        (0.0, DAY, 3),
        (DAY, 2 * DAY, 3),
    ]
    assert seal(store, folder, before=DAY * 2.9) == []
    assert verify(folder, store) == []
    with open_lake(store, folder) as lake:
        asked = lake.execute(
            "SELECT e.id, v.score, t.messages FROM exchanges e JOIN verdicts v ON v.exchange = e.number"
            " JOIN texts t ON t.exchange = e.number ORDER BY e.number"
        ).fetchall()
    assert [(row[0], row[1]) for row in asked] == [(f"x{at}", float(at == 3)) for at in range(9)]
    assert all(json.loads(row[2])[-1]["content"] == f"reply-{at}-abcdefgh" for at, row in enumerate(asked))


def test_what_comes_late_is_sealed_too(tmp_path: Path, store: Store) -> None:
    filled(tmp_path, store, 0, 3)
    folder = tmp_path / "segments"
    seal(store, folder, before=DAY)
    journal_of(tmp_path / "j", [carried("late", time=5.0)], gateway="g2")
    written(tmp_path / "j", store)
    [line] = seal(store, folder, before=DAY)
    assert (line.number, line.begun, line.files["exchanges.parquet"].rows) == (2, 0.0, 1)
    assert lake_ids(store, folder) == ["x0", "x1", "x2", "late"]


def test_sealed_texts_expire_unless_held(tmp_path: Path, store: Store) -> None:
    filled(tmp_path, store)
    folder = tmp_path / "segments"
    seal(store, folder, before=DAY * 3)
    place(store, "exchange", "x1", who="counsel", why="case", time=0.0)
    assert expire_sealed(store, folder, DAY * 31.5) == (4, 1)
    left = [row["id"] for path in sorted(folder.glob("*/texts.parquet")) for row in pq.read_table(path).to_pylist()]
    assert left == ["x1", "x5", "x6", "x7", "x8"]
    assert verify(folder, store) == []
    assert [stone.exchange for stone in tombstones(store) if stone.place == "segment 1"] == ["x0", "x2"]
    assert [line.why for line in manifest.lines(folder)][3:] == ["retention: its days were over"] * 2
    assert expire_sealed(store, folder, DAY * 31.5) == (0, 1)
    assert lake_ids(store, folder) == [f"x{at}" for at in range(9)]
    assert sealed_elsewhere(store, tmp_path / "none", ["x0", "x1", "x5", "nothing"]) == ["x5"]
    assert sealed_elsewhere(store, folder, ["x0", "x1", "x5"]) == []


def change_row(folder: Path) -> None:
    path = folder / "000001" / "verdicts.parquet"
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path)


def remove_file(folder: Path) -> None:
    (folder / "000002" / "texts.parquet").unlink()


def edit_line(folder: Path) -> None:
    path = folder / manifest.NAME
    path.write_text(path.read_text().replace('"rows": 3', '"rows": 2', 1))


def drop_first_line(folder: Path) -> None:
    path = folder / manifest.NAME
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))


def drop_last_line(folder: Path) -> None:
    path = folder / manifest.NAME
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (change_row, r"verdicts\.parquet: changed since it was sealed"),
        (remove_file, r"texts\.parquet: missing; it was sealed with 3 rows"),
        (edit_line, "line 1 was changed"),
        (drop_first_line, "line 1 was changed since it was written, or one before it is missing"),
        (drop_last_line, "the line of segment 3 is missing"),
    ],
)
def test_tampering_is_said(tmp_path: Path, tamper: Callable[[Path], None], said: str) -> None:
    store = filled(tmp_path, open_store(tmp_path / "store.sqlite"))
    folder = tmp_path / "segments"
    seal(store, folder, before=DAY * 3)
    tamper(folder)
    wrong = verify(folder, store)
    assert len(wrong) == 1
    with pytest.raises(CasebackError, match=said):
        open_lake(store, folder)
    store.close()


def test_killed_at_any_step_it_goes_on_and_seals_nothing_twice(tmp_path: Path) -> None:
    """A process is killed at each of the steps of sealing and deleting in turn."""
    store = filled(tmp_path, open_store(tmp_path / "store.sqlite"))
    folder = tmp_path / "segments"
    steps = ("place", "file_of", "append", "_mark")
    for name in steps:
        for after in (False, True):
            for work in (
                lambda own: seal(own, folder, before=DAY * 3),
                lambda own: expire_sealed(own, folder, DAY * 31.5),
            ):
                _killed_at(tmp_path, name, after, work)
    store.close()
    store = open_store(tmp_path / "store.sqlite")
    seal(store, folder, before=DAY * 3)
    expire_sealed(store, folder, DAY * 31.5)
    assert verify(folder, store) == []
    assert lake_ids(store, folder) == [f"x{at}" for at in range(9)]
    with open_lake(store, folder) as lake:
        texts = [row[0] for row in lake.execute("SELECT id FROM texts ORDER BY exchange").fetchall()]
    assert texts == ["x5", "x6", "x7", "x8"]
    assert not [path for path in folder.rglob("*") if path.name.endswith(".begun")]
    store.close()


def _killed_at(tmp_path: Path, name: str, after: bool, work: Callable[[Store], object]) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            module: Any = segments if hasattr(segments, name) else manifest
            real = getattr(module, name)

            def dies(*given: Any, **more: Any) -> Any:
                if after:
                    real(*given, **more)
                os.kill(os.getpid(), signal.SIGKILL)

            setattr(module, name, dies)
            work(open_store(tmp_path / "store.sqlite"))
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def test_half_a_line_at_the_end_is_taken_away(tmp_path: Path) -> None:
    store = filled(tmp_path, open_store(tmp_path / "store.sqlite"))
    folder = tmp_path / "segments"
    seal(store, folder, before=DAY)
    with (folder / manifest.NAME).open("ab") as file:
        file.write(b'{"number": 2, "beg')
    seal(store, folder, before=DAY * 3)
    assert verify(folder, store) == []
    assert len(manifest.lines(folder)) == 3
    store.close()


@pytest.mark.parametrize("missing", ["pyarrow", "duckdb"])
def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    store = open_store(tmp_path / "store.sqlite")
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(CasebackError, match=r"pip install 'caseback\[lake\]'"):
        open_lake(store, tmp_path / "segments")
    store.close()


def test_a_full_disk_is_said_and_nothing_is_marked(tmp_path: Path, small_disk: Path) -> None:
    import random

    store = open_store(tmp_path / "store.sqlite")
    rng = random.Random(0)
    noise = ["".join(chr(rng.randrange(0x4E00, 0x9FFF)) for _ in range(3000)) for _ in range(500)]
    journal_of(tmp_path / "j", [carried(f"x{at}", text) for at, text in enumerate(noise)])
    written(tmp_path / "j", store)
    with pytest.raises(CasebackError, match="cannot write"):
        seal(store, small_disk / "segments", before=DAY)
    assert store.query("SELECT COUNT(*) AS n FROM exchanges WHERE segment IS NULL") == [{"n": 500}]
    assert len(seal(store, tmp_path / "elsewhere", before=DAY)) == 1
    store.close()


def test_one_process_at_a_time_changes_segments(tmp_path: Path) -> None:
    store = filled(tmp_path, open_store(tmp_path / "store.sqlite"))
    folder = tmp_path / "segments"
    with locked(folder / ".writer", "folder"):
        with pytest.raises(CasebackError, match=rf"segments has a writer already: .*{os.getpid()}"):
            seal(store, folder, before=DAY * 3)
        with pytest.raises(CasebackError, match="has a writer already"):
            expire_sealed(store, folder, DAY * 31.5)
    assert len(seal(store, folder, before=DAY * 3)) == 3
    store.close()


def test_what_the_manifest_names_is_on_the_disk_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(tmp_path, open_store(tmp_path / "store.sqlite"))
    folder, synced = tmp_path / "segments", list[str]()
    real = os.fsync

    def fsync(file: int) -> None:
        synced.append(os.path.relpath(os.readlink(f"/proc/self/fd/{file}"), folder))
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    seal(store, folder, before=DAY)
    line = synced.index(manifest.NAME)
    assert set(synced[:line]) >= {f".000001.begun/{name}.parquet" for name in segments.TABLES} | {".000001.begun", "."}
    assert synced[line + 1] == "."
    synced.clear()
    expire_sealed(store, folder, DAY * 31.5)
    assert synced.index("000001/texts.begun") < synced.index("000001") < synced.index(manifest.NAME)
    store.close()
