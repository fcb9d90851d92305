"""Texts that are much alike, found without holding each against all others."""

import hashlib
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

HASHES = 64
BANDS = 16
"""Of four hashes each: texts with half of their shingles in common share a band in 2 cases of 3, with seven tenths in
99 of 100."""
WORDS = 3
"""Of a shingle."""
ALIKE = 0.5
"""Share of shingles in common from which two texts count as alike."""
LONGEST = 20_000
"""Characters that are read."""
Signature = npt.NDArray[np.uint32]


def shingles(text: str) -> set[str]:
    """Every three words in a row, in lower case; of a shorter text, all of it. Numbers count as alike."""
    words = re.findall(r"\w+", re.sub(r"\d+", "0", text[:LONGEST].casefold()))
    if len(words) <= WORDS:
        return {" ".join(words)}
    return {" ".join(words[at : at + WORDS]) for at in range(len(words) - WORDS + 1)}


def signature(text: str) -> Signature:
    """(``HASHES``,) MinHash of the shingles: two agree in each place with the chance that they have in common of all
    their shingles (Broder, *On the resemblance and containment of documents*, 1997)."""
    hashed = np.array(
        [int.from_bytes(hashlib.blake2b(each.encode(), digest_size=8).digest(), "little") for each in shingles(text)],
        dtype=np.uint64,
    )
    # Multiply and shift (Dietzfelbinger et al. 1997): odd multipliers, drawn once for all.
    draws = np.random.default_rng(1997).integers(0, 2**63, (2, HASHES), dtype=np.uint64)
    with np.errstate(over="ignore"):
        mixed = (hashed[:, None] * (2 * draws[0] + np.uint64(1)) + draws[1]) >> np.uint64(32)
    return np.asarray(mixed.min(axis=0), dtype=np.uint32)


def alike(a: Signature, b: Signature) -> float:
    """About how large a share of their shingles two texts have in common (Jaccard)."""
    return float((a == b).mean())


def bands(of: Signature) -> list[str]:
    """Keys of which texts that are alike share one at least, most likely."""
    rows: Sequence[bytes] = [part.tobytes() for part in of.astype("<u4").reshape(BANDS, -1)]
    return [f"{at}:{part.hex()}" for at, part in enumerate(rows)]


def to_bytes(of: Signature) -> bytes:
    """As it is kept."""
    return of.astype("<u4").tobytes()


def from_bytes(kept: bytes) -> Signature:
    """What ``to_bytes`` made."""
    return np.frombuffer(kept, dtype="<u4").astype(np.uint32)
