"""What the studio shows: a folder, and what is served beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Desk:
    """What all pages are made from.

    Attributes:
        folder: Searched for dossiers, audits, games, what was looked at inside, and live stores.
        stores: Addresses of live stores by name, beside those found in the folder.
        reader: What a person reads texts with; None without a model.
    """

    folder: Path
    stores: Mapping[str, str] = field(default_factory=dict)
    reader: Any = None
