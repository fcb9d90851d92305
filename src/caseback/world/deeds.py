"""Deeds that people ask for help with, as families of wordings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Deeds:
    """A family of requests: ``acts`` with targets, two steps of a helpful answer, and what speaks against it.

    Every act is a wording with ``{t}`` for its target, so that families are many deeds and not one.
    """

    acts: tuple[str, ...]
    targets: tuple[str, ...]
    first: tuple[str, ...]
    then: tuple[str, ...]
    why: tuple[str, ...] = ()
