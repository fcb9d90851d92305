"""The journal: what an append gave back stands there, however the file is cut or damaged."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.errors import CasebackError
from caseback.watch import journal
from caseback.watch.entry import Beat, Begun, Closed, Entry, Missed, Opened
from caseback.watch.journal import Journal, gateway_of, is_written, journal_files, read_journal
from journals_for_tests import carried

ENTRIES: tuple[Entry, ...] = (
    Opened("g", 1.0, "http://m"),
    Begun("a", 2.0),
    carried("a"),
    Missed(1.0, 2.0, 3, "full"),
    Beat(3.0),
    Closed(4.0),
)


def file_of(folder: Path, entries: tuple[Entry, ...] = ENTRIES) -> Path:
    made = Journal(folder, "g")
    for entry in entries:
        made.append(entry)
    made.close()
    return journal_files(folder)[0]


def test_what_is_appended_is_read(tmp_path: Path) -> None:
    read = read_journal(file_of(tmp_path))
    assert read.entries == ENTRIES
    assert (read.more, read.torn, read.damaged) == (False, 0, "")
    assert read.end == journal_files(tmp_path)[0].stat().st_size


def test_read_in_small_pieces_it_is_the_same(tmp_path: Path) -> None:
    path, found, at = file_of(tmp_path), [], 0
    for _ in range(100):
        read = read_journal(path, at, most=1)
        found += read.entries
        at = read.end
        if not read.more:
            break
    assert tuple(found) == ENTRIES


def test_cut_anywhere_all_entries_before_the_cut_are_read(tmp_path: Path) -> None:
    path = file_of(tmp_path)
    whole = path.read_bytes()
    ends = [read_journal(path, most=1).end]
    while ends[-1] < len(whole):
        ends.append(read_journal(path, ends[-1], most=1).end)
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        read = read_journal(path)
        n = sum(end <= cut for end in ends)
        assert read.entries == ENTRIES[:n]
        assert read.torn == cut - (ends[n - 1] if n else 0)
        assert not read.damaged


@given(at=st.integers(0, 10_000), value=st.integers(1, 255))
def test_a_changed_byte_never_becomes_an_entry(tmp_path_factory: pytest.TempPathFactory, at: int, value: int) -> None:
    path = file_of(tmp_path_factory.mktemp("journal"))
    whole = bytearray(path.read_bytes())
    at %= len(whole)
    whole[at] ^= value
    path.write_bytes(whole)
    read = read_journal(path)
    assert read.entries == ENTRIES[: len(read.entries)]
    assert len(read.entries) < len(ENTRIES)
    assert read.damaged or read.torn


@given(data=st.binary(max_size=2000))
def test_any_bytes_can_be_read(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("journal") / "g-000000.journal"
    path.write_bytes(data)
    read = read_journal(path)
    assert read.end + read.torn == len(data)


def test_a_kind_of_entry_from_a_later_version_is_said(tmp_path: Path) -> None:
    import zlib

    path = file_of(tmp_path)
    body = b"\x63\x93\x01\x02\x03"
    with path.open("ab") as file:
        file.write(journal.HEAD.pack(len(body), zlib.crc32(body)) + body)
    read = read_journal(path)
    assert read.entries == ENTRIES
    assert "does not know" in read.damaged


def test_a_file_is_followed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "ROTATE", 2000)
    made = Journal(tmp_path, "g")
    sent = [carried(str(at)) for at in range(20)]
    for each in sent:
        made.append(each)
    paths = journal_files(tmp_path)
    assert len(paths) > 3
    assert [entry for path in paths for entry in read_journal(path).entries] == sent
    assert [is_written(path) for path in paths] == [False] * (len(paths) - 1) + [True]
    assert [gateway_of(path) for path in paths] == [("g", at) for at in range(len(paths))]
    made.close()


def test_a_file_is_locked_from_the_moment_it_is_seen(tmp_path: Path) -> None:
    """A reader that saw it unlocked would delete it under the gateway's hands."""
    program = f"""
import sys
from pathlib import Path
from caseback.watch import journal
from caseback.watch.entry import Beat
journal.ROTATE = 64
made = journal.Journal(Path({str(tmp_path)!r}), "g")
print("ready", flush=True)
while True:
    made.append(Beat(1.0))
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            last = journal_files(tmp_path)[-1]
            assert is_written(last) or journal_files(tmp_path)[-1] != last
        process.send_signal(signal.SIGKILL)
    assert not is_written(journal_files(tmp_path)[-1])


def test_two_gateways_of_one_name_do_not_write_over_each_other(tmp_path: Path) -> None:
    first = Journal(tmp_path, "g")
    first.append(Beat(1.0))
    with pytest.raises(CasebackError, match="no journal can be written"):
        Journal(tmp_path, "g")
    assert read_journal(journal_files(tmp_path)[0]).entries == (Beat(1.0),)
    first.close()


def test_on_a_full_disk_the_file_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Journal(tmp_path, "g")
    made.append(Beat(1.0))
    real = os.write

    def some(file: int, data: bytes) -> int:
        if len(data) > 10:
            return real(file, data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", some)
        with pytest.raises(OSError, match="No space"):
            made.append(carried("a"))
    made.append(Beat(2.0))
    made.close()
    assert read_journal(journal_files(tmp_path)[0]).entries == (Beat(1.0), Beat(2.0))


def test_on_a_disk_that_is_really_full(small_disk: Path) -> None:
    made = Journal(small_disk / "journal", "g")
    sent, said = 0, ""
    while not said:
        try:
            made.append(carried(f"{sent}", "x" * 10_000))
            sent += 1
        except OSError as error:
            said = str(error)
    assert "No space" in said
    made.close()
    read = read_journal(journal_files(small_disk / "journal")[0])
    assert len(read.entries) == sent > 50
    assert read.torn == 0


def test_what_is_larger_than_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LARGEST", 5000)
    made = Journal(tmp_path, "g")
    with pytest.raises(OSError, match="more than is read"):
        made.append(carried("a", "x" * 5000))
    made.append(Beat(1.0))
    made.close()
    assert read_journal(journal_files(tmp_path)[0]).entries == (Beat(1.0),)
