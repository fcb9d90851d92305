"""Proofs for the head alone: that an advisory is in the log, and that a log goes on from another."""

from collections.abc import Mapping
from typing import Any

from caseback.disclosure.feed.entry import entry_from
from caseback.disclosure.feed.head import Head
from caseback.disclosure.feed.merkle import (
    consistency_proof,
    consistent,
    included,
    inclusion_proof,
    leaf_hash,
    root,
)
from caseback.disclosure.feed.published import Published
from caseback.errors import CasebackError

INCLUSION, CONSISTENCY = "caseback inclusion proof 1", "caseback consistency proof 1"


def prove_included(feed: Published, id: str) -> dict[str, Any]:
    """That the newest revision of an advisory is in the feed's log.

    Raises:
        CasebackError: it is not.
    """
    found = [each.index for each in feed.entries if each.kind == "advisory" and each.id == id]
    if not found:
        raise CasebackError(f"{id} is not in the feed {feed.folder}")
    leaves = [leaf_hash(line) for line in feed.lines]
    proof = inclusion_proof(leaves, found[-1])
    return {
        "format": INCLUSION,
        "entry": feed.lines[found[-1]].decode(),
        "index": found[-1],
        "size": len(leaves),
        "root": root(leaves).hex(),
        "proof": [each.hex() for each in proof],
    }


def prove_consistent(feed: Published, size: int) -> dict[str, Any]:
    """That the feed's log goes on from the one of its first ``size`` entries.

    Raises:
        CasebackError: it is shorter than that.
    """
    leaves = [leaf_hash(line) for line in feed.lines]
    proof = consistency_proof(leaves, size)
    return {
        "format": CONSISTENCY,
        "old": size,
        "old_root": root(leaves[:size]).hex(),
        "size": len(leaves),
        "root": root(leaves).hex(),
        "proof": [each.hex() for each in proof],
    }


def check_proof(proof: Mapping[str, Any], head: Head) -> str:
    """What a proof shows about the log of a head, in a sentence.

    Raises:
        CasebackError: it does not hold, or is for another log.
    """
    wrong = CasebackError("the proof does not hold for this head")
    try:
        hashes = [bytes.fromhex(each) for each in proof["proof"]]
        if (proof["size"], proof["root"]) != (head.size, head.root):
            raise CasebackError(f"the proof is for a log of {proof['size']} entries, and the head is of {head.size}")
        whole = bytes.fromhex(head.root)
        if proof["format"] == INCLUSION:
            line = proof["entry"].encode()
            if not included(leaf_hash(line), proof["index"], head.size, hashes, whole):
                raise wrong
            entry = entry_from(line)
            return f"{entry.id}, revision {entry.revision}, is entry {entry.index} of the log of {head.size}"
        if proof["format"] == CONSISTENCY:
            if not consistent(proof["old"], head.size, hashes, bytes.fromhex(proof["old_root"]), whole):
                raise wrong
            old = f"{proof['old']} with root {proof['old_root'][:12]}…"
            return f"the log of {head.size} entries goes on from that of {old}"
    except (KeyError, TypeError, ValueError, AttributeError):
        raise wrong from None
    raise wrong
