"""Sightings: what an importer tells back. Signed counts with a rate interval; no transcript, nobody to be singled out.

k-anonymity (Sweeney, Int. J. Uncertainty, Fuzziness and Knowledge-Based Systems 10, 2002) of counts: what fewer than k
users did is not told, and neither is how many they were. Times are days.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from caseback.disclosure.bundle.envelope import opened, sealed, statement
from caseback.disclosure.bundle.keys import PrivateKey, PublicKey
from caseback.disclosure.bundle.limits import SMALL
from caseback.disclosure.bundle.moments import now, read_time, written
from caseback.disclosure.bundle.strict_json import parse
from caseback.disclosure.feed.entry import ID
from caseback.errors import CasebackError
from caseback.stats.confidence_sequence import rate_sequence

PREDICATE = "urn:caseback:sighting:1"
LEAST = 10
"""Users below whom nothing is told, unless the sender sets more."""
FIELDS = {
    "advisory", "behaviour", "detector", "route", "model", "from", "to", "users_at_least", "screened", "flagged",
    "audited", "confirmed", "rate", "withheld",
}  # fmt: skip


@dataclass(frozen=True)
class Counts:
    """What was counted here since an advisory was imported.

    Attributes:
        screened: Exchanges that the detector scored.
        flagged: Of them, those above the threshold.
        audited: Exchanges drawn at random and looked at.
        confirmed: Of those, with the behaviour.
        users: Distinct users among all that were screened.
        confirmed_users: Among those confirmed.
    """

    screened: int
    flagged: int
    audited: int
    confirmed: int
    users: int
    confirmed_users: int


def sighting(
    advisory: str,
    behaviour: str,
    detector: str,
    route: str,
    model: str,
    counts: Counts,
    begin: datetime,
    end: datetime,
    least: int = LEAST,
) -> dict[str, Any]:
    """What may be told of these counts.

    The rate is that of the audited exchanges, with bounds that hold however often it is told (``rate_sequence``).

    Raises:
        CasebackError: too few users for anything to be told, counts that cannot be, or a ``least`` below 2.
    """
    if least < 2:
        raise CasebackError(f"with k = {least} one user could be singled out: give 2 at least")
    c = counts
    if not (0 <= c.confirmed <= c.audited <= c.screened and 0 <= c.flagged <= c.screened and c.users <= c.screened):
        raise CasebackError(f"counts that cannot be: {c}")
    if c.users < least:
        raise CasebackError(f"{c.users} users are fewer than {least}: nothing may be told about them yet")
    told = c.confirmed == 0 or c.confirmed_users >= least
    bounds = rate_sequence(c.confirmed, c.audited) if told else None
    rate = None
    if bounds is not None:
        value = c.confirmed / c.audited if c.audited else None
        rate = {"events": c.confirmed, "trials": c.audited, "value": value, "low": float(bounds.low),
                "high": float(bounds.high), "confidence": 0.95, "method": "confidence sequence, anytime-valid",
                "denominator": "exchanges drawn at random and looked at"}  # fmt: skip
    return {
        "advisory": advisory,
        "behaviour": behaviour,
        "detector": detector,
        "route": route,
        "model": model,
        "from": _day(begin),
        "to": _day(end),
        "users_at_least": least,
        "screened": c.screened,
        "flagged": c.flagged if told else None,
        "audited": c.audited,
        "confirmed": c.confirmed if told else None,
        "rate": rate,
        "withheld": "" if told else f"confirmed in exchanges of fewer than {least} users",
    }


def signed_sighting(said: Mapping[str, Any], key: PrivateKey) -> bytes:
    """The sighting's envelope."""
    return sealed(statement(PREDICATE, {str(said["advisory"]): "0" * 64}, said), [key])


def read_sighting(text: bytes, keys: Mapping[str, PublicKey], at: datetime | None = None) -> tuple[str, dict[str, Any]]:
    """Who signed a sighting, and what it says.

    Raises:
        CasebackError: it is none, nobody who is known signed it, or it holds more than a sighting may.
    """
    envelope = opened(text, PREDICATE, "the sighting")
    signers = envelope.signers(keys)
    if len(signers) != 1:
        raise CasebackError("the sighting is not signed by a key that is known here")
    said = dict(envelope.statement["predicate"])
    if set(said) != FIELDS or not ID.fullmatch(str(said["advisory"])):
        raise CasebackError("the sighting has other fields than it should")
    numbers = [said[key] for key in ("screened", "audited", "users_at_least")]
    maybe = [said[key] for key in ("flagged", "confirmed")]
    if not all(type(n) is int and n >= 0 for n in numbers) or not all(n is None or type(n) is int for n in maybe):
        raise CasebackError("the sighting holds counts that are none")
    if said["users_at_least"] < 2 or (said["confirmed"] or 0) > said["audited"] or said["audited"] > said["screened"]:
        raise CasebackError("the sighting holds counts that cannot be")
    begin, end = read_time(said["from"], "from"), read_time(said["to"], "to")
    signer = signers.pop()
    if begin > end or (at or now()) > keys[signer].expires:
        raise CasebackError("the sighting ends before it begins, or its key expired")
    return signer, said


def _day(at: datetime) -> str:
    return written(at.replace(hour=0, minute=0, second=0, microsecond=0))


def read_counts(path: Path) -> Counts:
    """The counts in a file.

    Raises:
        CasebackError: it holds none.
    """
    try:
        data = parse(path.read_bytes(), str(path), SMALL)
    except OSError as error:
        raise CasebackError(f"{path}: no counts to read ({error.strerror})") from None
    names = [each.name for each in fields(Counts)]
    if (
        not isinstance(data, dict)
        or sorted(data) != sorted(names)
        or any(type(each) is not int for each in data.values())
    ):
        raise CasebackError(f"{path}: counts are whole numbers called {', '.join(names)}, and nothing else")
    return Counts(**data)
