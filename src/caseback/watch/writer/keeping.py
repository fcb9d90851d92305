"""What the writer keeps, for how long, and what it allows itself."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Keeping:
    """Bounds of the writer.

    Attributes:
        key: File with the key that pseudonyms are made with (``store.pseudonyms``).
        text_days: Days for which texts are kept; 0 keeps none, infinity all.
        journal_bytes: Of the journal that wait: above, the oldest are kept without scores, so that the writer catches
            up.
        slowest_s: Seconds that a detector may take for an exchange; one that takes longer rests for a while.
        batch_s: Seconds from one commit to the next, as long as there is little to do.
        batch_bytes: Of the journal that go into one commit, about.
        sweep_s: Seconds from one deletion of what has expired to the next.
    """

    key: Path
    text_days: float = 30.0
    journal_bytes: int = 1 << 32
    slowest_s: float = 2.0
    batch_s: float = 0.05
    batch_bytes: int = 1 << 20
    sweep_s: float = 600.0
