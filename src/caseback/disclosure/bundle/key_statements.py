"""Rotation and revocation of keys, said in signed statements, and who is trusted for what because of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from caseback.disclosure.bundle.envelope import Envelope, opened, sealed, statement
from caseback.disclosure.bundle.keys import PrivateKey, PublicKey, public_data, public_from
from caseback.disclosure.bundle.limits import SMALL
from caseback.disclosure.bundle.moments import now, written
from caseback.disclosure.bundle.strict_json import parse
from caseback.errors import CasebackError

ROTATION, REVOCATION = "urn:caseback:key-rotation:1", "urn:caseback:key-revocation:1"
ENDLESS = 1 << 53


@dataclass(frozen=True)
class Standing:
    """A key that is trusted, and for which entries of a feed's log: those from ``begin`` up to, without, ``end``."""

    key: PublicKey
    begin: int = 0
    end: int = ENDLESS
    why: str = ""

    def covers(self, index: int) -> bool:
        """Whether what it signed at this place of the log stands."""
        return self.begin <= index < self.end


def rotation(old: PrivateKey, new: PrivateKey, size: int, at: datetime | None = None) -> bytes:
    """``old`` hands over to ``new`` from entry ``size`` of the log on; both sign.

    Raises:
        CasebackError: they are one key.
    """
    if old.public.id == new.public.id:
        raise CasebackError("a key cannot follow itself: make a new one with `caseback disclose key new`")
    said = {"old": old.public.id, "new": public_data(new.public), "from": size, "at": written(at or now())}
    return sealed(statement(ROTATION, {"key": old.public.id[7:]}, said), [old, new])


def revocation(revoked: str, by: PrivateKey, size: int, why: str, at: datetime | None = None) -> bytes:
    """What ``revoked`` signed from entry ``size`` of the log on does not count; 0 takes back all of it.

    ``by`` is the key itself or one that followed it.
    """
    said = {"key": revoked, "until": size, "why": why[:500], "at": written(at or now())}
    return sealed(statement(REVOCATION, {"key": revoked[7:]}, said), [by])


def standings(pinned: Mapping[str, PublicKey], statements: Sequence[bytes]) -> dict[str, Standing]:
    """The keys that are trusted where those pinned are, by id.

    A rotation counts where the old key is trusted and both signed. A revocation counts where the key itself signed, or
    one that followed it. A thief of a key can revoke it or hand it over, as its owner can: of two handovers neither is
    followed.

    Raises:
        CasebackError: a statement is malformed, its signatures do not hold, or a key was handed over twice.
    """
    found = {id: Standing(key) for id, key in pinned.items()}
    followers: dict[str, str] = {}
    revocations: list[tuple[Envelope, str]] = []
    for number, text in enumerate(statements):
        what = f"key statement {number + 1}"
        kind = _kind(text, what)
        envelope = opened(text, kind, what)
        if kind == REVOCATION:
            revocations.append((envelope, what))
        else:
            _rotated(envelope, what, found, followers)
    for envelope, what in revocations:
        _revoked(envelope, what, found, followers)
    return found


def _kind(text: bytes, what: str) -> str:
    """Which of both it is. ``opened`` says what is wrong with it where it is neither."""
    import base64

    data = parse(text, what, SMALL)
    payload = data.get("payload") if isinstance(data, dict) else None
    try:
        return REVOCATION if REVOCATION.encode() in base64.b64decode(payload or "") else ROTATION
    except (ValueError, TypeError):
        return ROTATION


def _rotated(envelope: Envelope, what: str, found: dict[str, Standing], followers: dict[str, str]) -> None:
    said = envelope.statement["predicate"]
    old, begin, new = said.get("old"), said.get("from"), public_from(said.get("new"))
    if not isinstance(old, str) or type(begin) is not int or not 0 <= begin < ENDLESS:
        raise CasebackError(f"{what} does not say which key is followed, or from which entry of the log")
    if old not in found:
        return  # of a line of keys that nobody here has pinned
    if old in followers:
        raise CasebackError(
            f"the key {old[:19]}… was handed over twice, to {followers[old][:19]}… and to {new.id[:19]}…: one of "
            "them is not its owner's doing. Ask the owner, and pin the right key"
        )
    if envelope.signers({old: found[old].key, new.id: new}) != {old, new.id}:
        raise CasebackError(f"{what} needs the signatures of the old and of the new key")
    before = found[old]
    found[old] = Standing(before.key, before.begin, min(before.end, begin), f"followed by {new.id[:19]}…")
    if new.id not in found:
        found[new.id] = Standing(new, max(begin, before.begin))
    followers[old] = new.id


def _revoked(envelope: Envelope, what: str, found: dict[str, Standing], followers: Mapping[str, str]) -> None:
    said = envelope.statement["predicate"]
    id, end = said.get("key"), said.get("until")
    if not isinstance(id, str) or type(end) is not int or end < 0:
        raise CasebackError(f"{what} does not say which key is revoked, or from which entry of the log")
    if id not in found:
        return  # of a key that nobody here has pinned
    able = [id]
    while able[-1] in followers and followers[able[-1]] not in able:
        able.append(followers[able[-1]])
    if envelope.signers({each: found[each].key for each in able if each in found}):
        before = found[id]
        found[id] = Standing(before.key, before.begin, min(before.end, end), f"revoked: {str(said.get('why'))[:200]}")
