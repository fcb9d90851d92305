"""A subscription: a feed's addresses and the keys that are pinned for it, in ``subscription.json``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from caseback.disclosure.bundle.key_statements import standings
from caseback.disclosure.bundle.keys import PublicKey, public_data, public_from
from caseback.disclosure.bundle.limits import SMALL
from caseback.disclosure.bundle.moments import now
from caseback.disclosure.bundle.strict_json import parse
from caseback.disclosure.feed.head import check_head
from caseback.disclosure.feed.keyring import Keyring, keyring_from
from caseback.disclosure.feed.published import HEAD, KEYS
from caseback.disclosure.feed.source import source
from caseback.dossier.disk import writing
from caseback.dossier.record import canonical
from caseback.errors import CasebackError

FILE, FORMAT = "subscription.json", "caseback subscription 1"


@dataclass(frozen=True)
class Subscription:
    """Where a feed is read, the address first that is asked first, and whose keys it must be signed with.

    ``first_use`` says that the key was taken from the feed itself the first time, as nobody had said which it is.
    """

    folder: Path
    addresses: tuple[str, ...]
    pinned: Mapping[str, PublicKey]
    first_use: bool


def subscribe(
    folder: Path,
    addresses: Sequence[str],
    keys: Sequence[PublicKey] = (),
    ids: Sequence[str] = (),
    at: datetime | None = None,
) -> Subscription:
    """Subscribe to a feed: nothing is imported yet.

    Args:
        folder: Of the subscription; new or empty.
        addresses: The feed's, mirrors after it.
        keys: Public keys that were had from their owner: the feed must have begun with one, or be handed over to it.
        ids: The same, by their ids. With neither, the feed's own first key is pinned as it is now.

    Raises:
        CasebackError: the feed cannot be read, or none of the keys is behind it.
    """
    if (folder / FILE).exists():
        raise CasebackError(f"{folder} is a subscription already: name a new folder")
    fetch = source(addresses[0])
    ring: Keyring = keyring_from(fetch(KEYS, SMALL))
    wanted = {key.id for key in keys} | set(ids)
    trusted = standings({ring.first.id: ring.first}, ring.statements)
    if wanted and not wanted & set(trusted):  # one that followed signed the handover too, so it stands for the first
        raise CasebackError(
            f"the feed at {addresses[0]} began with the key {ring.first.id}, and that is none of those you gave: "
            "do not subscribe until its owner has told you that it is theirs"
        )
    check_head(fetch(HEAD, SMALL), trusted, at or now())
    where = tuple(each if "://" in each else str(Path(each).resolve()) for each in addresses)
    made = Subscription(folder, where, {ring.first.id: ring.first}, not wanted)
    data = {
        "format": FORMAT,
        "addresses": list(made.addresses),
        "pinned": [public_data(key) for key in made.pinned.values()],
        "first_use": made.first_use,
    }
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_bytes(canonical(data))
    return made


def read_subscription(folder: Path) -> Subscription:
    """The subscription in a folder.

    Raises:
        CasebackError: there is none.
    """
    path = folder / FILE
    try:
        data = parse(path.read_bytes(), str(path), SMALL)
    except OSError as error:
        raise CasebackError(
            f"{path}: no subscription ({error.strerror}); make one with `caseback feed subscribe`"
        ) from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise CasebackError(f"{path} is no subscription of this version")
    pinned = [public_from(each) for each in data["pinned"]]
    return Subscription(folder, tuple(data["addresses"]), {key.id: key for key in pinned}, bool(data["first_use"]))
