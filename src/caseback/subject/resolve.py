"""A subject from the one string that a user names it by."""

from pathlib import Path
from typing import TYPE_CHECKING

from caseback.errors import CasebackError
from caseback.subject.address import is_address
from caseback.subject.pace import PATIENCE
from caseback.subject.subject import Subject

if TYPE_CHECKING:
    from caseback.subject.closed import ClosedSubject


def resolve(spec: str, *, patience: float = PATIENCE) -> Subject:
    """``https://host/v1#model`` is a closed subject; anything else a model folder or hub id.

    Args:
        spec: as above.
        patience: seconds to wait for an address that does not answer; see ``resolve_closed``.

    Raises:
        CasebackError: as ``connect`` and ``load`` do.
    """
    if is_address(spec):
        return resolve_closed(spec, patience=patience)
    from caseback.subject.load import load

    return load(spec)


def resolve_closed(
    spec: str,
    *,
    cache: str | Path | None = None,
    price: tuple[float, float] | None = None,
    patience: float = PATIENCE,
) -> "ClosedSubject":
    """The subject behind ``https://host/v1#model``; see ``connect``.

    Args:
        spec: address and model name.
        cache: as for ``connect``.
        price: as for ``connect``.
        patience: seconds to wait for an address that does not answer; one try may take half of it.
    """
    from caseback.subject.closed import connect

    address, _, model = spec.partition("#")
    if not model:
        raise CasebackError(f"{spec} names no model; add it after a #, as in {address.rstrip('/')}#model-name")
    return connect(address, model, cache=cache, price=price, timeout=patience / 2, patience=patience)
