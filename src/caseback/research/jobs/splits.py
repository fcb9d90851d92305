"""Which split of a world each part of a job's cases is drawn from."""

from caseback.research.sealed import DEVELOPED
from caseback.world.situation import Split
from caseback.world.worlds import ground_of


def split_of(part: str, ground: str) -> Split:
    """``train``, ``dev`` for the cases to choose by, and ``test`` for the sealed ones: no family is in two of them.

    Nothing is chosen on world B, which holds no families out for that: its cases to choose by are more of ``train``.
    """
    if part == "sealed":
        return "test"
    return "dev" if part == "dev" and ground == ground_of(DEVELOPED) else "train"
