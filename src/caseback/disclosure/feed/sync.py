"""Bringing a subscription up to date: all of a newer head that verifies, or nothing of it, with the reason.

Refused are heads that are unsigned, expired, older than what was seen (rollback, replay), or over another log than what
was seen or what a mirror shows (split view).
"""

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from caseback.disclosure.bundle.bundle import verified
from caseback.disclosure.bundle.contents import check_contents
from caseback.disclosure.bundle.key_statements import Standing, standings
from caseback.disclosure.bundle.limits import SMALL
from caseback.disclosure.bundle.manifest import sha256
from caseback.disclosure.bundle.moments import now, written
from caseback.disclosure.bundle.tar import unpacked
from caseback.disclosure.feed.entry import FEED, LONGEST, MOST, SEGMENT, Entry, check_chain, entry_from
from caseback.disclosure.feed.head import Head, check_head
from caseback.disclosure.feed.keyring import keyring_from
from caseback.disclosure.feed.merkle import leaf_hash, root
from caseback.disclosure.feed.published import HEAD, KEYS, segment
from caseback.disclosure.feed.source import Fetch, source
from caseback.disclosure.feed.store import bundle_bytes, keep, kept_files, last_head, log_lines, opened_store, take
from caseback.disclosure.feed.subscription import Subscription
from caseback.errors import CasebackError

AT_ONCE = 1 << 22
"""Bytes of fetched bundles that are kept together."""
LONGEST_SYNC = 3_600.0
"""Seconds that fetching may take in all; what was fetched by then is kept, and the next sync goes on."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Synced:
    """What a sync brought.

    Attributes:
        head: That stands now.
        new: Entries of advisories that are new.
        refused: Id, revision and reason of entries that were not taken.
        unreachable: Addresses that did not answer, or whose head was refused, with the reason.
    """

    head: Head
    new: tuple[Entry, ...]
    refused: tuple[tuple[str, int, str], ...]
    unreachable: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Seen:
    """What one address shows."""

    address: str
    fetch: Fetch
    head: Head
    texts: tuple[bytes, bytes]
    trusted: Mapping[str, Standing]


def sync(subscription: Subscription, at: datetime | None = None, progress: Progress | None = None) -> Synced:
    """Bring a subscription up to date. Killed or broken off anywhere, it leaves what was there, and goes on next time.

    Raises:
        CasebackError: no address answers, or what they show is refused; the subscription is then as it was.
    """
    moment = at or now()
    with opened_store(subscription.folder) as store:
        before = last_head(store)
        seen, unreachable = _look(subscription, before, moment)
        best = max(seen, key=lambda each: (each.head.size, each.head.time))
        _check_not_older(before, best.head)
        lines = log_lines(store)
        fresh = _log(best, len(lines))
        leaves = [leaf_hash(line) for line in (*lines, *fresh)]
        entries = [entry_from(line) for line in fresh]
        _check_one_log(before, seen, best, leaves)
        check_chain(entries, leaves, len(lines))
        older = [entry_from(line) for line in lines]
        _check_size(older, entries)
        _check_statements([*older, *entries], keyring_from(best.texts[1]).statements)
        others = [best.fetch, *(each.fetch for each in seen if each is not best)]
        _fetch(store, [each for each in entries if each.kind == "advisory"], others, progress)
        advisories, models, refused = _indexed(store, entries, best.trusted)
        ends = {id: (each.begin, each.end) for id, each in best.trusted.items()}
        take(store, best.head, best.texts, fresh, advisories, models, refused, ends)
        bad = {row[0] for row in refused}
        new = tuple(each for each in entries if each.kind == "advisory" and each.index not in bad)
        return Synced(best.head, new, tuple((row[1], row[2], row[3]) for row in refused), tuple(unreachable))


def _look(subscription: Subscription, before: Head | None, at: datetime) -> tuple[list[_Seen], list[tuple[str, str]]]:
    """What every address shows that answers with a head that verifies."""
    seen, unreachable = list[_Seen](), list[tuple[str, str]]()
    for address in subscription.addresses:
        try:
            seen.append(_shown(subscription, address, before, at))
        except CasebackError as error:
            unreachable.append((address, str(error)))
    if not seen:
        raise CasebackError(f"nothing was synced: {unreachable[0][1]}")
    return seen, unreachable


def _shown(subscription: Subscription, address: str, before: Head | None, at: datetime) -> _Seen:
    fetch = source(address)
    text, keys = fetch(HEAD, SMALL), fetch(KEYS, SMALL)
    trusted = standings(subscription.pinned, keyring_from(keys).statements)
    head = check_head(text, trusted, at)
    if sha256(keys) != head.keys:
        raise CasebackError(f"{address}: its keys are not those of its head; it may be written just now, so sync again")
    if before is not None and head.feed != before.feed:
        raise CasebackError(f"{address} holds another feed ({head.feed[:12]}…) than the one subscribed to")
    return _Seen(address, fetch, head, (text, keys), trusted)


def _check_not_older(before: Head | None, head: Head) -> None:
    if before is None:
        return
    if head.size < before.size:
        raise CasebackError(
            f"rollback: the feed shows a log of {head.size} entries, and {before.size} were seen before: somebody is "
            "hiding what was published. Nothing was taken; try a mirror, and tell its owner"
        )
    if head.time < before.time:
        raise CasebackError(
            f"replay: the feed shows a head of {written(head.time)}, and one of {written(before.time)} was seen "
            "before. Nothing was taken; try a mirror"
        )


def _log(seen: _Seen, have: int) -> list[bytes]:
    """The lines of the log that are new, as far as the head goes."""
    if seen.head.size > MOST:
        raise CasebackError(f"a log of {seen.head.size} entries; {MOST} are allowed")
    lines: list[bytes] = []
    for number in range(have // SEGMENT, -(-seen.head.size // SEGMENT)):
        part = seen.fetch(segment(number), SEGMENT * (LONGEST + 1)).split(b"\n")[:-1]
        wanted = min(seen.head.size - number * SEGMENT, SEGMENT)
        if len(part) < wanted:
            raise CasebackError(
                f"{seen.address}: its log is cut off in {segment(number)}; sync again later, or try a mirror"
            )
        lines += part[max(have - number * SEGMENT, 0) : wanted]
    return lines


def _check_one_log(before: Head | None, seen: Sequence[_Seen], best: _Seen, leaves: Sequence[bytes]) -> None:
    """See that what was seen before and what each mirror shows are beginnings of one log."""
    if root(leaves).hex() != best.head.root:
        if before is not None and root(leaves[: before.size]).hex() == before.root and best.head.size == before.size:
            raise _split(f"{best.address} signs another log of {before.size} entries than was seen before")
        raise CasebackError(
            f"{best.address}: its log is not the one that its head was signed for, or does not go on from the one that "
            "was seen before: it was altered (a split view, if its owner signed it). Nothing was taken"
        )
    for each in seen:
        if root(leaves[: each.head.size]).hex() != each.head.root:
            raise _split(f"{best.address} and {each.address} show two logs, and both are signed")


def _check_statements(entries: Sequence[Entry], statements: Sequence[bytes]) -> None:
    """See that the statements about keys are those of the log: else a thief of an old key could leave out that it was
    handed over, and hand it over to another."""
    logged = [entry.file for entry in entries if entry.kind == "keys"]
    if logged != [sha256(each) for each in statements]:
        raise CasebackError(
            "the feed's statements about its keys are not those of its log: one was left out or put in. Nothing "
            "was taken"
        )


def _check_size(old: Sequence[Entry], new: Sequence[Entry]) -> None:
    total = sum(entry.size for part in (old, new) for entry in part)
    if total > FEED:
        raise CasebackError(
            f"the bundles of the feed have {total} bytes together; {FEED} are allowed. Nothing was taken"
        )


def _split(what: str) -> CasebackError:
    return CasebackError(
        f"split view: {what}. The feed tells different readers different things, or its key was stolen. Nothing "
        "was taken; keep both heads and tell its owner"
    )


def _fetch(
    store: sqlite3.Connection, entries: Sequence[Entry], fetches: Sequence[Fetch], progress: Progress | None
) -> None:
    """Fetch the bundles that are not here yet, and keep them a few at a time."""
    have, begun, size, end = kept_files(store), dict[str, bytes](), 0, time.monotonic() + LONGEST_SYNC
    for done, entry in enumerate(entries, start=1):
        if entry.file not in have and entry.file not in begun:
            try:
                if time.monotonic() > end:
                    raise CasebackError(f"fetching took longer than {LONGEST_SYNC:.0f} s; sync again to go on")
                begun[entry.file] = _fetched(entry, fetches)
            except CasebackError:
                keep(store, begun)
                raise
            size += len(begun[entry.file])
        if size > AT_ONCE:
            keep(store, begun)
            begun, size = {}, 0
        if progress:
            progress(done, len(entries))
    keep(store, begun)


def _fetched(entry: Entry, fetches: Sequence[Fetch]) -> bytes:
    why: CasebackError | None = None
    for fetch in fetches:
        try:
            data = fetch(entry.path, entry.size)
        except CasebackError as error:
            why = why or error
            continue
        if len(data) == entry.size and sha256(data) == entry.file:
            return data
        why = CasebackError(f"{entry.path} is not the file that the signed log names: it was altered where it lies")
    raise CasebackError(f"{why}. What was fetched is kept, and nothing of the new head was taken")


Row = tuple[Any, ...]


def _indexed(
    store: sqlite3.Connection, entries: Sequence[Entry], trusted: Mapping[str, Standing]
) -> tuple[list[Row], list[Row], list[Row]]:
    """Rows of the index: advisories, the models that they are about, and what was refused."""
    advisories, models, refused = list[Row](), list[Row](), list[Row]()
    for entry in entries:
        if entry.kind != "advisory":
            continue
        keys = {id: each.key for id, each in trusted.items() if each.covers(entry.index)}
        try:
            files = unpacked(bundle_bytes(store, entry.file), entry.path)
            bundle = verified(files, keys, entry.time)
            check_contents(bundle.advisory, bundle.files)
            advisory = bundle.advisory
            if (advisory["id"], advisory["revision"]) != (entry.id, entry.revision):
                raise CasebackError(f"the bundle is {advisory['id']}, revision {advisory['revision']}")
        except CasebackError as error:
            refused.append((entry.index, entry.id, entry.revision, str(error)[:500]))
            continue
        advisories.append(
            (
                entry.index, entry.id, entry.revision, entry.file, bundle.signer, advisory["kind"],
                advisory["behaviour"]["id"], advisory["summary"], advisory["modified"], advisory.get("withdrawn", ""),
                advisory["handling"]["tlp"],
            )
        )  # fmt: skip
        models += [
            (each["model"]["digest"], entry.index, each["scope"], each["status"])
            for each in advisory["affected"]
            if "digest" in each["model"]
        ]
    return advisories, models, refused
