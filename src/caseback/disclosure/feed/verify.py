"""A whole feed checked from end to end, as a subscriber who sees it for the first time would, and nothing kept."""

import json
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from caseback.disclosure.bundle.limits import SMALL
from caseback.disclosure.bundle.moments import written
from caseback.disclosure.feed.head import Head, read_head
from caseback.disclosure.feed.merkle import leaf_hash, root
from caseback.disclosure.feed.proof import check_proof
from caseback.disclosure.feed.store import log_lines, opened_store
from caseback.disclosure.feed.subscription import subscribe
from caseback.disclosure.feed.sync import sync
from caseback.errors import CasebackError


def verify(
    address: str,
    ids: Sequence[str] = (),
    proof: Path | None = None,
    against: Path | None = None,
    at: datetime | None = None,
) -> dict[str, Any]:
    """What was found: ``said`` in sentences, ``refused`` bundles with the reason.

    Args:
        address: Folder or address of the feed.
        ids: Of keys, one of which must have begun it.
        proof: File of a proof for its head.
        against: File of a head that somebody else saw.
        at: The moment at which all is checked.

    Raises:
        CasebackError: the feed is refused, or the proof or the other head does not go with it.
    """
    with tempfile.TemporaryDirectory() as folder:
        made = subscribe(Path(folder), [address], ids=ids, at=at)
        found = sync(made, at)
        with opened_store(Path(folder)) as store:
            lines = log_lines(store)
    head, said = found.head, list[str]()
    said.append(f"{len(found.new)} bundles in a log of {head.size} entries, signed by {head.signer[:19]}…")
    said.append(f"signed {written(head.time)}, good until {written(head.expires)}; first key {next(iter(made.pinned))}")
    if proof is not None:
        said.append(check_proof(_json(proof), head))
    if against is not None:
        said.append(_same_log(read_head(_bytes(against)), head, lines))
    refused = [{"id": id, "revision": revision, "why": why} for id, revision, why in found.refused]
    return {"feed": head.feed, "size": head.size, "root": head.root, "refused": refused, "said": said}


def _same_log(other: Head, head: Head, lines: Sequence[bytes]) -> str:
    if other.feed != head.feed:
        raise CasebackError("the other head is of another feed")
    if other.size > head.size:
        raise CasebackError(f"the other head is of {other.size} entries, and the feed shows {head.size}: it hides some")
    if root([leaf_hash(line) for line in lines[: other.size]]).hex() != other.root:
        raise CasebackError(
            f"split view: the other head was signed over another log of {other.size} entries. Keep both, and tell "
            "the owner"
        )
    return f"the other head, of {other.size} entries, is of the same log"


def _json(path: Path) -> Any:
    try:
        return json.loads(_bytes(path))
    except ValueError:
        raise CasebackError(f"{path} holds no proof: it is no JSON") from None


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(SMALL)
    except OSError as error:
        raise CasebackError(f"{path}: cannot be read ({error.strerror})") from None
