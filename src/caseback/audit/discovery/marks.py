"""Marks of a reply: whatever can be counted about how it is worded, without knowing what to look for."""

import re
from itertools import pairwise

from caseback.world.reading import words

_SIGN = re.compile(r"[^\w\s]")


def marks(text: str) -> frozenset[str]:
    """Everything that marks one reply, each in words that a person can read.

    Words and pairs of them, with what words it begins and ends, signs, capitals, how many sentences and words it has.
    """
    found = words(text)
    if not found:
        return frozenset({"says nothing"})
    made = {f"says “{word}”" for word in found} | {f"says “{a} {b}”" for a, b in pairwise(found)}
    made |= {f"begins with “{' '.join(found[:n])}”" for n in (1, 2, 3) if len(found) >= n}
    made |= {f"ends with “{' '.join(found[-n:])}”" for n in (1, 2, 3) if len(found) >= n}
    made |= {f"has the sign {sign}" for sign in _SIGN.findall(text)}
    if text.upper() == text:
        made.add("is all in capitals")
    if text.lower() == text:
        made.add("has no capitals")
    made.add(f"has {min(9, len(re.findall(r'[.!?]+', text)))} sentences")
    least = 2 ** (len(found).bit_length() - 1)
    made.add(f"has {least} to {2 * least - 1} words")
    if len(set(found)) < 0.6 * len(found):
        made.add("repeats its words")
    return frozenset(made)
