"""Kinds of record: invented facts that nothing but a record can tell."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Ledger:
    """A kind of record: a sentence about ``{o}`` with the value ``{x}``."""

    question: str
    sentence: str
    objects: tuple[str, ...]
    values: tuple[str, ...]
