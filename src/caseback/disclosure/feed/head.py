"""The signed head of a feed: how long its log is, its root, when that was so, and until when it may be relied on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from caseback.disclosure.bundle.envelope import opened, sealed, statement, subjects
from caseback.disclosure.bundle.key_statements import Standing
from caseback.disclosure.bundle.keys import PrivateKey
from caseback.disclosure.bundle.moments import read_time, written
from caseback.disclosure.feed.entry import MOST, SHA256
from caseback.errors import CasebackError

PREDICATE = "urn:caseback:feed-head:1"
CLOCKS = timedelta(minutes=15)
"""By how much the publisher's clock may be ahead of ours."""


@dataclass(frozen=True)
class Head:
    """What a feed says of itself.

    Attributes:
        feed: Its id, 32 hexadecimal digits, the same for ever and on all mirrors.
        size: Entries of the log.
        root: Merkle root, in hex.
        time: When it was signed.
        expires: Until when it may be relied on; a later one must be signed by then.
        keys: SHA-256 of ``keys.json``.
        signer: Id of the key.
    """

    feed: str
    size: int
    root: str
    time: datetime
    expires: datetime
    keys: str
    signer: str


def signed_head(head: Head, key: PrivateKey) -> bytes:
    """The head's envelope."""
    said = {"feed": head.feed, "size": head.size, "time": written(head.time), "expires": written(head.expires)}
    return sealed(statement(PREDICATE, {"log": head.root, "keys.json": head.keys}, said), [key])


def read_head(text: bytes) -> Head:
    """The head of an envelope; whose it is, is not checked yet.

    Raises:
        CasebackError: it is none.
    """
    what = "the feed's head"
    envelope = opened(text, PREDICATE, what)
    said, about = envelope.statement["predicate"], subjects(envelope.statement, what)
    if set(said) != {"feed", "size", "time", "expires"} or set(about) != {"log", "keys.json"}:
        raise CasebackError(f"{what} does not say what it must")
    if type(said["size"]) is not int or not 0 <= said["size"] <= MOST:
        raise CasebackError(f"{what} gives a log of {str(said['size'])[:20]} entries; {MOST} are allowed")
    if not all(isinstance(each, str) and SHA256.fullmatch(each) for each in about.values()):
        raise CasebackError(f"{what} holds digests that are none")
    if not isinstance(said["feed"], str) or len(said["feed"]) != 32 or len(envelope.signatures) != 1:
        raise CasebackError(f"{what} does not say of which feed it is, or has several signatures")
    times = read_time(said["time"], "the head's time"), read_time(said["expires"], "the head's end")
    signer = str(envelope.signatures[0][0])
    return Head(said["feed"], said["size"], about["log"], *times, about["keys.json"], signer)


def check_head(text: bytes, trusted: Mapping[str, Standing], at: datetime) -> Head:
    """The head of an envelope, signed by a key that is trusted for it, and neither expired nor of the future.

    Raises:
        CasebackError: with the reason why it is refused.
    """
    head = read_head(text)
    standing = trusted.get(head.signer)
    if standing is None:
        raise CasebackError(
            f"the feed's head is signed by the key {head.signer[:19]}…, which is not pinned and was not handed "
            "over to: ask its owner, and pin it if it is theirs"
        )
    opened(text, PREDICATE, "the feed's head").signers({head.signer: standing.key})
    if not standing.begin <= head.size <= standing.end or (standing.end <= head.size and standing.why):
        raise CasebackError(
            f"the feed's head is signed by the key {head.signer[:19]}…, which is {standing.why or 'later'}"
        )
    if at > standing.key.expires:
        raise CasebackError(
            f"the feed's key {head.signer[:19]}… expired on {written(standing.key.expires)}: its owner has to "
            "hand over to a new one"
        )
    if head.time > at + CLOCKS:
        raise CasebackError(
            f"the feed's head is of {written(head.time)}, and here it is {written(at)}: one of the two clocks is "
            "wrong. Nothing was taken; mend the clock and sync again"
        )
    if head.expires < at:
        raise CasebackError(
            f"the feed's head expired on {written(head.expires)}, and here it is {written(at)}: somebody may be "
            "keeping a newer one from you, or a clock is wrong. Try a mirror, or ask its owner"
        )
    return head
