"""A subject from the one string that a user names it by."""

from pathlib import Path

from caseback.errors import CasebackError
from caseback.subject.subject import Subject


def resolve(spec: str) -> Subject:
    """``https://host/v1#model`` is a closed subject; anything else a model folder or hub id.

    Raises:
        CasebackError: as ``connect`` and ``load`` do.
    """
    if spec.startswith(("http://", "https://")):
        return resolve_closed(spec)
    from caseback.subject.load import load

    return load(spec)


def resolve_closed(spec: str, *, cache: str | Path | None = None, price: tuple[float, float] | None = None) -> Subject:
    """The subject behind ``https://host/v1#model``; see ``connect``."""
    from caseback.subject.closed import connect

    address, _, model = spec.partition("#")
    if not model:
        raise CasebackError(f"{spec} names no model; add it after a #, as in {address.rstrip('/')}#model-name")
    return connect(address, model, cache=cache, price=price)
