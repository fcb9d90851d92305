"""How far the writer is behind, told from the journal and the store."""

from pathlib import Path

import pytest

from caseback.watch.alerts.lag import lag
from caseback.watch.entry import Begun, Closed, Opened
from caseback.watch.journal import Journal, journal_files, read_journal
from caseback.watch.store.store import Store
from journals_for_tests import carried


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_lag_is_the_age_of_the_oldest_that_is_not_in_the_store(store: Store, tmp_path: Path) -> None:
    assert lag(store, tmp_path / "none", 1e4) == 0.0
    journal = Journal(tmp_path / "j", "g")
    for entry in (
        Opened("g", 1000.0, "http://x"),
        carried("a", time=2000.0),
        carried("b", time=3000.0),
        Closed(4000.0),
    ):
        journal.append(entry)
    journal.close()
    assert lag(store, tmp_path / "j", 1e4) == 9000.0
    [file] = journal_files(tmp_path / "j")
    whole = read_journal(file)
    store.execute("INSERT INTO journals (name, position, finished) VALUES (?, 0, 0)", [file.name])
    sizes = [len(file.read_bytes())]
    # Behind the first entry the exchange of 2000 s is the oldest; behind all of them nothing is.
    first = next(at for at in range(1, sizes[0]) if len(read_journal(file, at).entries) == len(whole.entries) - 1)
    store.execute("UPDATE journals SET position = ?", [first])
    assert lag(store, tmp_path / "j", 1e4) == pytest.approx(8000.0, abs=0.01)
    store.execute("UPDATE journals SET position = ?", [whole.end])
    assert lag(store, tmp_path / "j", 1e4) == 0.0
    assert lag(store, tmp_path / "j", 0.0) == 0.0  # a clock that was set back


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_the_oldest_need_not_come_first(store: Store, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "g")
    for entry in (carried("b", time=3000.0), carried("a", time=2000.0)):
        journal.append(entry)
    journal.close()
    assert lag(store, tmp_path / "j", 1e4) == pytest.approx(8000.0, abs=0.01)
    other = Journal(tmp_path / "k", "g")
    other.append(Begun("c", 1500.0))
    other.close()
    assert lag(store, tmp_path / "k", 1e4) == 8500.0
