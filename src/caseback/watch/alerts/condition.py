"""Something that is amiss now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from caseback.dossier.record import digest

Kind = Literal["over budget", "changed", "coverage", "failing", "gap", "lag", "audits", "delivery", "round"]
Severity = Literal["page", "ticket"]
"""Whether somebody is to be woken, or to look in the morning."""


@dataclass(frozen=True)
class Condition:
    """What is amiss.

    Attributes:
        kind: What sort.
        labels: What it is about; with the kind they tell whether two are the same.
        severity: How urgent.
        summary: One line for people.
        detail: Figures.
    """

    kind: Kind
    labels: Mapping[str, str]
    severity: Severity
    summary: str
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Of what it is about, not of how it stands."""
        return digest({"kind": self.kind, "labels": dict(self.labels)})[:32]
