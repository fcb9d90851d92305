"""What a page may not be able to show, and why."""

from caseback.errors import CasebackError


class AbsentError(CasebackError):
    """Nothing is at this path."""


class AskedWrongError(CasebackError):
    """What was asked for cannot be understood; the message names the field."""
