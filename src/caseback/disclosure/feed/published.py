"""The publisher's side: a static folder, appended to. The head is written last, so what it does not name is not there.

feed/about.json                     id and title
feed/head.dsse.json                 signed: size and root of the log, time, end
feed/keys.json                      the first key, handovers, revocations
feed/log/000000.jsonl …             1,024 entries a file; a full one never changes
feed/advisories/ID/REVISION.tar     bundles
feed/advisories/ID/advisory.json    the newest revision, for reading
feed/feed.json, feed.atom           for feed readers
"""

import fcntl
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from caseback.disclosure.bundle.bundle import Bundle, read_files, verified
from caseback.disclosure.bundle.key_statements import Standing, revocation, rotation, standings
from caseback.disclosure.bundle.keys import PrivateKey, PublicKey
from caseback.disclosure.bundle.limits import ADVISORY as MOST
from caseback.disclosure.bundle.limits import SMALL
from caseback.disclosure.bundle.manifest import sha256
from caseback.disclosure.bundle.moments import now, read_time, written
from caseback.disclosure.bundle.paths import ADVISORY
from caseback.disclosure.bundle.strict_json import parse, parse_canonical
from caseback.disclosure.bundle.tar import packed
from caseback.disclosure.feed.atom import atom
from caseback.disclosure.feed.entry import SEGMENT, Entry, entry_from, entry_line, next_entry
from caseback.disclosure.feed.head import Head, read_head, signed_head
from caseback.disclosure.feed.json_feed import NEWEST, json_feed
from caseback.disclosure.feed.keyring import Keyring, keyring_from, keyring_text
from caseback.disclosure.feed.merkle import leaf_hash, root
from caseback.dossier.disk import write_whole, writing
from caseback.dossier.record import canonical
from caseback.errors import CasebackError

FORMAT = "caseback feed 1"
ABOUT, HEAD, KEYS = "about.json", "head.dsse.json", "keys.json"
TLPS = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT")
"""From what everybody may see to what the fewest may; RED is for named people and goes into no feed."""


@dataclass(frozen=True)
class Published:
    """A feed's folder as it stands.

    Attributes:
        about: Id, title, and the strictest TLP that it takes.
        lines: Of the log.
        keyring: Its keys.
    """

    folder: Path
    about: Mapping[str, Any]
    lines: list[bytes]
    keyring: Keyring

    @property
    def entries(self) -> list[Entry]:
        """Of the log, in order."""
        return [entry_from(line) for line in self.lines]

    def trusted(self) -> dict[str, Standing]:
        """The keys that may sign here."""
        return standings({self.keyring.first.id: self.keyring.first}, self.keyring.statements)


def new_feed(folder: Path, title: str, key: PrivateKey, tlp: str = "GREEN", days: int = 30, home: str = "") -> None:
    """Make an empty feed in a folder.

    Args:
        folder: New or empty.
        title: What it is called.
        key: That signs its head.
        tlp: The strictest TLP of an advisory that goes into it: GREEN for a feed that anybody may read.
        days: For which a head may be relied on; sign a new one before they are over.
        home: Its address on the web, for feed readers.

    Raises:
        CasebackError: there is something there already, or it cannot be written.
    """
    if folder.exists() and any(folder.iterdir()):
        raise CasebackError(f"{folder} is not empty: name a new folder for the feed")
    if tlp not in TLPS:
        raise CasebackError(f"TLP {tlp!r} is none that a feed may take: {', '.join(TLPS)}")
    about = {
        "format": FORMAT,
        "feed": secrets.token_hex(16),
        "title": title[:200],
        "tlp": tlp,
        "days": days,
        "home": home,
    }
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ABOUT).write_bytes(canonical(about))
    _close(Published(folder, about, [], Keyring(key.public)), key, now())


def read_published(folder: Path) -> Published:
    """The feed in a folder, up to its signed head; what a stopped publisher left behind it is ignored.

    Raises:
        CasebackError: there is none, or it is damaged.
    """
    try:
        about = parse_canonical((folder / ABOUT).read_bytes(), ABOUT, SMALL)
        head = read_head((folder / HEAD).read_bytes())
        keyring = keyring_from((folder / KEYS).read_bytes())
        lines: list[bytes] = []
        for number in range(-(-head.size // SEGMENT)):
            lines += (folder / segment(number)).read_bytes().splitlines()
    except OSError as error:
        raise CasebackError(
            f"{folder}: no feed to read ({error.strerror}); make one with `caseback feed new {folder}`"
        ) from None
    lines = lines[: head.size]
    # A head signed over a log that was damaged would show two histories to those who subscribed before.
    if about.get("format") != FORMAT or root([leaf_hash(line) for line in lines]).hex() != head.root:
        raise CasebackError(f"{folder}: its log is not the one that its head was signed for: restore it from a mirror")
    ring = _logged(keyring, lines)
    if sha256(keyring_text(ring)) != head.keys:
        raise CasebackError(f"{folder}: its keys are not those of its head: restore {KEYS} from a mirror")
    return Published(folder, about, lines, ring)


def publish(folder: Path, bundles: Sequence[Mapping[str, bytes]], key: PrivateKey, at: datetime | None = None) -> Head:
    """Append signed bundles to a feed, and sign its new head. All of them, or none.

    Raises:
        CasebackError: a bundle does not verify, is under embargo or too confidential, is there already, or the key does
            not sign for this feed.
    """
    moment = at or now()
    with _locked(folder):
        feed = read_published(folder)
        keys = _signing(feed, key, moment)
        revisions = {each.id: each.revision for each in feed.entries if each.kind == "advisory"}
        lines, made = list(feed.lines), dict[str, bytes]()
        for files in bundles:
            bundle = verified(files, keys, moment)
            _may_go_out(bundle, feed.about, moment)
            id, revision = bundle.advisory["id"], bundle.advisory["revision"]
            if revision <= revisions.get(id, 0):
                raise CasebackError(f"{id} is in the feed with revision {revisions[id]}: raise the revision above that")
            revisions[id] = revision
            data = packed(files)
            rest = {"kind": "advisory", "id": id, "revision": revision, "file": sha256(data), "size": len(data)}
            lines.append(entry_line(next_entry(lines, time=moment, **rest)))
            made[f"advisories/{id}/{revision}.tar"] = data
            made[f"advisories/{id}/{ADVISORY}"] = bundle.files[ADVISORY]
        for name, data in made.items():
            write_whole(folder / name, data)
        return _close(Published(folder, feed.about, lines, feed.keyring), key, moment, len(feed.lines))


def refresh(folder: Path, key: PrivateKey, at: datetime | None = None) -> Head:
    """Sign the head again, so that it can be relied on for longer.

    Raises:
        CasebackError: the key does not sign for this feed.
    """
    moment = at or now()
    with _locked(folder):
        feed = read_published(folder)
        _signing(feed, key, moment)
        return _close(feed, key, moment, len(feed.lines))


def rotate(folder: Path, old: PrivateKey, new: PrivateKey, at: datetime | None = None) -> Head:
    """Hand the feed over to a new key, which signs from the next entry on. The old one may have expired.

    Raises:
        CasebackError: the old key does not sign for this feed, or the new one expired, or signed for it before: those
            who subscribed would refuse it.
    """
    moment = at or now()
    with _locked(folder):
        feed = read_published(folder)
        _standing(feed, old)
        after = _with(feed, rotation(old, new, len(feed.lines), moment), old.public.id, moment)
        _signing(after, new, moment)
        return _close(after, new, moment, len(feed.lines))


def revoke(
    folder: Path, revoked: str, by: PrivateKey, why: str, size: int | None = None, at: datetime | None = None
) -> Head:
    """Take back a key: what it signed from entry ``size`` on (by default all of it) no longer counts.

    ``by`` must sign for the feed, so hand over first.

    Raises:
        CasebackError: it does not, or the key to be revoked is its own.
    """
    moment = at or now()
    if revoked == by.public.id:
        raise CasebackError(
            "hand the feed over to a new key first (caseback disclose key rotate), then revoke with that"
        )
    with _locked(folder):
        feed = read_published(folder)
        _signing(feed, by, moment)
        if revoked not in feed.trusted():
            raise CasebackError(f"{revoked[:19]}… is no key of this feed; there are {', '.join(feed.trusted())}")
        said = revocation(revoked, by, 0 if size is None else size, why, moment)
        return _close(_with(feed, said, revoked, moment), by, moment, len(feed.lines))


def newest_files(folder: Path, id: str) -> dict[str, bytes]:
    """The files of the newest revision of an advisory in a feed.

    Raises:
        CasebackError: it is not in it.
    """
    found = [each for each in read_published(folder).entries if each.kind == "advisory" and each.id == id]
    if not found:
        raise CasebackError(f"{id} is not in the feed {folder}")
    return read_files(folder / found[-1].path)


def segment(number: int) -> str:
    """Path of a file of the log."""
    return f"log/{number:06}.jsonl"


def _logged(ring: Keyring, lines: Sequence[bytes]) -> Keyring:
    """The keys without statements that are not in the log."""
    known = {each.file for each in map(entry_from, lines) if each.kind == "keys"}
    return Keyring(ring.first, [each for each in ring.statements if sha256(each) in known])


def _with(feed: Published, said: bytes, id: str, moment: datetime) -> Published:
    """The feed with a statement about a key in its keys and in its log."""
    rest = {"kind": "keys", "id": id, "revision": 0, "file": sha256(said), "size": len(said)}
    line = entry_line(next_entry(feed.lines, time=moment, **rest))
    ring = Keyring(feed.keyring.first, [*feed.keyring.statements, said])
    standings({ring.first.id: ring.first}, ring.statements)
    return Published(feed.folder, feed.about, [*feed.lines, line], ring)


def _standing(feed: Published, key: PrivateKey) -> Standing:
    """The key's standing, where it is trusted for the next entry.

    Raises:
        CasebackError: it is not.
    """
    standing = feed.trusted().get(key.public.id)
    if standing is None or not standing.covers(len(feed.lines)):
        why = f"is {standing.why}" if standing else "is none of this feed's"
        raise CasebackError(
            f"the key {key.public.id[:19]}… {why}: use the key that signs for {feed.folder} now, and hand over to one "
            "that never did"
        )
    return standing


def _signing(feed: Published, key: PrivateKey, moment: datetime) -> dict[str, PublicKey]:
    """The key by its id, where it is trusted for the next entry and valid.

    Raises:
        CasebackError: it is not.
    """
    signer = _standing(feed, key).key
    if signer.expires <= moment:
        raise CasebackError(
            f"the key {signer.id[:19]}… expired on {written(signer.expires)}: hand {feed.folder} over to a new one "
            "(caseback disclose key rotate)"
        )
    return {signer.id: signer}


def _may_go_out(bundle: Bundle, about: Mapping[str, Any], moment: datetime) -> None:
    handling, id = bundle.advisory["handling"], bundle.advisory["id"]
    until = handling.get("embargo_until")
    if until and read_time(until, "embargo_until") > moment:
        raise CasebackError(f"{id} is under embargo until {until}: publish it then")
    tlp = handling["tlp"]
    if tlp not in TLPS or TLPS.index(tlp) > TLPS.index(about["tlp"]):
        raise CasebackError(
            f"{id} is TLP:{tlp}, and this feed takes TLP:{about['tlp']} at most: give it another TLP, or a feed "
            "of its own"
        )


def _close(feed: Published, key: PrivateKey, moment: datetime, kept: int = 0) -> Head:
    """Write the log from entry ``kept`` on, keys and pages, and the head at last."""
    folder, ring = feed.folder, keyring_text(feed.keyring)
    for number in range(kept // SEGMENT, -(-len(feed.lines) // SEGMENT)):
        part = feed.lines[number * SEGMENT : (number + 1) * SEGMENT]
        write_whole(folder / segment(number), b"".join(line + b"\n" for line in part))
    leaves = [leaf_hash(line) for line in feed.lines]
    until = min(moment + timedelta(days=feed.about["days"]), key.public.expires)
    head = Head(feed.about["feed"], len(leaves), root(leaves).hex(), moment, until, sha256(ring), key.public.id)
    newest = _newest(feed)
    write_whole(folder / "feed.json", json_feed(feed.about, newest, head))
    write_whole(folder / "feed.atom", atom(feed.about, newest, head, key.public.name))
    write_whole(folder / KEYS, ring)
    write_whole(folder / HEAD, signed_head(head, key))
    return head


def _newest(feed: Published) -> list[tuple[Entry, Mapping[str, Any]]]:
    """The newest entries of advisories with these, newest first; each advisory once."""
    found: dict[str, tuple[Entry, Mapping[str, Any]]] = {}
    for line in reversed(feed.lines):
        entry = entry_from(line)
        if entry.kind == "advisory" and entry.id not in found:
            found[entry.id] = entry, parse(read_files(feed.folder / entry.path)[ADVISORY], ADVISORY, MOST)
        if len(found) == NEWEST:
            break
    return list(found.values())


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One publisher at a time."""
    if not folder.is_dir():
        raise CasebackError(f"{folder}: no such feed; make one with `caseback feed new {folder}`")
    with writing(folder), (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
