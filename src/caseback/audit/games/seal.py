"""The seal of a game: labels that nobody can read before the end, and red cannot alter after the beginning.

Each subject's label is hidden in a seal of its own, the SHA-256 of the label, the digest of the weights and a random
nonce in canonical JSON (RFC 8785): it tells nothing, for the nonce is random and secret, and no other label fits it.
The game's *commitment* is the SHA-256 of all that blue is told, the seals among it, so that one is enough to publish.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from caseback.audit.games.label import Label, label_data, read_label
from caseback.dossier.record import digest
from caseback.errors import CasebackError

KIND, KEY, VERSION = "caseback game", "caseback game key", 1
"""At the head of game.json, and of the key."""
Data = Mapping[str, Any]


def sealed(given: Data, labels: Mapping[str, Label], digests: Mapping[str, str], draw: Data) -> tuple[Data, Data]:
    """``game.json`` and the key to it.

    Args:
        given: what blue is told beside the seals: the sort of game, the world, the base, the access, the budget.
        labels: of every subject by its opaque id.
        digests: of their weights as blue gets them.
        draw: how red chose them, sealed too.
    """
    subjects = {
        name: {"label": label_data(label), "digest": digests[name], "nonce": secrets.token_hex(32)}
        for name, label in labels.items()
    }
    drawn = {"how": dict(draw), "nonce": secrets.token_hex(32)}
    shown = given["access"] == "weights"
    body = {
        "kind": KIND,
        "version": VERSION,
        **given,
        "subjects": {
            name: {"digest": digests[name] if shown else "", "seal": _seal(name, entry)}
            for name, entry in subjects.items()
        },
        "draw": digest(drawn),
    }
    game = {**body, "commitment": digest(body)}
    return game, {
        "kind": KEY,
        "version": VERSION,
        "commitment": game["commitment"],
        "draw": drawn,
        "subjects": subjects,
    }


def commitment_of(game: Data) -> str:
    """The commitment that ``game.json`` ought to bear."""
    return digest({name: value for name, value in game.items() if name != "commitment"})


def unsealed(game: Data, key: Data, published: str | None = None) -> dict[str, Label]:
    """The labels, after checking that game and key are what they were when the game was made.

    Args:
        published: the commitment as red made it known at the beginning; by default the one in ``game.json``, which
            whoever can alter one file can alter too.

    Raises:
        CasebackError: naming what was altered, left out or put in.
    """
    expected = (published or str(game["commitment"])).strip().lower()
    if commitment_of(game) != expected or game["commitment"] != expected:
        raise CasebackError(
            "the game is not the one that was sealed: game.json does not fit its commitment "
            f"({expected[:16]}…), so nothing is scored; restore it as it was given to blue"
        )
    if set(key) != {"kind", "version", "commitment", "draw", "subjects"} or key["commitment"] != expected:
        raise CasebackError("the key is not this game's: it bears another commitment, or was edited; give the one that "
                            "`caseback game new` wrote for it (--key)")  # fmt: skip
    _check_subjects(game["subjects"], key["subjects"])
    if _digest(key["draw"]) != game["draw"]:
        raise CasebackError("the key was edited after the game was sealed: how the subjects were drawn is not what was "
                            "sealed, so nothing is scored; restore the key")  # fmt: skip
    return {name: read_label(entry["label"]) for name, entry in key["subjects"].items()}


def _check_subjects(subjects: Data, entries: Data) -> None:
    if set(subjects) != set(entries):
        odd = sorted(set(subjects) ^ set(entries))
        raise CasebackError(
            f"key and game have other subjects ({', '.join(odd)} in one of them only): the key was edited after the "
            "game was sealed, so nothing is scored; restore it"
        )
    for name, subject in subjects.items():
        entry = entries[name]
        shown = subject["digest"]
        if _digest_seal(name, entry) != subject["seal"] or (shown and entry["digest"] != shown):
            raise CasebackError(
                f"the key's entry of {name} is not what was sealed: it was edited afterwards, so nothing is scored; "
                "restore the key"
            )


def _seal(name: str, entry: Data) -> str:
    return digest({"subject": name, "label": entry["label"], "digest": entry["digest"], "nonce": entry["nonce"]})


def _digest_seal(name: str, entry: Any) -> str:
    """The seal of an entry that may be anything; empty where it is none."""
    try:
        return _seal(name, entry) if set(entry) == {"label", "digest", "nonce"} else ""
    except (KeyError, TypeError, CasebackError):
        return ""


def _digest(value: Any) -> str:
    try:
        return digest(value)
    except CasebackError:
        return ""
