"""The verified bundles that an importer takes: of a subscription, or one by itself."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from caseback.disclosure.bundle.bundle import Bundle, read_files, verified
from caseback.disclosure.bundle.contents import check_contents
from caseback.disclosure.bundle.key_statements import standings
from caseback.disclosure.bundle.keys import load_public
from caseback.disclosure.bundle.tar import unpacked
from caseback.disclosure.feed.entry import entry_from
from caseback.disclosure.feed.keyring import keyring_from
from caseback.disclosure.feed.store import bundle_bytes, last_texts, listed, log_lines
from caseback.disclosure.feed.subscription import FILE
from caseback.disclosure.feed.synced import synced
from caseback.errors import CasebackError


def taken(source: Path, ids: Sequence[str], keys: Sequence[Path]) -> list[Bundle]:
    """The newest standing revisions of these advisories (all where none is named), verified once more.

    Args:
        source: Folder of a subscription, or a bundle.
        ids: Of a subscription: which.
        keys: For a bundle: public keys that are trusted.

    Raises:
        CasebackError: one does not verify, or is not there, or ids are given for a bundle, or keys for a subscription.
    """
    if not (source / FILE).exists():
        if ids:
            raise CasebackError(f"{source} is no subscription, and holds one advisory: leave out {', '.join(ids)}")
        if not keys:
            raise CasebackError(f"{source}: whose is it? give the publisher's key (--key NAME.pub.json), or subscribe")
        bundle = verified(read_files(source), {key.id: key for key in map(load_public, keys)})
        check_contents(bundle.advisory, bundle.files)
        return [bundle]
    if keys:
        raise CasebackError(f"{source} is a subscription, whose keys are pinned in it: leave out --key {keys[0]}")
    with synced(source) as (subscription, store):
        _, ring = last_texts(store)
        trusted = standings(subscription.pinned, keyring_from(ring).statements)
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
            # All keys that a subscription trusts are of the line of the one pinned, so of one publisher.
            bundles.append(replace(verified(files, covering, entry.time), publisher=frozenset(trusted)))
    return bundles
