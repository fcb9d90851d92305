"""The calibration that ships: of the quick panel, on models grown from ref-aligned."""

from pathlib import Path

from caseback.errors import CasebackError
from caseback.world.reference import shipped_path


def packaged_calibration() -> Path | None:
    """Where it lies; None where this installation has none."""
    aligned = shipped_path("ref-aligned")
    found = aligned / "calibration.json" if aligned else None
    return found if found and found.is_file() else None


def given_or_packaged(path: Path | None) -> Path:
    """The calibration named, or else the one that ships.

    Raises:
        CasebackError: none is named, and none ships with this installation.
    """
    if (found := path or packaged_calibration()) is None:
        raise CasebackError(
            "no calibration comes with this installation: make one with `caseback calibrate`, and name it with -c"
        )
    return found
