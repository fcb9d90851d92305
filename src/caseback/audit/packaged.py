"""The calibration that ships: of the quick panel, on models grown from ref-aligned."""

from pathlib import Path

from caseback.world.reference import shipped_path


def packaged_calibration() -> Path | None:
    """Where it lies; None where this installation has none."""
    aligned = shipped_path("ref-aligned")
    found = aligned / "calibration.json" if aligned else None
    return found if found and found.is_file() else None
