"""The log's Merkle tree, with proofs that an entry is in it and that one log goes on from another.

RFC 6962, *Certificate Transparency* (Laurie, Langley and Kasper 2013), section 2.1, with SHA-256: a leaf is hashed
behind a byte 0, two nodes behind a byte 1, and the left tree of n leaves has the largest power of two below n.
"""

import hashlib
from collections.abc import Sequence

from caseback.errors import CasebackError

Hash = bytes
EMPTY: Hash = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> Hash:
    """Of one entry's bytes."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: Hash, right: Hash) -> Hash:
    """Of two trees side by side."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root(leaves: Sequence[Hash]) -> Hash:
    """The root over the hashes of leaves; that of no leaves is the hash of nothing."""
    if not leaves:
        return EMPTY
    return _root(leaves, 0, len(leaves))


def inclusion_proof(leaves: Sequence[Hash], index: int) -> list[Hash]:
    """Hashes that lead from leaf ``index`` to the root, lowest first.

    Raises:
        CasebackError: there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise CasebackError(f"the log has {len(leaves)} entries, and none is number {index}")
    proof, begin, end = list[Hash](), 0, len(leaves)
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            proof.append(_root(leaves, middle, end))
            end = middle
        else:
            proof.append(_root(leaves, begin, middle))
            begin = middle
    return proof[::-1]


def included(leaf: Hash, index: int, size: int, proof: Sequence[Hash], root_hash: Hash) -> bool:
    """Whether the proof shows that the leaf is number ``index`` of the log of this size and root."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for each in proof:
        if last == 0:
            return False
        if at % 2 or at == last:
            found = node_hash(each, found)
            while not at % 2 and at:
                at, last = at // 2, last // 2
        else:
            found = node_hash(found, each)
        at, last = at // 2, last // 2
    return last == 0 and found == root_hash


def consistency_proof(leaves: Sequence[Hash], size: int) -> list[Hash]:
    """Hashes that show that the log of the first ``size`` leaves is the beginning of this one.

    Raises:
        CasebackError: the log is not as long as that, or the older one is empty.
    """
    if not 0 < size <= len(leaves):
        raise CasebackError(f"the log has {len(leaves)} entries: no log of {size} is its beginning")
    proof, begin, end, whole = list[Hash](), 0, len(leaves), True
    while size != end - begin:
        middle = _split(end - begin)
        if size <= middle:
            proof.append(_root(leaves, begin + middle, end))
            end = begin + middle
        else:
            proof.append(_root(leaves, begin, begin + middle))
            begin, size, whole = begin + middle, size - middle, False
    return [*([] if whole else [_root(leaves, begin, end)]), *proof[::-1]]


def consistent(old: int, new: int, proof: Sequence[Hash], old_root: Hash, new_root: Hash) -> bool:
    """Whether the proof shows that the log of size ``new`` goes on from that of size ``old``."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    at, last = old - 1, new - 1
    while at % 2:
        at, last = at // 2, last // 2
    first = second = path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if at % 2 or at == last:
            first, second = node_hash(each, first), node_hash(each, second)
            while not at % 2 and at:
                at, last = at // 2, last // 2
        else:
            second = node_hash(second, each)
        at, last = at // 2, last // 2
    return last == 0 and first == old_root and second == new_root


def _split(n: int) -> int:
    """The largest power of two below ``n``."""
    return 1 << ((n - 1).bit_length() - 1)


def _root(leaves: Sequence[Hash], begin: int, end: int) -> Hash:
    if end - begin == 1:
        return leaves[begin]
    middle = begin + _split(end - begin)
    return node_hash(_root(leaves, begin, middle), _root(leaves, middle, end))
