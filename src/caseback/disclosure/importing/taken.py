"""The verified bundles that an importer takes: of a subscription, or one by itself."""

from collections.abc import Sequence
from pathlib import Path

from caseback.disclosure.bundle.bundle import Bundle, read_files, verified
from caseback.disclosure.bundle.contents import check_contents
from caseback.disclosure.bundle.key_statements import standings
from caseback.disclosure.bundle.keys import load_public
from caseback.disclosure.bundle.tar import unpacked
from caseback.disclosure.feed.entry import entry_from
from caseback.disclosure.feed.keyring import keyring_from
from caseback.disclosure.feed.store import bundle_bytes, last_envelope, listed, log_lines, opened_store
from caseback.disclosure.feed.subscription import FILE, read_subscription
from caseback.errors import CasebackError


def taken(source: Path, ids: Sequence[str], keys: Sequence[Path]) -> list[Bundle]:
    """The newest standing revisions of these advisories (all where none is named), verified once more.

    Args:
        source: Folder of a subscription, or a bundle.
        ids: Of a subscription: which.
        keys: For a bundle: public keys that are trusted.

    Raises:
        CasebackError: one does not verify, or is not there.
    """
    if not (source / FILE).exists():
        if not keys:
            raise CasebackError(f"{source}: whose is it? give the publisher's key (--key NAME.pub.json), or subscribe")
        bundle = verified(read_files(source), {key.id: key for key in map(load_public, keys)})
        check_contents(bundle.advisory, bundle.files)
        return [bundle]
    pinned = read_subscription(source).pinned
    with opened_store(source) as store:
        texts = last_envelope(store)
        if texts is None:
            raise CasebackError(f"{source} was never synced: run `caseback feed sync {source}`")
        trusted = standings(pinned, keyring_from(texts[1]).statements)
        lines, found = log_lines(store), listed(store)
        if missing := sorted(set(ids) - {each.id for each in found}):
            raise CasebackError(f"{missing[0]} is not in {source}, or does not stand; `caseback feed list` has all")
        bundles = []
        for each in found:
            if ids and each.id not in ids:
                continue
            entry = entry_from(lines[each.place])
            covering = {id: one.key for id, one in trusted.items() if one.covers(each.place)}
            files = unpacked(bundle_bytes(store, each.file), each.id)
            bundles.append(verified(files, covering, entry.time))
    return bundles
