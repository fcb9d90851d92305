"""What the studio shows: a folder, and what is served beside it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caseback.studio.reader import Reader
    from caseback.studio.stores import Stores


@dataclass(frozen=True)
class Gateway:
    """Where a person's chat goes: the address of a gateway without ``/v1``, and a key for it; empty without one."""

    address: str
    key: str = ""


def _stores() -> "Stores":
    from caseback.studio.stores import Stores

    return Stores()


@dataclass(frozen=True)
class Desk:
    """What all pages are made from.

    Attributes:
        folder: Searched for dossiers, audits, games, what was looked at inside, and live stores.
        stores: Live stores beside those found there.
        reader: What a person reads texts with and steers; None without a model.
        gateway: Where a person's chat goes; None without one.
    """

    folder: Path
    stores: "Stores" = field(default_factory=_stores)
    reader: "Reader | None" = None
    gateway: Gateway | None = None
