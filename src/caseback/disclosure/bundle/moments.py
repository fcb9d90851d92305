"""Times as advisories write them: UTC, RFC 3339, with a Z."""

from datetime import UTC, datetime

from caseback.errors import CasebackError


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
        if not isinstance(text, str) or not text.endswith("Z"):
            raise ValueError
        return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)
    except ValueError:
        raise CasebackError(f"{what} is {text!r:.40}: write a time in UTC such as 2026-11-29T13:20:00Z") from None
