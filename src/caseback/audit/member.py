"""The models that a calibration is made of: organisms in every dose, and twins, out of a library."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caseback.errors import CasebackError
from caseback.organisms.doses import diluted
from caseback.organisms.record import ACCEPTED, EXCLUDED, Record, library
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject


@dataclass(frozen=True)
class Member:
    """One model of the library.

    Attributes:
        name: Its folder within the library, and the scale of its adapter where that is not 1.
        folder: Where it is.
        digest: Of the model as it is examined.
        behaviour: What is planted; empty in a twin.
        sort: The recipe that planted it, or the sort of the twin.
        planting: The training that it comes from: all doses of one share it.
        scale: Of its adapter; 1 is the full dose.
        rate: (events, judged) of the behaviour when tempted, from the checks of its planting; None in a twin.
    """

    name: str
    folder: Path
    digest: str
    behaviour: str
    sort: str
    planting: str
    scale: float = 1.0
    rate: tuple[int, int] | None = None

    @property
    def is_twin(self) -> bool:
        """Whether it is innocent."""
        return not self.behaviour


@dataclass(frozen=True)
class Members:
    """Those accepted, and why each other one is left out. ``base`` is the model that all of them grew from."""

    base: str
    base_digest: str
    ground: str
    accepted: tuple[Member, ...]
    left_out: Mapping[str, str]


def members(folder: Path) -> Members:
    """All organisms, in each dose that was measured, and all twins under a folder.

    Raises:
        CasebackError: there are none, or they grew from several bases or in several worlds.
    """
    found = library(folder)
    accepted: list[Member] = []
    left_out: dict[str, str] = {}
    for name, record in found.items():
        if record["status"] == ACCEPTED:
            accepted += _of(folder, name, record)
        else:
            why = "; ".join(record.get("why", ())) if record["status"] == EXCLUDED else "its planting is unfinished"
            left_out[name] = why
    plans = [record["plan"] for record in found.values() if record["status"] == ACCEPTED]
    if not plans:
        raise CasebackError(f"{folder} holds no accepted organism or twin: grow some with `caseback plant`")
    for key in ("base_digest", "ground"):
        if len(several := sorted({str(plan[key]) for plan in plans})) > 1:
            raise CasebackError(
                f"{folder} mixes models of unlike {key.replace('_', ' ')} ({', '.join(several)}): calibrate each "
                "library on its own"
            )
    plan = plans[0]
    return Members(str(plan["base"]), str(plan["base_digest"]), str(plan["ground"]), tuple(accepted), left_out)


def opened(member: Member, base: str) -> OpenSubject:
    """The member, loaded; a dose is the base with the adapter scaled."""
    if member.scale == 1.0:
        return load(str(member.folder / "model"), dtype="float32")
    return diluted(base, member.folder / "model", member.scale)


def _of(library: Path, name: str, record: Record) -> list[Member]:
    plan, folder = record["plan"], library / name
    if plan["kind"] == "twin":
        return [Member(name, folder, record["digest"], "", plan["oddity"] or plan["sort"], name)]
    full = Member(
        name,
        folder,
        record["digest"],
        plan["behaviour"],
        plan["recipe"],
        name,
        1.0,
        _counts(record["checks"][0]["data"]["rate"]),
    )
    doses = [
        Member(
            f"{name} at {dose['scale']:g}",
            folder,
            dose["digest"],
            full.behaviour,
            full.sort,
            name,
            dose["scale"],
            _counts(dose["rate"]),
        )
        for dose in record.get("doses", ())
        if dose["scale"] != 1.0
    ]
    return [full, *doses]


def _counts(rate: Mapping[str, Any]) -> tuple[int, int]:
    return int(rate["k"]), int(rate["n"])
