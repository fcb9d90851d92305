"""Work that is done once: found in the dossier by the digest of its inputs, or done and recorded."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from caseback.dossier.dossier import Dossier
from caseback.dossier.record import Record, digest

Work = Callable[[], tuple[dict[str, Any], dict[str, str]]]
"""Gives the body of a record and its artefacts (name: digest)."""


def once(
    dossier: Dossier, kind: str, inputs: Mapping[str, Any], seed: int, work: Work, parents: Sequence[str] = ()
) -> Record:
    """The record of this work: the one in the dossier where the same inputs were worked on before, else a new one.

    So a run that was killed repeats only what it was in the middle of. ``parents`` are ids of the records that the new
    one rests on.
    """
    key = digest({"kind": kind, **inputs})
    found = dossier.find(kind, key)
    if found:
        return found
    body, artefacts = work()
    return dossier.append(kind, body, parents=parents, artefacts=artefacts, key=key, seed=seed)
