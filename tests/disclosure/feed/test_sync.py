"""A subscriber takes all of a head that verifies, or nothing; whoever hosts the feed can only withhold."""

import hashlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from caseback.disclosure.bundle.bundle import signed
from caseback.disclosure.bundle.envelope import sealed, statement
from caseback.disclosure.bundle.key_statements import ROTATION, rotation
from caseback.disclosure.bundle.keys import made_key, public_data
from caseback.disclosure.feed import source
from caseback.disclosure.feed import sync as syncing
from caseback.disclosure.feed.head import Head, read_head, signed_head
from caseback.disclosure.feed.keyring import Keyring, keyring_text
from caseback.disclosure.feed.published import (
    HEAD,
    KEYS,
    newest_files,
    publish,
    read_published,
    refresh,
    revoke,
    rotate,
)
from caseback.disclosure.feed.store import opened_store
from caseback.disclosure.feed.sync import sync
from caseback.dossier.record import canonical
from caseback.errors import CasebackError
from disclosure.bundle.making import KEY, LATER, OTHER, START, advisory, bare
from disclosure.feed.feeds import Quiet, feed_of, following, ids, put, served, state

NOW = START + timedelta(minutes=5)


def test_what_is_published_arrives_and_only_once(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", 1, 2)
    sub = following(tmp_path / "sub", feed)
    assert [each.id for each in sync(sub, NOW).new] == ["LAB-2026-0001", "LAB-2026-0002"]
    assert sync(sub, NOW).new == ()
    put(feed, 3)
    assert [each.id for each in sync(sub, NOW).new] == ["LAB-2026-0003"]
    put(feed, 1, revision=2, summary="Known better now")
    sync(sub, NOW)
    assert ids(sub) == ["LAB-2026-0002", "LAB-2026-0003", "LAB-2026-0001"]


def test_it_arrives_over_http_as_well(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", *range(1, 30))
    with served(feed) as address:
        sub = following(tmp_path / "sub", address)
        assert len(sync(sub, NOW).new) == 29
        put(feed, 40)
        assert len(sync(sub, NOW).new) == 1


def refused(sub: Any, why: str, at: Any = NOW) -> None:
    """Refused with this reason, and nothing has changed."""
    before = state(sub)
    with pytest.raises(CasebackError, match=why) as told:
        sync(sub, at)
    assert "\n" not in str(told.value)
    assert state(sub) == before


def synced(tmp_path: Path, *numbers: int) -> tuple[Path, Any]:
    feed = feed_of(tmp_path / "feed", *numbers)
    sub = following(tmp_path / "sub", feed)
    sync(sub, NOW)
    return feed, sub


def test_rollback_is_refused(tmp_path: Path) -> None:
    feed, sub = synced(tmp_path, 1, 2)
    shutil.copytree(feed, tmp_path / "old")
    put(feed, 3)
    sync(sub, NOW)
    shutil.rmtree(feed)
    (tmp_path / "old").rename(feed)
    refused(sub, "rollback")


def test_an_older_head_of_the_same_log_is_refused_as_replay(tmp_path: Path) -> None:
    feed, sub = synced(tmp_path, 1)
    old = (feed / HEAD).read_bytes()
    refresh(feed, KEY, START + timedelta(minutes=2))
    sync(sub, NOW)
    (feed / HEAD).write_bytes(old)
    refused(sub, "replay")


def test_an_expired_head_is_refused_and_a_new_one_taken(tmp_path: Path) -> None:
    feed, sub = synced(tmp_path, 1)
    late = START + timedelta(days=31)
    refused(sub, "expired", late)
    refresh(feed, KEY, late)
    assert sync(sub, late).head.time == late


def test_clocks_that_disagree_are_told_as_such(tmp_path: Path) -> None:
    _, sub = synced(tmp_path, 1)
    refused(sub, "clock", START - timedelta(minutes=16))
    sync(sub, START - timedelta(minutes=14))  # a few minutes are no quarrel


def test_an_expired_key_is_refused(tmp_path: Path) -> None:
    feed, sub = synced(tmp_path, 1)
    head = read_head((feed / HEAD).read_bytes())
    end = KEY.public.expires + timedelta(days=1)
    forged = Head(head.feed, head.size, head.root, end, end + timedelta(days=9), head.keys, head.signer)
    (feed / HEAD).write_bytes(signed_head(forged, KEY))
    refused(sub, "key .* expired", end)
    with pytest.raises(CasebackError, match="expired"):
        publish(feed, [bare(id="LAB-2026-0009")], KEY, end)


def test_a_log_rewritten_under_a_valid_signature_is_a_split_view(tmp_path: Path) -> None:
    feed, sub = synced(tmp_path, 1)
    other = feed_of(tmp_path / "other", 7)
    about = json.loads((feed / "about.json").read_bytes())
    head = read_head((other / HEAD).read_bytes())
    forged = Head(about["feed"], head.size, head.root, head.time, head.expires, head.keys, head.signer)
    for name in ("log", "advisories"):
        shutil.rmtree(feed / name)
        shutil.copytree(other / name, feed / name)
    (feed / HEAD).write_bytes(signed_head(forged, KEY))
    refused(sub, "split view|altered")


def test_mirrors_that_show_two_logs_are_a_split_view(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", 1)
    mirror = tmp_path / "mirror"
    shutil.copytree(feed, mirror)
    sub = following(tmp_path / "sub", feed, mirror)
    put(feed, 2)
    sync(sub, NOW)  # a mirror that lags is none
    put(mirror, 3)
    refused(sub, "split view")
    put(feed, 4)
    refused(sub, "split view")


def test_a_mirror_takes_over_where_the_feed_is_gone(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", 1)
    mirror = tmp_path / "mirror"
    shutil.copytree(feed, mirror)
    sub = following(tmp_path / "sub", feed, mirror)
    shutil.rmtree(feed)
    found = sync(sub, NOW)
    assert ids(sub) == ["LAB-2026-0001"]
    assert found.unreachable[0][0] == str(feed)


def test_another_feed_of_the_same_key_does_not_do(tmp_path: Path) -> None:
    feed, sub = synced(tmp_path, 1)
    other = feed_of(tmp_path / "other", 1, 2)
    shutil.rmtree(feed)
    other.rename(feed)
    refused(sub, "another feed")


def test_a_feed_taken_over_by_a_stranger_is_refused(tmp_path: Path) -> None:
    feed, sub = synced(tmp_path, 1)
    head = read_head((feed / HEAD).read_bytes())
    (feed / HEAD).write_bytes(signed_head(head, OTHER))
    refused(sub, "not pinned")


def test_a_key_that_was_told_beforehand_is_held_to(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", 1)
    with pytest.raises(CasebackError, match="none of those you gave"):
        following(tmp_path / "no", feed, keys=[OTHER.public])
    assert not following(tmp_path / "yes", feed, keys=[KEY.public]).first_use
    assert following(tmp_path / "first", feed).first_use


def test_a_handover_is_followed_and_the_old_key_can_no_longer_sign(tmp_path: Path) -> None:
    feed, sub = synced(tmp_path, 1)
    rotate(feed, KEY, OTHER, START)
    publish(feed, [signed({"advisory.json": canonical(advisory(id="LAB-2026-0002"))}, OTHER, START)], OTHER, START)
    sync(sub, NOW)
    assert ids(sub) == ["LAB-2026-0001", "LAB-2026-0002"]
    with pytest.raises(CasebackError, match="followed by"):
        publish(feed, [bare(id="LAB-2026-0003")], KEY, START)


def test_what_a_revoked_key_signed_falls_out_and_what_stood_before_stays(tmp_path: Path) -> None:
    feed, sub = synced(tmp_path, 1, 2, 3)
    rotate(feed, KEY, OTHER, START)
    revoke(feed, KEY.public.id, OTHER, "laptop stolen", 2, START)
    sync(sub, NOW)
    assert ids(sub) == ["LAB-2026-0001", "LAB-2026-0002"]
    revoke(feed, KEY.public.id, OTHER, "all of it", 0, START)
    sync(sub, NOW)
    assert ids(sub) == []
    assert len(read_published(feed).entries) == 6


def test_a_bundle_altered_where_it_lies_stops_the_sync_and_a_mirror_mends_it(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", 1, 2)
    mirror = tmp_path / "mirror"
    shutil.copytree(feed, mirror)
    path = feed / "advisories" / "LAB-2026-0002" / "1.tar"
    data = bytearray(path.read_bytes())
    data[700] ^= 1
    path.write_bytes(bytes(data))
    sub = following(tmp_path / "sub", feed)
    refused(sub, "altered where it lies")
    both = following(tmp_path / "both", feed, mirror)
    sync(both, NOW)
    assert ids(both) == ["LAB-2026-0001", "LAB-2026-0002"]


def test_each_byte_of_head_keys_and_log_matters(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", 1)
    missed = []
    for name in (HEAD, KEYS, "log/000000.jsonl"):
        data = (feed / name).read_bytes()
        for at in (*range(0, len(data), 3), len(data) - 1):
            changed = bytearray(data)
            changed[at] ^= 1 << (at % 8)
            (feed / name).write_bytes(bytes(changed))
            try:
                sync(following(tmp_path / f"{name[:4]}{at}", feed, keys=[KEY.public]), NOW)
                missed.append((name, at))
            except CasebackError:
                continue
        (feed / name).write_bytes(data)
    assert missed == []


def test_a_bundle_that_is_signed_and_wrong_is_refused_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from caseback.disclosure.bundle import bundle as module
    from caseback.disclosure.feed import published as publisher

    feed = feed_of(tmp_path / "feed", 1)
    with monkeypatch.context() as hostile:  # a publisher whose own checks are off
        hostile.setattr(module, "check_advisory", lambda _: None)
        bad = signed({"advisory.json": canonical({**advisory(id="LAB-2026-0002"), "kind": "rumour"})}, KEY, START)
        hostile.setattr(publisher, "atom", lambda *_: b"")
        publish(feed, [bad, bare(id="LAB-2026-0003")], KEY, START)
    sub = following(tmp_path / "sub", feed)
    found = sync(sub, NOW)
    assert ids(sub) == ["LAB-2026-0001", "LAB-2026-0003"]
    [(id, _, why)] = found.refused
    assert id == "LAB-2026-0002"
    assert "rumour" in why
    with opened_store(sub.folder) as store:
        assert store.execute("SELECT count(*) FROM refused").fetchone() == (1,)


def test_a_bundle_whose_tensors_have_no_type_is_refused_by_itself(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", 1)
    head = json.dumps({"a": {"dtype": ["F32"], "shape": [2], "data_offsets": [0, 8]}}).encode()
    listed = {"name": "a", "needs": "activations", "tensors": "tensors/a.safetensors", "file": "detectors/a.json"}
    record = canonical({"detector": {}, "dictionaries": {}})
    files = {"advisory.json": canonical(advisory(id="LAB-2026-0002", detectors=[listed])), "detectors/a.json": record}
    files["tensors/a.safetensors"] = len(head).to_bytes(8, "little") + head + bytes(8)
    publish(feed, [signed(files, KEY, START), bare(id="LAB-2026-0003")], KEY, START)
    sub = following(tmp_path / "sub", feed)
    [(id, _, why)] = sync(sub, NOW).refused
    assert id == "LAB-2026-0002"
    assert "must have a type" in why
    assert ids(sub) == ["LAB-2026-0001", "LAB-2026-0003"]


def test_a_statement_that_names_no_key_does_not_end_a_sync(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", 1)
    mirror = tmp_path / "mirror"
    shutil.copytree(feed, mirror)
    sub = following(tmp_path / "sub", feed, mirror)
    said = {"old": ["x"], "new": public_data(OTHER.public), "from": 0, "at": "2026-11-01T09:00:00Z"}
    wrong = sealed(statement(ROTATION, {"key": "0" * 64}, said), [OTHER])
    (feed / KEYS).write_bytes(keyring_text(Keyring(KEY.public, [wrong])))
    found = sync(sub, NOW)
    assert [address for address, _ in found.unreachable] == [str(feed)]
    assert ids(sub) == ["LAB-2026-0001"]


def test_a_feed_that_vanishes_half_way_leaves_nothing_half_and_loses_nothing(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", *range(1, 21))

    class Vanishing(Quiet):
        left = 12

        def do_GET(self) -> None:  # noqa: N802
            if ".tar" in self.path:
                type(self).left -= 1
            if self.left < 0:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            super().do_GET()

    with served(feed, Vanishing) as address:
        sub = following(tmp_path / "sub", address)
        refused(sub, "cannot be read")
        with opened_store(sub.folder) as store:
            (kept,) = store.execute("SELECT count(*) FROM fetched").fetchone()
        assert kept == 12
        asked: list[str] = []

        class Back(Quiet):
            def do_GET(self) -> None:  # noqa: N802
                asked.append(self.path)
                super().do_GET()

        with served(feed, Back) as again:
            data = json.loads((sub.folder / "subscription.json").read_bytes())
            (sub.folder / "subscription.json").write_bytes(canonical({**data, "addresses": [again]}))
            from caseback.disclosure.feed.subscription import read_subscription

            sync(read_subscription(sub.folder), NOW)
    assert len(ids(sub)) == 20
    assert sum(".tar" in each for each in asked) == 8


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, small_disk: Path) -> None:
    feed = feed_of(tmp_path / "feed", 1)
    sub = following(small_disk / "sub", feed)
    sync(sub, NOW)
    big = {"evidence/a.bin": os.urandom(1_500_000)}
    for number in (2, 3):
        files = signed({"advisory.json": canonical(advisory(id=f"LAB-2026-{number:04}")), **big}, KEY, START)
        publish(feed, [files], KEY, START)
    refused(sub, "full")
    subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
    sync(sub, NOW)
    assert len(ids(sub)) == 3


def test_a_killed_sync_goes_on(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", *range(1, 40))
    sub = following(tmp_path / "sub", feed)
    code = (
        "import sys, os, signal; from pathlib import Path; from datetime import datetime, UTC\n"
        "from caseback.disclosure.feed import sync as s\n"
        "from caseback.disclosure.feed.subscription import read_subscription\n"
        "real = s.take\n"
        "def killed(*a, **k): os.kill(os.getpid(), signal.SIGKILL)\n"
        "s.take = killed\n"
        f"s.sync(read_subscription(Path({str(sub.folder)!r})), datetime(2026, 11, 1, 9, 5, tzinfo=UTC))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -signal.SIGKILL
    assert ids(sub) == []
    assert len(sync(sub, NOW).new) == 39


def test_a_server_that_sends_without_end_is_cut_off(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", 1)

    class Endless(Quiet):
        def do_GET(self) -> None:  # noqa: N802
            if not self.path.endswith(HEAD):
                super().do_GET()
                return
            self.send_response(200)
            self.send_header("Content-Length", str(1 << 40))
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b" " * 65_536)
            except OSError:
                return

    begun = time.monotonic()
    with served(feed, Endless) as address, pytest.raises(CasebackError, match="more than the"):
        following(tmp_path / "sub", address)
    assert time.monotonic() - begun < 20


def test_a_server_that_trickles_is_given_up_whatever_it_trickles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed, ended = feed_of(tmp_path / "feed", 1), threading.Event()

    class Headers(Quiet):
        begun = b"HTTP/1.1 200 OK\r\nX-Long: "

        def do_GET(self) -> None:  # noqa: N802
            try:
                self.wfile.write(self.begun)
                while not ended.wait(0.05):
                    self.wfile.write(b"x")
            except OSError:
                return

    class Body(Headers):
        begun = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"

    monkeypatch.setattr(source, "LONGEST", 0.5)
    begun = time.monotonic()
    for handler in (Headers, Body):
        with served(feed, handler) as address, pytest.raises(CasebackError, match="took longer"):
            following(tmp_path / "sub", address)
    ended.set()
    assert time.monotonic() - begun < 10


def test_a_feed_larger_than_it_may_be_is_refused_before_it_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed, sub = synced(tmp_path, 1)
    put(feed, 2)
    monkeypatch.setattr(syncing, "FEED", 10_000)
    refused(sub, "bytes together")
    monkeypatch.undo()
    monkeypatch.setattr(syncing, "LONGEST_SYNC", -1.0)
    refused(sub, "took longer")
    monkeypatch.undo()
    assert len(sync(sub, NOW).new) == 1


def test_paths_of_a_hostile_log_lead_nowhere(tmp_path: Path) -> None:
    from caseback.disclosure.feed.entry import entry_from, entry_line, next_entry

    line = entry_line(
        next_entry([], time=START, kind="advisory", id="LAB-2026-0001", revision=1, file="0" * 64, size=3)
    )
    assert entry_from(line).path == "advisories/LAB-2026-0001/1.tar"
    for id in ("../../../etc/passwd", "LAB-2026-0001/../x", "lab-2026-0001", "", "A" * 4000):
        data = {**json.loads(line), "id": id}
        with pytest.raises(CasebackError):
            entry_from(canonical(data))
    for change in (
        {"size": 1 << 40},
        {"revision": 0},
        {"file": "../x"},
        {"kind": "exec"},
        {"index": -1},
        {"index": True},
    ):
        with pytest.raises(CasebackError):
            entry_from(canonical({**json.loads(line), **change}))


def test_a_subscription_that_is_another_file_is_told(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", 1)
    sub = following(tmp_path / "sub", feed)
    with sqlite3.connect(sub.folder / "feed.sqlite") as other:
        other.execute("CREATE TABLE x (y)")
    with pytest.raises(CasebackError, match="no subscription"):
        sync(sub, NOW)
    (sub.folder / "feed.sqlite").write_bytes(b"damaged" * 1000)
    with pytest.raises(CasebackError, match=r"feed\.sqlite"):
        sync(sub, NOW)


def test_addresses_that_are_none_are_refused(tmp_path: Path) -> None:
    for wrong in (
        "ftp://x/y",
        "https://",
        "https://user:secret@x/y",
        "https://x:port/y",
        "https://x:99999/y",
        "https://[::1/y",
        "https://x..y/z",
        str(tmp_path / "none"),
    ):
        with pytest.raises(CasebackError):
            following(tmp_path / "sub", wrong)


def test_what_is_quoted_in_an_address_is_not_quoted_again(tmp_path: Path) -> None:
    feed_of(tmp_path / "all feeds" / "lab", 1)
    with served(tmp_path) as address:
        sub = following(tmp_path / "sub", f"{address}/all%20feeds/lab")
        assert len(sync(sub, NOW).new) == 1


def test_a_newer_revision_is_what_is_withdrawn(tmp_path: Path) -> None:
    from caseback.disclosure.bundle.review import withdrawn

    feed, sub = synced(tmp_path, 1)
    files = signed(withdrawn(newest_files(feed, "LAB-2026-0001"), "the judge was wrong"), KEY)
    publish(feed, [files], KEY)
    sync(sub, LATER + timedelta(days=27))
    with opened_store(sub.folder) as store:
        from caseback.disclosure.feed.store import listed

        assert listed(store)[0].withdrawn


def test_a_thief_of_an_old_key_cannot_leave_out_that_it_was_handed_over(tmp_path: Path) -> None:
    feed, sub = synced(tmp_path, 1)
    rotate(feed, KEY, OTHER, START)
    sync(sub, NOW)
    fresh = following(tmp_path / "fresh", feed)
    third = made_key("Third", secret=bytes([5]) * 32, at=START)
    size = len(read_published(feed).lines)
    ring = keyring_text(Keyring(KEY.public, [rotation(KEY, third, size, START)]))
    head = read_head((feed / HEAD).read_bytes())
    late = START + timedelta(minutes=1)
    digest = hashlib.sha256(ring).hexdigest()
    (feed / KEYS).write_bytes(ring)
    forged = Head(head.feed, size, head.root, late, head.expires, digest, third.public.id)
    (feed / HEAD).write_bytes(signed_head(forged, third))
    refused(sub, "statements about its keys")
    refused(fresh, "statements about its keys")


def test_the_key_that_followed_may_be_pinned_as_well(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", 1)
    rotate(feed, KEY, OTHER, START)
    sub = following(tmp_path / "sub", feed, keys=[OTHER.public])
    sync(sub, NOW)
    assert ids(sub) == ["LAB-2026-0001"]


def test_a_third_key_cannot_be_brought_in(tmp_path: Path) -> None:
    feed, _ = synced(tmp_path, 1)
    third = made_key("Third", secret=bytes([5]) * 32, at=START)
    with pytest.raises(CasebackError, match="none of this feed"):
        rotate(feed, third, OTHER, START)
