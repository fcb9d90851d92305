"""Times as advisories write them: UTC, RFC 3339, with a Z."""

import re
from datetime import UTC, datetime

from caseback.errors import CasebackError

FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")
"""As the schema of advisories has it."""


def now() -> datetime:
    """This moment, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def written(at: datetime) -> str:
    """Such as ``2026-11-29T13:20:00Z``."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def read_time(text: object, what: str) -> datetime:
    """The moment that ``written`` wrote.

    Raises:
        CasebackError: it is none; ``what`` names it.
    """
    try:
        if not isinstance(text, str) or not FORM.fullmatch(text):
            raise ValueError
        return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)
    except ValueError:
        raise CasebackError(f"{what} is {text!r:.40}: write a time in UTC such as 2026-11-29T13:20:00Z") from None
