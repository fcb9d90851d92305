"""What a dossier holds of one model, as plain figures from which findings are read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from caseback.dossier.dossier import Dossier
from caseback.errors import CasebackError
from caseback.stats.rate import Rate, exact_rate


@dataclass(frozen=True)
class Evidence:
    """``rates`` of every behaviour, over-refusal among them, with intervals that allow for families; ``families`` the
    same by family. ``abilities`` are right answers by ability, ``earlier`` those of the model before any training.
    ``records`` are the ids of what was measured, by behaviour."""

    rates: Mapping[str, Rate]
    families: Mapping[str, Mapping[str, Rate]]
    abilities: Mapping[str, Rate]
    earlier: Mapping[str, Rate]
    records: Mapping[str, str] = field(default_factory=dict)


def evidence(dossier: Dossier, arm: str, earlier: Mapping[str, Rate]) -> Evidence:
    """What was measured of one arm; the last measurement counts.

    Raises:
        CasebackError: where nothing was.
    """
    records = {str(record.body["behaviour"]): record for record in dossier.records("measurement", arm=arm)}
    measured = {name: record.body for name, record in records.items()}
    if not measured:
        raise CasebackError(f"{dossier.path} holds no measurement of '{arm}': finish the run first")
    return Evidence(
        rates={name: Rate(**body["clustered"]) for name, body in measured.items()},
        families={
            name: {family: Rate(**rate) for family, rate in body["by_family"].items()}
            for name, body in measured.items()
        },
        abilities=abilities(dossier, arm),
        earlier=earlier,
        records={name: record.id for name, record in records.items()},
    )


def abilities(dossier: Dossier, arm: str) -> dict[str, Rate]:
    """Right answers of one arm by ability: the first part of the question's family."""
    records = list(dossier.records("capability", arm=arm))
    return _by_root(records[-1].body["parts"].items() if records else ())


def _by_root(parts: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Rate]:
    counts: dict[str, tuple[int, int]] = {}
    for family, rate in parts:
        k, n = counts.get(root := family.split(".")[0], (0, 0))
        counts[root] = (k + rate["k"], n + rate["n"])
    return {root: exact_rate(k, n) for root, (k, n) in counts.items()}
