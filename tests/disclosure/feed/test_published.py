"""The publisher's side: what may go out, in which order, and what feed readers see."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from caseback.disclosure.bundle.bundle import signed
from caseback.disclosure.bundle.keys import made_key
from caseback.disclosure.feed import published
from caseback.disclosure.feed import sync as syncing
from caseback.disclosure.feed.head import read_head
from caseback.disclosure.feed.keyring import Keyring, keyring_text
from caseback.disclosure.feed.proof import check_proof, prove_consistent, prove_included
from caseback.disclosure.feed.published import HEAD, KEYS, new_feed, publish, read_published, refresh, rotate
from caseback.disclosure.feed.subscription import subscribe
from caseback.disclosure.feed.sync import sync
from caseback.disclosure.feed.verify import verify
from caseback.dossier.record import canonical
from caseback.errors import CasebackError
from disclosure.bundle.making import KEY, OTHER, START, bare, negative
from disclosure.feed.feeds import feed_of, following, ids, put

NOW = START + timedelta(minutes=5)
SEGMENT = 8
"""Entries of a file of the log in the test of several."""


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"handling": {"tlp": "GREEN", "embargo_until": "2026-12-01T00:00:00Z"}}, "embargo"),
        ({"handling": {"tlp": "AMBER"}}, "TLP:AMBER"),
        ({"handling": {"tlp": "RED"}}, "TLP:RED"),
        ({"id": "LAB-2026-0001"}, "revision"),
    ],
)
def test_what_may_not_go_out_does_not(tmp_path: Path, changes: dict[str, object], why: str) -> None:
    feed = feed_of(tmp_path / "feed", 1)
    before = sorted(path.read_bytes() for path in feed.rglob("*") if path.is_file())
    with pytest.raises(CasebackError, match=why):
        publish(feed, [bare(**{"id": "LAB-2026-0002", **changes})], KEY, START)
    assert sorted(path.read_bytes() for path in feed.rglob("*") if path.is_file()) == before


def test_pages_show_what_is_in_the_log_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = feed_of(tmp_path / "feed", 1)
    with monkeypatch.context() as stopped:
        stopped.setattr(published, "signed_head", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            put(feed, 1, revision=2, summary="never published")
    put(feed, 2)
    assert "never published" not in (feed / "feed.json").read_text()


def test_an_embargo_ends(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed")
    files = bare(handling={"tlp": "CLEAR", "embargo_until": "2026-11-02T00:00:00Z"})
    assert publish(feed, [files], KEY, START + timedelta(days=1)).size == 1


def test_all_or_none_of_several(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed")
    before = everything(feed)
    with pytest.raises(CasebackError, match="TLP"):
        publish(feed, [bare(), bare(id="LAB-2026-0002", handling={"tlp": "RED"})], KEY, START)
    assert everything(feed) == before
    stranger = signed({"advisory.json": canonical(negative())}, OTHER, START)
    with pytest.raises(CasebackError, match="not trusted"):
        publish(feed, [stranger], KEY, START)
    with pytest.raises(CasebackError, match="none of this feed"):
        publish(feed, [stranger], OTHER, START)


@contextmanager
def stopped_before_the_head(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is done within ends before the head is written."""
    with monkeypatch.context() as stopped:
        stopped.setattr(published, "signed_head", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            yield


def test_a_publisher_that_was_stopped_before_the_head_changed_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = feed_of(tmp_path / "feed", 1)
    with stopped_before_the_head(monkeypatch):
        put(feed, 2)
    sub = following(tmp_path / "sub", feed)
    assert [each.id for each in sync(sub, NOW).new] == ["LAB-2026-0001"]
    put(feed, 3)
    sync(sub, NOW)
    assert ids(sub) == ["LAB-2026-0001", "LAB-2026-0003"]


def test_a_handover_that_was_stopped_before_the_head_can_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = feed_of(tmp_path / "feed", 1)
    with stopped_before_the_head(monkeypatch):
        rotate(feed, KEY, OTHER, START)
    put(feed, 2)
    sub = following(tmp_path / "sub", feed)
    sync(sub, NOW)
    rotate(feed, KEY, OTHER, START)
    refresh(feed, OTHER, START)
    sync(sub, NOW)
    assert ids(sub) == ["LAB-2026-0001", "LAB-2026-0002"]


def test_keys_that_are_not_those_of_the_head_are_not_signed_over(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", 1)
    rotate(feed, KEY, OTHER, START)
    (feed / KEYS).write_bytes(keyring_text(Keyring(KEY.public)))
    with pytest.raises(CasebackError, match="its keys are not those of its head"):
        refresh(feed, OTHER, START)


def everything(feed: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in feed.rglob("*") if path.is_file() and path.name != ".lock"}


def test_a_feed_is_not_handed_to_a_key_that_nobody_would_follow(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", 1)
    rotate(feed, KEY, OTHER, START)
    before = everything(feed)
    with pytest.raises(CasebackError, match="followed by"):
        rotate(feed, OTHER, KEY, START)
    with pytest.raises(CasebackError, match="expired"):
        rotate(feed, OTHER, made_key("Old", 1, bytes([7]) * 32, START), START + timedelta(days=1))
    assert everything(feed) == before


def test_an_expired_key_signs_no_head_and_can_still_hand_over(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", 1)
    late = KEY.public.expires + timedelta(days=1)
    with pytest.raises(CasebackError, match="expired"):
        refresh(feed, KEY, late)
    fresh = made_key("Example Lab", 365, bytes([7]) * 32, late)
    rotate(feed, KEY, fresh, late)
    sub = subscribe(tmp_path / "sub", [str(feed)], at=late)
    sync(sub, late)
    assert ids(sub) == ["LAB-2026-0001"]


def test_a_damaged_log_is_not_signed_over(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", 1, 2)
    path = feed / "log" / "000000.jsonl"
    path.write_bytes(path.read_bytes().replace(b"LAB-2026-0001", b"LAB-2026-0007"))
    with pytest.raises(CasebackError, match="not the one that its head was signed for"):
        put(feed, 3)


def test_the_log_goes_on_in_a_second_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (published, syncing):
        monkeypatch.setattr(module, "SEGMENT", SEGMENT)
    feed = feed_of(tmp_path / "feed", *range(SEGMENT - 1))
    first = (feed / "log" / "000000.jsonl").read_bytes()
    put(feed, 5_000, 5_001)
    assert (feed / "log" / "000000.jsonl").read_bytes().startswith(first)
    assert (feed / "log" / "000001.jsonl").read_bytes().count(b"\n") == 1
    sub = following(tmp_path / "sub", feed)
    assert len(sync(sub, NOW).new) == SEGMENT + 1
    put(feed, 5_002)
    assert [each.id for each in sync(sub, NOW).new] == ["LAB-2026-5002"]


def test_feed_readers_find_what_they_need(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    new_feed(folder, "Example <Lab> & co", KEY, home="https://lab.example/advisories/")
    put(folder, 1, summary="A \x01 <script>alert(1)</script> & more")
    page = json.loads((folder / "feed.json").read_text())
    assert page["version"] == "https://jsonfeed.org/version/1.1"
    assert page["feed_url"] == "https://lab.example/advisories/feed.json"
    [item] = page["items"]
    assert {"id", "url", "title", "content_text", "date_published", "date_modified"} <= set(item)
    space = "{http://www.w3.org/2005/Atom}"
    root = ET.parse(folder / "feed.atom").getroot()
    assert root.tag == f"{space}feed"
    assert {each.tag.removeprefix(space) for each in root} >= {"id", "title", "updated", "author", "entry"}
    entry = root.find(f"{space}entry")
    assert entry is not None
    assert "<script>" in (entry.findtext(f"{space}title") or "")  # as text, escaped in the file
    assert "<script>" not in (folder / "feed.atom").read_text()


def test_proofs_hold_for_their_head_and_no_other(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", *range(1, 8))
    read, head = read_published(feed), read_head((feed / HEAD).read_bytes())
    proof = prove_included(read, "LAB-2026-0005")
    assert "LAB-2026-0005" in check_proof(proof, head)
    assert "goes on" in check_proof(prove_consistent(read, 3), head)
    for wrong in (
        {**proof, "index": 3},
        {**proof, "entry": proof["entry"].replace("0005", "0006")},
        {**proof, "proof": proof["proof"][:-1]},
        {**proof, "format": "x"},
        {},
        {**proof, "proof": ["zz"]},
    ):
        with pytest.raises(CasebackError):
            check_proof(wrong, head)
    put(feed, 8)
    with pytest.raises(CasebackError, match="for a log of 7"):
        check_proof(proof, read_head((feed / HEAD).read_bytes()))


def test_a_whole_feed_is_verified_and_heads_compared(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", 1)
    old = tmp_path / "head"
    old.write_bytes((feed / HEAD).read_bytes())
    put(feed, 2)
    found = verify(str(feed), [KEY.public.id], against=old, at=NOW)
    assert found["size"] == 2
    assert found["refused"] == []
    assert "same log" in found["said"][-1]
    other = feed_of(tmp_path / "other", 9)
    with pytest.raises(CasebackError, match="another feed"):
        verify(str(feed), against=other / HEAD, at=NOW)


def test_a_folder_with_something_in_it_becomes_no_feed(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    with pytest.raises(CasebackError, match="not empty"):
        new_feed(tmp_path, "x", KEY)
    with pytest.raises(CasebackError, match="TLP"):
        new_feed(tmp_path / "f", "x", KEY, tlp="RED")
    with pytest.raises(CasebackError, match="feed new"):
        read_published(tmp_path)
