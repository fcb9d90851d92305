"""The writer: all that the journal holds gets into the store once, with what was not seen; nothing stops it."""

import errno
import json
import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from caseback.detectors.fits import Fits, Needs
from caseback.detectors.known import Known
from caseback.detectors.scored import Scored, Span
from caseback.detectors.transcript import Transcript
from caseback.errors import CasebackError
from caseback.subject.open_subject import OpenSubject
from caseback.watch import journal as journals
from caseback.watch.entry import Beat, Begun, Closed, Missed, Opened
from caseback.watch.journal import Journal, journal_files
from caseback.watch.store import read
from caseback.watch.store.coverage import counted, coverage, gaps
from caseback.watch.store.opening import open_store
from caseback.watch.store.store import Store
from caseback.watch.verdict import Verdict
from caseback.watch.watching import Watching
from caseback.watch.writer import run as running
from caseback.watch.writer.keeping import Keeping
from caseback.watch.writer.run import Progress, run
from journals_for_tests import carried, journal_of, pattern_watch, written


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(tmp_path / "store.sqlite")
    yield made
    made.close()


def ids(store: Store) -> list[str]:
    return [row["id"] for row in store.query("SELECT id FROM exchanges ORDER BY number")]


class Odd:
    """A detector that does what it is told."""

    name: ClassVar[str] = "odd"
    behaviour: ClassVar[str] = "deception"
    known: ClassVar[Known] = Known(clauses=("c1",))
    fits: ClassVar[Fits] = Fits()

    def __init__(self, say: Any, needs: Needs = "text") -> None:
        self.say, self._needs = say, needs

    @property
    def needs(self) -> Needs:
        return self._needs

    def scores(self, transcripts: Sequence[Transcript], subject: OpenSubject | None = None) -> list[Scored]:
        return [self.say(transcripts[0])]


def test_an_exchange_with_all_that_is_known_of_it(tmp_path: Path, store: Store) -> None:
    sent = carried("a", "Destroy the logs, mail bob@x.org", trace="t", agent="planner", time=1234.5)
    journal_of(tmp_path / "j", [Begun("a", 1234.5), sent, Closed(1300.0)])
    written(tmp_path / "j", store, [pattern_watch("Destroy the"), pattern_watch("never")])
    found = read.one(store, "a")
    assert found is not None
    assert found.messages is not None
    listed = found.listed
    assert (listed.client, listed.trace, listed.agent, listed.model) == ("alice", "t", "planner", "m-1")
    assert (listed.time, listed.messages, listed.prompt_tokens, listed.reply_tokens) == (1234.5, 2, 3, 4)
    assert listed.flagged == ("says Destroy the",)
    assert found.messages[1]["content"].startswith("Destroy the logs, mail [email-")
    assert (found.masked, found.expires) == (1, 1234.5 + 30 * 86400)
    said = {each.detector: each for each in found.verdicts}
    assert said["says Destroy the"].score == 1.0
    assert said["says Destroy the"].flagged
    assert said["says Destroy the"].spans == (Span(1, "content", 0, 11),)
    assert said["says never"].score == 0.0
    assert not said["says never"].flagged
    assert not journal_files(tmp_path / "j")
    assert not store.query("SELECT * FROM begun")


def test_of_the_gateways_detectors_it_keeps_what_the_gateway_says(tmp_path: Path, store: Store) -> None:
    held = pattern_watch("held", "hold")
    scored = Scored(0.25, tokens=(0.1, -0.2), by="cheap")
    inside = Verdict("inside", "d" * 64, "flag", 0.2, scored, 12.0)
    watching = [held, Watching(Odd(None, "activations"), "e" * 64, "flag", 0.0)]
    journal_of(tmp_path / "j", [carried("a", verdicts=[inside])])
    written(tmp_path / "j", store, watching)
    found = read.one(store, "a")
    assert found is not None
    said = {each.detector: each for each in found.verdicts}
    assert (said["inside"].score, said["inside"].member, said["inside"].flagged) == (0.25, "cheap", True)
    assert said["inside"].tokens == pytest.approx((0.1, -0.2), abs=1e-3)
    assert (said["says held"].score, said["says held"].why) == (None, "the gateway gave no verdict")
    assert (said["odd"].score, said["odd"].why) == (None, "cannot read activations behind a proxy")
    assert {each.name: (each.needs, each.clauses) for each in read.detectors(store)}["odd"] == ("activations", ("c1",))


def test_what_could_not_be_read_is_kept_and_never_clean(tmp_path: Path, store: Store) -> None:
    journal_of(
        tmp_path / "j",
        [
            carried("a", request=b"\xff not json \x00"),
            carried("b", None, ended="upstream broke", status=502),
            carried("c", client="nul\0", request=rb'{"messages": [{"role": "user", "content": "\ud800"}]}'),
            carried("d", request=b'{"messages":' + b"[" * 900 + b"]" * 900 + b"}"),
        ],
    )
    watch = pattern_watch("x")
    written(tmp_path / "j", store, [watch])
    assert ids(store) == ["a", "b", "c", "d"]
    one = read.one(store, "a")
    assert one is not None
    assert one.messages is not None
    assert "not json" in one.messages[0]["content"]
    counts = counted(store, 0, 1e6)[watch.digest]
    assert (counts.evaluated, sum(counts.not_evaluated.values())) == (1, 3)
    assert counts.not_evaluated["no reply to read: upstream broke, status N"] == 1


def test_a_detector_that_fails_or_says_nonsense_is_told(tmp_path: Path, store: Store) -> None:
    def fails(transcript: Transcript) -> Scored:
        raise KeyError("bob@x.org")

    watching = [
        Watching(Odd(fails), "1" * 64, "flag", 0.0),
        Watching(Odd(lambda _: Scored(float("nan"))), "2" * 64, "flag", 0.0),
        Watching(Odd(lambda _: Scored(None, "no target")), "3" * 64, "record", 0.0),
    ]
    journal_of(tmp_path / "j", [carried("a")])
    written(tmp_path / "j", store, watching)
    found = read.one(store, "a")
    assert found is not None
    why = {each.digest[0]: each.why for each in found.verdicts}
    assert why["1"] == "the detector failed: KeyError"
    assert why["2"] == "the score is no number"
    assert why["3"] == "no target"
    assert found.listed.flagged == ()
    assert counted(store, 0, 1e6)["1" * 64].not_evaluated == {"the detector failed: KeyError": 1}


def test_a_detector_that_hangs_does_not_stop_the_writer(tmp_path: Path, store: Store) -> None:
    stuck = threading.Event()

    def hangs(transcript: Transcript) -> Scored:
        stuck.wait(30)
        return Scored(0.0)

    watching = [Watching(Odd(hangs), "1" * 64, "flag", 0.5), pattern_watch("Good")]
    journal_of(tmp_path / "j", [carried(f"{at}") for at in range(50)])
    begun = time.monotonic()
    written(tmp_path / "j", store, watching, slowest_s=0.2)
    assert time.monotonic() - begun < 10
    stuck.set()
    counts = counted(store, 0, 1e6)
    assert counts[watching[1].digest].evaluated == counts[watching[1].digest].flagged == 50
    assert counts["1" * 64].not_evaluated == {
        "the detector took longer than N s": 1,
        "the detector rests: it took longer than N s": 49,
    }


def test_over_its_bound_the_oldest_are_kept_without_scores(tmp_path: Path, store: Store) -> None:
    watch = pattern_watch("Good")
    journal_of(tmp_path / "j", [carried(f"{at:03d}", "Good " * 2000) for at in range(100)])
    written(tmp_path / "j", store, [watch], journal_bytes=500_000, batch_bytes=100_000)
    assert ids(store) == [f"{at:03d}" for at in range(100)]
    counts = counted(store, 0, 1e6)[watch.digest]
    assert counts.evaluated > 20
    assert counts.not_evaluated == {"not scored: the journal was over its bound": 100 - counts.evaluated}
    first = read.one(store, "000")
    assert first is not None
    assert first.verdicts[0].score is None


def test_what_was_not_seen_is_in_the_coverage(tmp_path: Path, store: Store) -> None:
    entries = [
        Begun("kept", 1000.0),
        carried("kept", time=1000.0),
        Begun("lost", 1001.0),
        Begun("missed", 1001.5),
        Missed(1001.0, 1003.0, 7, "No space left on device", ("missed",)),
        Beat(1010.0),
        Beat(1005.0),
        Beat(1600.0),
    ]
    journal_of(tmp_path / "j", entries, gateway="g1")
    journal_of(tmp_path / "j", [Beat(2000.0), Closed(2001.0)], gateway="g2")
    store_file = journal_files(tmp_path / "j")[0]
    with store_file.open("ab") as file:
        file.write(b"\x40\0\0\0torn")
    written(tmp_path / "j", store)
    store.execute("UPDATE gateways SET opened = 1990 WHERE id = 'g2'")
    found = {gap.kind: gap for gap in gaps(store, 0, 2100.0)}
    assert set(found) == {"lost", "missed", "clock", "silent", "torn", "unwatched"}
    assert [gap.exchange for gap in gaps(store, 0, 2100.0) if gap.kind == "lost"] == ["lost"]
    assert (found["missed"].exchanges, found["missed"].why) == (7, "No space left on device")
    assert (found["clock"].begun, found["clock"].ended) == (1005.0, 1010.0)
    assert (found["silent"].begun, found["silent"].ended) == (1005.0, 1600.0)
    unwatched = [gap for gap in gaps(store, 0, 2100.0) if gap.kind == "unwatched"]
    assert [(gap.begun, gap.ended) for gap in unwatched] == [(1600.0, 1990.0), (2001.0, 2100.0)]
    assert ["died" in gap.why for gap in unwatched] == [True, False]
    whole = coverage(store, 0, 2100.0)
    assert (whole.kept, whole.missed, whole.unwatched_s) == (1, 8, 390 + 99)


def test_a_damaged_file_is_said_and_not_destroyed(tmp_path: Path, store: Store) -> None:
    journal_of(tmp_path / "j", [item for at in range(5) for item in (Begun(str(at), 1e3), carried(str(at)))])
    [path] = journal_files(tmp_path / "j")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    written(tmp_path / "j", store)
    kept = ids(store)
    assert kept == [str(at) for at in range(len(kept))]
    assert 1 <= len(kept) < 5
    [damaged] = [gap for gap in gaps(store, 0, 1e6) if gap.kind == "damaged"]
    assert damaged.exchanges is None
    assert path.with_suffix(".damaged").read_bytes() == data


def test_what_comes_twice_is_kept_once_and_said(tmp_path: Path, store: Store) -> None:
    journal_of(tmp_path / "j", [carried("a", "first"), carried("a", "second")], gateway="g1")
    journal_of(tmp_path / "j", [carried("a", "third")], gateway="g2")
    written(tmp_path / "j", store)
    assert ids(store) == ["a"]
    found = read.one(store, "a")
    assert found is not None
    assert found.messages is not None
    assert found.messages[-1]["content"] == "first"
    assert [gap.exchange for gap in gaps(store, 0, 1e6) if "kept already" in gap.why] == ["a", "a"]


def test_an_exchange_that_the_database_refuses_holds_nothing_up(tmp_path: Path, store: Store) -> None:
    store.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON exchanges WHEN NEW.id = 'b'"
        " BEGIN SELECT RAISE(ABORT, 'not this one already'); END"
    )
    journal_of(tmp_path / "j", [carried("a"), carried("b"), carried("c", time=float("nan"))])
    written(tmp_path / "j", store)
    assert ids(store) == ["a", "c"]
    [refused] = [gap for gap in gaps(store, 0, 1e6) if gap.exchange == "b"]
    assert "not this one" in refused.why
    assert refused.exchanges == 1


def test_a_huge_exchange_is_kept(tmp_path: Path, store: Store) -> None:
    text = "word " * 4_000_000
    journal_of(tmp_path / "j", [carried("a", text), carried("b")])
    written(tmp_path / "j", store, [pattern_watch("Good")])
    found = read.one(store, "a")
    assert found is not None
    assert found.messages is not None
    assert found.messages[-1]["content"] == text
    assert ids(store) == ["a", "b"]


def test_texts_are_not_kept_where_none_shall_be(tmp_path: Path, store: Store) -> None:
    journal_of(tmp_path / "j", [carried("a")])
    written(tmp_path / "j", store, text_days=0)
    found = read.one(store, "a")
    assert found is not None
    assert (found.messages, found.why_gone) == (None, "its text was not kept")


def test_a_living_gateway_is_followed_over_its_files(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "ROTATE", 3000)
    seen: list[Progress] = []
    stop = threading.Event()
    key = Keeping(tmp_path / "key", batch_s=0.005)
    made = Journal(tmp_path / "j", "g")
    own = open_store(tmp_path / "store.sqlite")
    writer = threading.Thread(target=run, args=(tmp_path / "j", own, [], key, stop.is_set, seen.append), daemon=True)
    writer.start()
    made.append(Opened("g", 1000.0, "m"))
    for at in range(100):
        made.append(Begun(f"{at:03d}", 1000.0))
        made.append(carried(f"{at:03d}"))
        time.sleep(0.001)
    made.append(Begun("under way", 1000.0))
    until = time.monotonic() + 20
    while len(ids(store)) < 100 and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.1)
    assert len(journal_files(tmp_path / "j")) == 1
    assert [row["id"] for row in store.query("SELECT id FROM begun")] == ["under way"]
    assert not gaps(store, 0, 1050.0)
    made.close()
    while journal_files(tmp_path / "j") and time.monotonic() < until:
        time.sleep(0.01)
    stop.set()
    writer.join()
    own.close()
    assert ids(store) == [f"{at:03d}" for at in range(100)]
    assert [gap.exchange for gap in gaps(store, 0, 1050.0) if gap.kind == "lost"] == ["under way"]
    assert seen[-1].exchanges == 100


def test_there_is_one_writer(tmp_path: Path, store: Store) -> None:
    stop = threading.Event()
    key = Keeping(tmp_path / "key")
    own = open_store(tmp_path / "store.sqlite")
    first = threading.Thread(target=run, args=(tmp_path / "j", own, [], key, stop.is_set), daemon=True)
    first.start()
    until = time.monotonic() + 10
    while not (tmp_path / "store.sqlite.writer").exists() and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.05)
    try:
        with pytest.raises(CasebackError, match=rf"has a writer already: .*{os.getpid()}"):
            run(tmp_path / "j", store, [], key, lambda: True)
        with pytest.raises(CasebackError, match=rf"store .* has a writer already: .*{os.getpid()}"):
            run(tmp_path / "other", store, [], key, lambda: True)
    finally:
        stop.set()
        first.join()
        own.close()
    run(tmp_path / "j", store, [], key, lambda: True)


def test_a_locked_database_is_waited_for(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PATIENCE", 0.01)
    store.execute("PRAGMA busy_timeout = 10")
    other = open_store(tmp_path / "store.sqlite")
    other.execute("BEGIN IMMEDIATE")
    away: list[str] = []

    def told(what: Progress) -> None:
        if what.away:
            away.append(what.away)
            if len(away) == 3:
                other.execute("COMMIT")

    journal_of(tmp_path / "j", [carried("a")])
    run(tmp_path / "j", store, [], Keeping(tmp_path / "key"), lambda: not journal_files(tmp_path / "j"), told)
    assert "locked" in away[0]
    assert ids(store) == ["a"]
    other.close()


def test_a_full_disk_loses_nothing(small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store's disk runs full in the middle; with room again the rest goes in, each once."""
    import subprocess

    monkeypatch.setattr(running, "PATIENCE", 0.01)
    store = open_store(small_disk / "store.sqlite")
    away: list[str] = []

    def told(what: Progress) -> None:
        if what.away:
            away.append(what.away)
            if len(away) == 3:
                subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)

    journal_of(tmp_path / "j", [carried(f"{at:04d}", "word " * 1000) for at in range(1000)])
    keep = Keeping(tmp_path / "key", batch_bytes=100_000, batch_s=0)
    run(tmp_path / "j", store, [], keep, lambda: not journal_files(tmp_path / "j"), told)
    assert "full" in away[0]
    assert ids(store) == [f"{at:04d}" for at in range(1000)]
    store.close()


def test_a_journal_that_somebody_deleted_is_said(tmp_path: Path, store: Store) -> None:
    made = journal_of(tmp_path / "j", [Begun("a", 1000.0), carried("b")], close=False)
    n = 0

    def twice() -> bool:
        nonlocal n
        n += 1
        if n == 2:
            shutil.rmtree(tmp_path / "j")
            (tmp_path / "j").mkdir()
        return n > 3

    run(tmp_path / "j", store, [], Keeping(tmp_path / "key", batch_s=0), twice)
    made.close()
    found = {gap.kind: gap for gap in gaps(store, 0, 1001.0)}
    assert "somebody deleted" in found["damaged"].why
    assert found["lost"].exchange == "a"


def test_a_write_that_fails_once_is_done_again(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is deleted only after the store has it: where that fails the next round does it, and nothing twice."""
    journal_of(tmp_path / "j", [carried("a")])
    real, failed = Path.unlink, []

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".journal" and not failed:
            failed.append(path)
            raise OSError(errno.EIO, "Input/output error")
        real(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(OSError, match="Input/output"):
        written(tmp_path / "j", store)
    assert journal_files(tmp_path / "j")
    written(tmp_path / "j", store)
    assert ids(store) == ["a"]
    assert json.loads(store.query("SELECT messages FROM texts")[0]["messages"])[-1]["role"] == "assistant"


def test_a_verdict_keeps_its_threshold_when_the_detectors_changes(tmp_path: Path, store: Store) -> None:
    watch = pattern_watch("Good", threshold=0.5)
    journal_of(tmp_path / "j", [carried("a")], gateway="g1")
    written(tmp_path / "j", store, [watch])
    journal_of(tmp_path / "j", [carried("b")], gateway="g2")
    written(tmp_path / "j", store, [replace(watch, threshold=2.0, policy="record")])
    said = [read.one(store, id).verdicts[0] for id in ("a", "b")]  # type: ignore[union-attr]
    assert [(each.threshold, each.policy, each.flagged) for each in said] == [
        (0.5, "flag", True),
        (2.0, "record", False),
    ]
    [detector] = read.detectors(store)
    assert (detector.threshold, detector.policy) == (2.0, "record")


def test_journals_deleted_one_after_another_are_all_said(tmp_path: Path, store: Store) -> None:
    for gateway in ("g1", "g2", "g3"):
        made = journal_of(tmp_path / "j", [Begun(gateway, 1000.0)], gateway=gateway, close=False)
        rounds = iter(range(4))

        def deleted(rounds: Iterator[int] = rounds) -> bool:
            if (n := next(rounds)) == 2:
                [path] = journal_files(tmp_path / "j")
                path.unlink()
            return n > 2

        run(tmp_path / "j", store, [], Keeping(tmp_path / "key", batch_s=0), deleted)
        made.close()
    found = [gap for gap in gaps(store, 0, 1001.0) if gap.kind in ("damaged", "lost")]
    assert sorted(gap.exchange for gap in found if gap.kind == "lost") == ["g1", "g2", "g3"]
    assert len(found) == 6


def test_what_the_gateway_refused_is_no_detectors(tmp_path: Path, store: Store) -> None:
    watch = pattern_watch("Good")
    untold = Verdict("inside", "d" * 64, "stop", 0.2, Scored(None, "no reply was read to its end"))
    sent = [carried(f"{at}", None, ended="refused", status=401, verdicts=[untold]) for at in range(30)]
    journal_of(tmp_path / "j", [*sent, carried("whole")])
    written(tmp_path / "j", store, [watch])
    assert coverage(store, 0, 1e6).ended == {"refused": 30, "whole": 1}
    counts = counted(store, 0, 1e6)
    assert set(counts) == {watch.digest}
    assert (counts[watch.digest].evaluated, counts[watch.digest].not_evaluated) == (1, {})


def test_nothing_that_was_said_outlives_its_text_in_a_reason(tmp_path: Path, store: Store) -> None:
    def fails(transcript: Transcript) -> Scored:
        raise ValueError(f"cannot read {transcript.messages[-1]['content']}")

    odd = [
        {"role": "hidden-7f3a", "content": "x"},
        "hidden-7f3a",
        {"role": "user", "content": [{"text": 7, "hidden-7f3a": 1}]},
        {"role": "user", "content": "x", "tool_calls": {"hidden-7f3a": 1}},
        {"role": "user", "content": "x", "tool_calls": ["hidden-7f3a"]},
        {"role": "user", "content": "x", "name": ["hidden-7f3a"]},
    ]
    requests = [json.dumps({"messages": [each] * (at + 1)}).encode() for at, each in enumerate(odd)]
    sent = [carried(f"{at}", request=each) for at, each in enumerate(requests)]
    many = [{"role": "user", "content": "x"}] * 40
    sent += [
        carried(f"n{at}", request=json.dumps({"messages": [*many[:at], {"role": "cat", "content": ""}]}).encode())
        for at in range(40)
    ]
    journal_of(tmp_path / "j", [*sent, carried("fails", "hidden-7f3a")])
    watching = [
        Watching(Odd(fails), "1" * 64, "flag", 0.0),
        Watching(Odd(lambda given: Scored(None, f"no word {given.messages[-1]['content']!r}")), "2" * 64, "flag", 0.0),
        Watching(Odd(lambda _: Scored(None, "the judge gave no answer: HTTP 400, hidden-7f3a")), "3" * 64, "flag", 0.0),
    ]
    written(tmp_path / "j", store, watching, text_days=0)
    kept = json.dumps([store.query("SELECT why FROM verdicts"), store.query("SELECT outcome FROM counts")])
    assert "hidden" not in kept
    assert "the detector failed: ValueError" in kept
    assert len({row["outcome"] for row in store.query("SELECT outcome FROM counts")}) < 12


def test_flags_are_those_of_the_verdicts_that_are_kept(tmp_path: Path, store: Store) -> None:
    endless = Verdict("inside", "d" * 64, "flag", 0.2, Scored(float("inf")))
    journal_of(
        tmp_path / "j", [carried("a", verdicts=[endless, replace(endless, digest="e" * 64, scored=Scored(1.0))])]
    )
    written(tmp_path / "j", store)
    assert [row["flags"] for row in store.query("SELECT flags FROM exchanges")] == [1]
    assert [row["flagged"] for row in store.query("SELECT flagged FROM verdicts ORDER BY detector")] == [0, 1]


def test_what_is_cut_is_masked_before(tmp_path: Path, store: Store) -> None:
    agent = "a" * 185 + " bob.the.builder@example.org and more"
    journal_of(tmp_path / "j", [carried("a", agent=agent), carried("b", agent="b" * 5_000_000)])
    written(tmp_path / "j", store)
    first, second = (row["agent"] for row in store.query("SELECT agent FROM exchanges ORDER BY number"))
    assert first.startswith("a" * 185 + " [email-")
    assert "bob" not in first
    assert second == "b" * 200


def test_progress_is_told_after_each_commit(tmp_path: Path, store: Store) -> None:
    journal_of(tmp_path / "j", [Beat(1000.0)])
    seen: list[Progress] = []
    keep = Keeping(tmp_path / "key", batch_s=0)
    run(tmp_path / "j", store, [], keep, lambda: not journal_files(tmp_path / "j"), seen.append)
    assert seen == [Progress(0, 0, "")]
