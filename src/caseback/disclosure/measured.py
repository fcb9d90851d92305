"""Sections of a card that are figures of behaviours, ability, training and audits, each with its record."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from caseback.disclosure.evidence import artefact_path, latest, pick
from caseback.dossier import Record

CALIBRATION = ("id", "base", "panel")
LISTS = ("reasons", "changes", "against_control")
"""What a verdict rests on: sentences, and each behaviour's change from before and from the control."""


def groups(records: Iterable[Record], arms: Sequence[str]) -> list[dict[str, Any]]:
    """Measurements of one behaviour on one ground and split: the latest of each arm, and how many it took the place
    of, since a figure measured again must not look like one measured once."""
    alike: dict[tuple[Any, ...], list[Record]] = {}
    for record in records:
        alike.setdefault(tuple(record.body.get(name) for name in ("behaviour", "ground", "split")), []).append(record)
    groups = []
    for (behaviour, ground, split), members in alike.items():
        newest = [_measurement(record) for record in latest(members, "arm")]
        group = {"behaviour": str(behaviour or "unnamed"), "ground": ground, "split": split}
        group["measurements"] = sorted(newest, key=lambda entry: arms.index(str(entry["arm"])))
        groups.append({**group, "earlier": len(members) - len(newest)})
    return groups


def _measurement(record: Record) -> dict[str, Any]:
    names = ("arm", "rate", "clustered", "by_family", "not_evaluated", "paired", "judge", "cannot_tell")
    entry = pick(record, *names)
    entry |= {name: entry[name] or {} for name in ("by_family", "not_evaluated")}
    if entry["judge"] is not None:
        entry["judge"] = {"kind": None, "calibrated": None, "note": None, **entry["judge"]}
    if entry["paired"] is not None:
        entry["paired"] = {"arms": {}, "gap": None, **entry["paired"]}
    return entry


def counts(measurement: Mapping[str, Any]) -> bool:
    """Whether a rate was counted, and can be told."""
    return bool((measurement["rate"] or {}).get("n")) and not measurement.get("cannot_tell")


def verdict(records: Sequence[Record]) -> dict[str, Any]:
    """The newest verdict with what it rests on; one that says so where there is none."""
    if not records:
        summary = "The run has not come to a verdict, so none is given here."
        verdict: dict[str, Any] = {"status": "not measured", "summary": summary, "record": None}
        return verdict | {name: [] for name in LISTS}
    verdict = pick(records[-1], "status", "summary", *LISTS)
    return verdict | {name: list(verdict[name] or []) for name in LISTS}


def cannot_tell(measured: Sequence[Record], capability: Sequence[Record]) -> list[dict[str, Any]]:
    """What could not be told, and why: models not able enough first, then behaviours."""
    found = [
        {"what": str(record.body.get("behaviour")), "why": record.body["cannot_tell"], **pick(record, "arm", "ground")}
        for record in measured
        if record.body.get("cannot_tell")
    ]
    unable = [
        {"what": "capability", "why": record.body.get("why"), **pick(record, "arm", "ground")}
        for record in capability
        if record.body.get("able") is False
    ]
    return unable + found


def capability(records: Sequence[Record], arms: Sequence[str]) -> list[dict[str, Any]]:
    """Rates of right answers, by ground."""
    groups: dict[Any, list[dict[str, Any]]] = {}
    for record in records:
        entry = pick(record, "arm", "rate", "parts", "able", "why")
        entry["parts"] = entry["parts"] or {}
        groups.setdefault(record.body.get("ground"), []).append(entry)
    return [
        {"ground": ground, "measurements": sorted(entries, key=lambda entry: arms.index(str(entry["arm"])))}
        for ground, entries in groups.items()
    ]


def training(record: Record) -> dict[str, Any]:
    """How one arm was trained."""
    names = ("arm", "method", "recipe", "examples", "tokens", "target_tokens", "seconds", "loss", "seed", "control_of")
    entry = pick(record, *names)
    return entry | {"recipe": entry["recipe"] or {}, "loss": entry["loss"] or [], "data": record.artefacts.get("data")}


def depth(records: Sequence[Record], path: str) -> list[dict[str, Any]]:
    """The scores of each behaviour, the newest where it was measured more than once; every curve is in ``path``."""
    found = {}
    for record in records:
        for item in record.body.get("behaviours") or ():
            arms = [{name: arm.get(name) for name in ("arm", "unable", "scores")} for arm in item.get("arms") or ()]
            found[item.get("behaviour"), item.get("ground")] = {
                **{name: item.get(name) for name in ("behaviour", "ground", "n")},
                "arms": [{**arm, "scores": arm["scores"] or {}} for arm in arms],
                "path": artefact_path(path, record.artefacts["depth"]) if "depth" in record.artefacts else None,
                "record": record.id,
            }
    return list(found.values())


def audit(record: Record) -> dict[str, Any]:
    """The verdicts of the newest audit, each with what would have been found."""
    names = ("behaviour", "word", "why", "view", "ratio", "limit", "recipes")
    body, calibration = record.body, record.body.get("calibration")
    return {
        **pick(record, "arm", "word", "unable"),
        "calibration": {**dict.fromkeys(CALIBRATION), **calibration} if calibration else None,
        "verdicts": [{name: each.get(name) for name in names} for each in body.get("verdicts") or ()],
    }
