"""Options of the form NAME=VALUE, which may be repeated."""

from collections.abc import Collection, Sequence

from caseback.errors import CasebackError


def by_name(given: Sequence[str], option: str, such: str, known: Collection[str] | None = None) -> dict[str, str]:
    """The values by name.

    Args:
        given: each ``NAME=VALUE``.
        option: how the user calls it, such as ``--kin``.
        such: an example of a value.
        known: names that there are; any, where it is None.

    Raises:
        CasebackError: a part is missing, a name is given twice, or is not known.
    """
    named: dict[str, str] = {}
    for one in given:
        name, _, value = one.partition("=")
        if not (name and value):
            raise CasebackError(f"{option} {one}: give NAME={such}")
        if known is not None and name not in known:
            raise CasebackError(f"{option} {one}: there is no {name!r} here, only {', '.join(known)}")
        if name in named:
            raise CasebackError(f"{option} {one}: {name!r} is given twice")
        named[name] = value
    return named
