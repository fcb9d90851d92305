"""The picture over many: which behaviours in how many models, since when, where things go well, who can detect what."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from caseback.stats.confidence_sequence import rate_sequence

FORMAT = "caseback picture 1"


def picture(
    advisories: Iterable[Mapping[str, Any]], sightings: Sequence[tuple[str, Mapping[str, Any]]]
) -> dict[str, Any]:
    """The data of an industry page.

    Of several sightings by one signer of one advisory, model and detector only the one that ends last counts, since
    each counts from the start; a signer adds its own counts at most, and how many signers there are stands beside them.
    One that withholds what was confirmed saw it, in one exchange at least: the bounds of the rate allow for any number.

    Args:
        advisories: As they were published; withdrawn ones are left out.
        sightings: Signer and what was said, as ``read_sighting`` gives them.
    """
    standing = [each for each in advisories if "withdrawn" not in each]
    latest: dict[tuple[str, ...], tuple[str, Mapping[str, Any]]] = {}
    for signer, said in sorted(sightings, key=lambda each: str(each[1]["to"])):
        latest[signer, said["advisory"], str(said["model"]), str(said["detector"])] = signer, said
    names = {each["behaviour"]["id"] for each in standing}
    return {
        "format": FORMAT,
        "behaviours": [_behaviour(name, standing, list(latest.values())) for name in sorted(names)],
        "withheld_sightings": sum(said["confirmed"] is None for _, said in latest.values()),
    }


def _behaviour(
    name: str, advisories: Sequence[Mapping[str, Any]], sightings: Sequence[tuple[str, Mapping[str, Any]]]
) -> dict[str, Any]:
    mine = [each for each in advisories if each["behaviour"]["id"] == name]
    ids = {each["id"] for each in mine}
    seen = [(signer, said) for signer, said in sightings if said["advisory"] in ids]
    positive = [said for _, said in seen if said["confirmed"] != 0]
    withheld = [said["audited"] for said in positive if said["confirmed"] is None]
    audited = sum(said["audited"] for _, said in seen)
    told = sum(said["confirmed"] or 0 for _, said in seen)
    bounds = rate_sequence([told + len(withheld), told + sum(withheld)], [audited, audited])
    confirmed = None if withheld else told
    affected = _models(mine, "affected") | {said["model"] for said in positive if said["model"]}
    moments = [each.get("observed", {}).get("first_seen") or each.get("published") for each in mine if _found(each)]
    return {
        "behaviour": name,
        "advisories": sorted(ids),
        "models_with_it": sorted(affected),
        "models_without": sorted(_models(mine, "not_affected") - affected),
        "since": min(filter(None, [*moments, *(said["from"] for said in positive)]), default=None),
        "limits_of_detection": [
            {"advisory": each["id"], "publisher": each["publisher"]["name"], "limit": looked["limit"]}
            for each in mine
            for looked in each.get("looked_for", ())
            if looked["verdict"] == "not found"
        ],
        "detectors": [
            {"publisher": each["publisher"]["name"], "advisory": each["id"], "name": one["name"],
             "kind": one.get("kind", "recipe"), "needs": one["needs"], "recipe": "recipe" in one}
            for each in mine
            for one in each.get("detectors", ())
        ],
        "sightings": {
            "organisations": len({signer for signer, _ in seen}),
            "screened": sum(said["screened"] for _, said in seen),
            "withheld": len(withheld),
            "rate": {"events": confirmed, "trials": audited,
                     "value": None if confirmed is None or not audited else confirmed / audited,
                     "low": float(bounds.low[0]), "high": float(bounds.high[1]), "confidence": 0.95},
        },
    }  # fmt: skip


def _found(advisory: Mapping[str, Any]) -> bool:
    return advisory["kind"] == "finding"


def _models(advisories: Sequence[Mapping[str, Any]], status: str) -> set[str]:
    """Digests of models of a status; the name of one where none is known."""
    return {
        each["model"].get("digest", each["model"]["name"])
        for advisory in advisories
        for each in advisory["affected"]
        if each["status"] == status
    }
