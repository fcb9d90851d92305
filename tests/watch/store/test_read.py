"""What is read from the store: pages, filters, traces, counts; of SQLite and of PostgreSQL alike."""

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.watch.entry import Begun, Closed
from caseback.watch.store import read
from caseback.watch.store.coverage import counted, coverage, unwatched
from caseback.watch.store.opening import open_store
from caseback.watch.store.rows import Filter
from caseback.watch.store.store import Store
from caseback.watch.watching import Watching
from journals_for_tests import carried, journal_of, pattern_watch, written

BAD, RARE = pattern_watch("bad"), pattern_watch("rare", "record")


def filled(tmp_path: Path, store: Store, watching: tuple[Watching, ...] = (BAD, RARE)) -> Store:
    """Thirty exchanges, one in ten seconds: every third says bad, the eleventh says rare; two clients, ten traces."""
    entries = [
        carried(
            f"x{at:02d}",
            ("bad" if at % 3 == 0 else "good") + (" rare" if at == 11 else ""),
            time=1200.0 + 10 * at,
            client="alice" if at % 2 else "bob",
            trace=f"t{at % 10}",
            agent=f"a{at // 10}",
        )
        for at in range(30)
    ]
    journal_of(tmp_path / "j", entries)
    written(tmp_path / "j", store, watching)
    return store


def test_pages_hold_each_once_latest_first(tmp_path: Path, store: Store) -> None:
    filled(tmp_path, store)
    found: list[str] = []
    page = read.latest(store, most=7)
    while True:
        found += [each.id for each in page.exchanges]
        if page.before is None:
            break
        page = read.latest(store, before=page.before, most=7)
    assert found == [f"x{at:02d}" for at in reversed(range(30))]


def test_filters(tmp_path: Path, store: Store) -> None:
    filled(tmp_path, store)

    def ids(which: Filter) -> list[int]:
        return sorted(int(each.id[1:]) for each in read.latest(store, which, most=100).exchanges)

    assert ids(Filter(client="alice")) == list(range(1, 30, 2))
    assert ids(Filter(trace="t3")) == [3, 13, 23]
    assert ids(Filter(agent="a1", client="bob")) == [10, 12, 14, 16, 18]
    assert ids(Filter(flagged_by="says bad")) == ids(Filter(flagged_by=BAD.digest)) == list(range(0, 30, 3))
    assert ids(Filter(flagged_by="*")) == sorted([*range(0, 30, 3), 11])
    assert ids(Filter(since=1250.0, until=1280.0)) == [5, 6, 7]
    assert ids(Filter(model="another")) == ids(Filter(ended="held")) == []
    assert len(ids(Filter(model="m-1", ended="whole"))) == 30


def test_a_trace_is_one_system_of_agents(tmp_path: Path, store: Store) -> None:
    filled(tmp_path, store)
    assert [(each.id, each.agent) for each in read.of_trace(store, "t4")] == [
        ("x04", "a0"),
        ("x14", "a1"),
        ("x24", "a2"),
    ]
    assert read.of_trace(store, "") == ()


def test_following_by_number_sees_each_once_as_they_arrive(tmp_path: Path, store: Store) -> None:
    filled(tmp_path, store)
    first = read.since(store, 0, most=20)
    journal_of(tmp_path / "j", [carried("late", time=1.0)], gateway="g2")
    written(tmp_path / "j", store)
    rest = read.since(store, first[-1].number)
    assert [each.number for each in (*first, *rest)] == list(range(1, 32))
    assert rest[-1].id == "late"


def test_counts_by_detector_and_minute(tmp_path: Path, store: Store) -> None:
    filled(tmp_path, store)
    whole = counted(store, 0, 1e6)
    assert (whole[BAD.digest].evaluated, whole[BAD.digest].flagged) == (30, 10)
    assert (whole[RARE.digest].evaluated, whole[RARE.digest].flagged) == (30, 1)
    in_minutes = [counted(store, 1200.0 + 60 * at, 1260.0 + 60 * at)[BAD.digest] for at in range(5)]
    assert [(each.evaluated, each.flagged) for each in in_minutes] == [(6, 2)] * 5
    assert coverage(store, 1200, 1500).ended == {"whole": 30}


def test_names_to_choose_from(tmp_path: Path, store: Store) -> None:
    filled(tmp_path, store)
    assert read.clients(store) == ("alice", "bob")
    assert read.models(store) == ("m-1",)
    assert [(each.name, each.behaviour, each.needs, each.policy) for each in read.detectors(store)] == [
        ("says bad", "deception", "text", "flag"),
        ("says rare", "deception", "text", "record"),
    ]
    assert read.one(store, "nothing") is None


@pytest.mark.parametrize("before", ["", "x", "1/2/3", "'; DROP TABLE exchanges"])
def test_a_place_that_is_none(store: Store, before: str) -> None:
    with pytest.raises(CasebackError, match="is no place in the list"):
        read.latest(store, before=before)


def test_many_read_while_one_writes(tmp_path: Path) -> None:
    where = tmp_path / "store.sqlite"
    store = open_store(where)
    stop, wrong = threading.Event(), list[str]()
    rounds: list[int] = []

    def reads() -> None:
        own = open_store(where, make=False)
        n = 0
        while not stop.is_set():
            rows = own.query(
                "SELECT (SELECT COUNT(*) FROM exchanges) AS a, (SELECT COUNT(*) FROM verdicts) AS b,"
                " (SELECT SUM(exchanges) FROM counts WHERE detector = 0) AS c"
            )[0]
            if not rows["a"] == rows["b"] == (rows["c"] or 0):
                wrong.append(str(rows))
            n += 1
        rounds.append(n)
        own.close()

    readers = [threading.Thread(target=reads) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        journal_of(tmp_path / "j", [item for at in range(300) for item in (Begun(f"{at}", 1e3), carried(f"{at}"))])
        written(tmp_path / "j", store, [BAD], batch_bytes=5_000)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
        store.close()
    assert not wrong
    assert all(rounds)


@given(scores=st.lists(st.floats(-1e6, 1e6, width=32), max_size=50))
def test_scores_of_tokens_come_back_as_near_as_their_width(scores: list[float]) -> None:
    width, data = read.packed(scores)
    assert len(data) == width * len(scores)
    assert read.unpacked(data, width) == pytest.approx(scores, rel=1e-3, abs=1e-7)


def test_extreme_scores_of_tokens() -> None:
    width, data = read.packed([1e39, float("inf"), 1.0])
    assert (width, read.unpacked(data, width)[2]) == (4, 1.0)


def gateway(id: str, opened: float, seen: float, *, ended: int = 1, closed: float | None = None, serves: str = "m"):  # type: ignore[no-untyped-def]
    return {"id": id, "serves": serves, "opened": opened, "seen": seen, "closed": closed, "ended": ended}


def test_times_without_a_gateway() -> None:
    gateways = [
        gateway("a", 0, 100),
        gateway("b", 90, 200, closed=200.0),
        gateway("c", 50, 60, serves="other", ended=0),
        gateway("d", 250, 300, ended=0),
    ]
    found = [(gap.begun, gap.ended, gap.gateway) for gap in unwatched(gateways, 310)]
    assert found == [(200, 250, "b"), (60, 310, "c")]
    assert unwatched([gateway("a", 0, 100, ended=0)], 150) == ()  # alive: its next sign of life is still to come
    assert unwatched([], 100) == ()


def test_a_gateway_that_ended_in_order_leaves_nothing_open(tmp_path: Path, store: Store) -> None:
    journal_of(tmp_path / "j", [Begun("a", 1000.0), carried("a"), Closed(1001.0)])
    written(tmp_path / "j", store)
    [row] = store.query("SELECT * FROM gateways")
    assert (row["opened"], row["seen"], row["closed"], row["ended"]) == (999.0, 1001.0, 1001.0, 1)
    assert coverage(store, 0, 1001.0).missed == 0


def test_a_store_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(CasebackError, match="no store there"):
        open_store(tmp_path / "no.sqlite", make=False)
    assert not list(tmp_path.iterdir())
    (tmp_path / "text.sqlite").write_text("hello, I am no database at all" * 100)
    with pytest.raises(CasebackError, match="not a database"):
        open_store(tmp_path / "text.sqlite")
    with pytest.raises(CasebackError, match="no store can be opened"):
        open_store(tmp_path / "text.sqlite" / "deep.sqlite")


def test_a_server_that_is_not_there_is_said_without_its_password() -> None:
    with pytest.raises(CasebackError) as caught:
        open_store("postgresql://me:hunter2@127.0.0.1:1/base")
    assert "127.0.0.1" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_transaction_is_all_or_nothing(store: Store) -> None:
    insert = "INSERT INTO journals (name, position, finished) VALUES (?, 0, 0)"

    def fails(last: str) -> None:
        with store.transaction():
            store.execute(insert, ["a"])
            with store.transaction(durable=True):
                store.execute(insert, ["b"])
            store.execute(last)

    with pytest.raises(CasebackError):
        fails("INSERT INTO nowhere VALUES (1)")
    assert store.query("SELECT * FROM journals") == []
    with store.transaction(durable=True):
        store.execute(insert, ["100% ok"])
    assert store.query("SELECT name FROM journals WHERE name LIKE '100%'") == [{"name": "100% ok"}]
