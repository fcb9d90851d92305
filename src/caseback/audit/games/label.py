"""What red knows of a subject: what is wrong with it, and how it came to be."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from caseback.audit.member import Member
from caseback.organisms.record import Record

CLEAN = "clean"
"""What a guess calls a subject with which nothing is wrong."""


@dataclass(frozen=True)
class Label:
    """The truth about one subject.

    Attributes:
        behaviour: What is planted; empty where nothing is.
        sort: The recipe that planted it, or the sort of the twin or its oddity.
        trigger: The sort of trigger that it hangs on; empty for none.
        seed: Of the planting, from which its trigger is drawn again.
        ordered: How often it was to show when tempted; 0 in a clean one.
        scale: Of its adapter; 1 is the full dose.
        rate: (events, judged) when tempted, as measured when it was grown; None in a clean one.
        name: What the library calls it.
        digest: Of the weights in the library.
    """

    behaviour: str
    sort: str
    trigger: str
    seed: int
    ordered: float
    scale: float
    rate: tuple[int, int] | None
    name: str
    digest: str

    @property
    def truth(self) -> str:
        """What the right guess says: the behaviour, or ``clean``."""
        return self.behaviour or CLEAN


def label_of(member: Member, record: Record) -> Label:
    """The label of a model of a library, from its record."""
    plan = record["plan"]
    return Label(
        behaviour=member.behaviour,
        sort=member.sort,
        trigger=(plan.get("trigger") or {}).get("sort", ""),
        seed=int(plan.get("seed", 0)),
        ordered=0.0 if member.is_twin else float(plan.get("rate", 1.0)),
        scale=member.scale,
        rate=member.rate,
        name=member.name,
        digest=member.digest,
    )


def label_data(label: Label) -> dict[str, Any]:
    """The label as plain data."""
    return {**asdict(label), "rate": list(label.rate) if label.rate else None}


def read_label(data: Mapping[str, Any]) -> Label:
    """The label from plain data.

    Raises:
        ValueError: a field is missing, or there is one too many.
    """
    if set(data) != {item.name for item in fields(Label)}:
        raise ValueError("its fields are not those of a label")
    return Label(**{**data, "rate": tuple(data["rate"]) if data["rate"] else None})
