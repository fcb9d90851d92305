"""Sightings: what an importer tells back. Signed counts with a rate interval; no transcript, nobody to be singled out.

k-anonymity (Sweeney, Int. J. Uncertainty, Fuzziness and Knowledge-Based Systems 10, 2002) of counts: what fewer than k
users did is not told, and neither is how many they were. Times are days.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from caseback.disclosure.bundle.envelope import opened, sealed, statement
from caseback.disclosure.bundle.keys import PrivateKey, PublicKey
from caseback.disclosure.bundle.limits import SMALL
from caseback.disclosure.bundle.moments import now, read_time, written
from caseback.disclosure.bundle.strict_json import parse
from caseback.disclosure.feed.entry import ID
from caseback.disclosure.importing.decide import ROUTES
from caseback.errors import CasebackError
from caseback.stats.confidence_sequence import rate_sequence

PREDICATE = "urn:caseback:sighting:1"
LEAST = 10
"""Users below whom nothing is told, unless the sender sets more."""
FIELDS = {
    "advisory", "behaviour", "detector", "route", "model", "from", "to", "users_at_least", "screened", "flagged",
    "audited", "confirmed", "rate", "withheld",
}  # fmt: skip
NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,200}")
"""Ids and digests: no room for a sentence."""


@dataclass(frozen=True)
class Counts:
    """What was counted here since an advisory was imported.

    Attributes:
        screened: Exchanges that the detector scored.
        flagged: Of them, those above the threshold.
        audited: Exchanges drawn at random and looked at.
        confirmed: Of those, with the behaviour.
        users: Distinct users among all that were screened.
        flagged_users: Among those flagged.
        confirmed_users: Among those confirmed.
    """

    screened: int
    flagged: int
    audited: int
    confirmed: int
    users: int
    flagged_users: int
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
    possible = 0 <= c.confirmed <= c.audited <= c.screened and 0 <= c.flagged <= c.screened
    by_users = ((c.users, c.screened), (c.flagged_users, c.flagged), (c.confirmed_users, c.confirmed))
    # Who was flagged was screened; and where there are exchanges there are users, at most as many.
    if not possible or not all(min(n, 1) <= users <= min(n, c.users) for users, n in by_users):
        raise CasebackError(f"counts that cannot be: {asdict(c)}")
    if c.users < least:
        raise CasebackError(f"{c.users} users are fewer than {least}: nothing may be told about them yet")
    confirmed = c.confirmed if c.confirmed == 0 or c.confirmed_users >= least else None
    flagged = c.flagged if confirmed is not None and (c.flagged == 0 or c.flagged_users >= least) else None
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
        "flagged": flagged,
        "audited": c.audited,
        "confirmed": confirmed,
        "rate": None if confirmed is None else _rate(confirmed, c.audited),
        "withheld": _withheld(flagged, confirmed, least),
    }


def _rate(confirmed: int, audited: int) -> dict[str, Any]:
    bounds = rate_sequence(confirmed, audited)
    return {"events": confirmed, "trials": audited, "value": confirmed / audited if audited else None,
            "low": float(bounds.low), "high": float(bounds.high), "confidence": 0.95,
            "method": "confidence sequence, anytime-valid",
            "denominator": "exchanges, or whole traces, drawn at random and looked at"}  # fmt: skip


def _withheld(flagged: int | None, confirmed: int | None, least: int) -> str:
    if confirmed is None:
        return f"confirmed in exchanges of fewer than {least} users"
    return f"flagged in exchanges of fewer than {least} users" if flagged is None else ""


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
    if set(said) != FIELDS or not isinstance(said["advisory"], str) or not ID.fullmatch(said["advisory"]):
        raise CasebackError("the sighting has other fields than it should")
    _check_names(said)
    _check_counts(said)
    begin, end = read_time(said["from"], "from"), read_time(said["to"], "to")
    if [_day(begin), _day(end)] != [said["from"], said["to"]]:
        raise CasebackError("the sighting's from and to must be days, such as 2026-11-29T00:00:00Z")
    signer = signers.pop()
    if begin > end or (at or now()) > keys[signer].expires:
        raise CasebackError("the sighting ends before it begins, or its key expired")
    return signer, said


def _check_names(said: Mapping[str, Any]) -> None:
    if not isinstance(said["behaviour"], str) or not 1 <= len(said["behaviour"]) <= 120:
        raise CasebackError(f"the sighting's behaviour is {said['behaviour']!r:.40}: it must be the advisory's")
    for key in ("detector", "model"):
        empty = key == "model" and said[key] == ""
        if not isinstance(said[key], str) or not (empty or NAME.fullmatch(said[key])):
            raise CasebackError(f"the sighting's {key} is {said[key]!r:.40}: it must be an id or a digest")
    if said["route"] not in ROUTES:
        raise CasebackError(f"the sighting's route is {said['route']!r:.40}: it must be one of {', '.join(ROUTES)}")


def _check_counts(said: Mapping[str, Any]) -> None:
    least, screened, audited, flagged, confirmed = (
        said[key] for key in ("users_at_least", "screened", "audited", "flagged", "confirmed")
    )
    there = (least, screened, audited, *(each for each in (flagged, confirmed) if each is not None))
    if not all(type(n) is int and n >= 0 for n in there):
        raise CasebackError("the sighting holds counts that are none")
    if not (2 <= least <= screened and (confirmed or 0) <= audited <= screened and (flagged or 0) <= screened):
        raise CasebackError("the sighting holds counts that cannot be")
    # All that a sighting may say beside its counts follows from them.
    if said["withheld"] != _withheld(flagged, confirmed, least) or (confirmed is None and flagged is not None):
        raise CasebackError(f"the sighting's withheld is {said['withheld']!r:.80}, which does not go with its counts")
    if not _same(said["rate"], None if confirmed is None else _rate(confirmed, audited)):
        raise CasebackError("the sighting's rate is not that of its counts")


def _same(given: Any, right: dict[str, Any] | None) -> bool:
    """Whether a rate is this one; the last digits of its bounds may differ between machines."""
    if right is None or not isinstance(given, dict) or set(given) != set(right):
        return given is None and right is None

    def close(one: Any, other: Any) -> bool:
        if isinstance(other, float) and type(one) in (int, float):
            return math.isclose(one, other, abs_tol=1e-6)
        return type(one) is type(other) and bool(one == other)

    return all(close(given[key], each) for key, each in right.items())


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
