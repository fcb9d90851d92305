"""Deletion: what is due goes and its bytes with it, what is held stays, and a tombstone says what it was."""

import hashlib
from pathlib import Path

import pytest

from caseback.errors import CasebackError
from caseback.watch.store import read
from caseback.watch.store.holds import Of, holds, lift, place
from caseback.watch.store.opening import open_store
from caseback.watch.store.retention import delete_texts, expire, scrub, tombstones
from caseback.watch.store.store import Store, StoreAwayError
from journals_for_tests import carried, journal_of, pattern_watch, written

DAY = 86400.0
WATCH = pattern_watch("marked")


def filled(tmp_path: Path, store: Store, n: int = 6) -> Store:
    entries = [
        carried(f"x{at}", f"marked reply-{at}-abcdefgh" if at == 5 else f"reply-{at}-abcdefgh", time=DAY * at,
                client=f"c{at % 2}", trace=f"t{at}")
        for at in range(n)
    ]  # fmt: skip
    journal_of(tmp_path / "j", entries)
    written(tmp_path / "j", store, [WATCH], text_days=10)
    return store


def with_text(store: Store) -> set[str]:
    rows = store.query("SELECT id FROM exchanges JOIN texts ON texts.exchange = exchanges.number")
    return {row["id"] for row in rows}


def test_texts_go_when_their_days_are_over_and_scores_stay(tmp_path: Path, store: Store) -> None:
    filled(tmp_path, store)
    messages = store.query("SELECT messages FROM texts WHERE exchange = 1")[0]["messages"]
    done = expire(store, DAY * 12)
    assert (done.texts, done.held) == (3, 0)
    assert with_text(store) == {"x3", "x4", "x5"}
    assert len(store.query("SELECT * FROM verdicts")) == 6
    [stone] = tombstones(store, "x0")
    assert (stone.place, stone.what, stone.time, stone.rule) == (
        "store",
        "text",
        DAY * 12,
        "retention: its days were over",
    )
    assert stone.digest == hashlib.sha256(messages.encode()).hexdigest()
    found = read.one(store, "x0")
    assert found is not None
    assert (found.messages, found.why_gone) == (None, "deleted: retention: its days were over")
    assert expire(store, DAY * 12).texts == 0
    assert len(tombstones(store)) == 3


@pytest.mark.parametrize(("kind", "value", "kept"), [
    ("exchange", "x1", {"x1"}),
    ("client", "c0", {"x0", "x2", "x4"}),
    ("trace", "t3", {"x3"}),
    ("detector", WATCH.digest, {"x5"}),
])  # fmt: skip
def test_a_hold_beats_retention_until_it_is_lifted(
    tmp_path: Path, store: Store, kind: Of, value: str, kept: set[str]
) -> None:
    filled(tmp_path, store)
    hold = place(store, kind, value, who="counsel", why="case 7", time=5.0)
    done = expire(store, DAY * 100)
    assert (done.texts, done.held) == (6 - len(kept), len(kept))
    assert with_text(store) == kept
    assert delete_texts(store, [f"x{at}" for at in range(6)], rule="asked", now=0.0).texts == 0
    found = read.one(store, min(kept))
    assert found is not None
    assert found.held == (hold.id,)
    lift(store, hold.id, who="judge", time=9.0)
    [listed] = holds(store)
    assert (listed.who, listed.why, listed.placed, listed.lifted, listed.lifted_by) == (
        "counsel",
        "case 7",
        5.0,
        9.0,
        "judge",
    )
    assert expire(store, DAY * 100).texts == len(kept)
    assert with_text(store) == set()


def test_a_hold_says_what_by_whom_and_why(store: Store) -> None:
    with pytest.raises(CasebackError, match="choose among exchange, client, trace, detector"):
        place(store, "all", "x", who="a", why="b", time=0.0)  # type: ignore[arg-type]
    for value, who, why in (("", "a", "b"), ("x", " ", "b"), ("x", "a", "")):
        with pytest.raises(CasebackError, match="needs what it is on"):
            place(store, "client", value, who=who, why=why, time=0.0)
    with pytest.raises(CasebackError, match="no hold 'x' is in force"):
        lift(store, "x", who="a", time=0.0)
    assert holds(store) == ()


def test_what_somebody_asks_for_goes(tmp_path: Path, store: Store) -> None:
    filled(tmp_path, store)
    with pytest.raises(CasebackError, match="needs its rule"):
        delete_texts(store, ["x1"], rule=" ", now=7.0)
    assert delete_texts(store, ["x1", "x4", "nobody"], rule="asked by the person", now=7.0).texts == 2
    assert with_text(store) == {"x0", "x2", "x3", "x5"}
    assert [(stone.exchange, stone.rule) for stone in tombstones(store)] == [
        ("x1", "asked by the person"),
        ("x4", "asked by the person"),
    ]


def bytes_of(path: Path) -> bytes:
    return b"".join(each.read_bytes() for each in sorted(path.parent.glob(f"{path.name}*")))


def test_deleted_bytes_are_gone_from_the_files(tmp_path: Path) -> None:
    where = tmp_path / "store.sqlite"
    store = filled(tmp_path, open_store(where), 200)
    assert bytes_of(where).count(b"-abcdefgh") >= 200
    place(store, "exchange", "x150", who="a", why="b", time=0.0)
    assert expire(store, DAY * 1000).gone
    left = bytes_of(where)
    assert left.count(b"-abcdefgh") == left.count(b"reply-150-abcdefgh") == 1
    store.close()


def test_a_reader_that_holds_the_log_is_said_and_later_it_goes(tmp_path: Path) -> None:
    where = tmp_path / "store.sqlite"
    store = filled(tmp_path, open_store(where))
    reader = open_store(where, make=False)
    reader.execute("BEGIN")
    reader.query("SELECT * FROM texts")
    store.execute("PRAGMA busy_timeout = 50")
    assert not expire(store, DAY * 1000).gone
    reader.execute("COMMIT")
    assert scrub(store)
    assert b"-abcdefgh" not in bytes_of(where)
    reader.close()
    store.close()


def test_in_postgresql_the_table_is_written_anew(tmp_path: Path, store: Store) -> None:
    filled(tmp_path, store)
    expire(store, DAY * 1000)
    assert scrub(store)
    assert with_text(store) == set()


def test_a_durable_transaction_that_could_not_begin_leaves_the_store_as_fast_as_it_was(tmp_path: Path) -> None:
    store, other = open_store(tmp_path / "store.sqlite"), open_store(tmp_path / "store.sqlite")
    store.execute("PRAGMA busy_timeout = 10")
    [usual] = store.query("PRAGMA synchronous")
    with other.transaction(), pytest.raises(StoreAwayError, match="locked"), store.transaction(durable=True):
        pass
    assert store.query("PRAGMA synchronous") == [usual]
    with store.transaction(durable=True):
        assert store.query("PRAGMA synchronous") != [usual]
    assert store.query("PRAGMA synchronous") == [usual]
    store.close()
    other.close()
