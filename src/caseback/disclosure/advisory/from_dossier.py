"""A draft from the evidence record: a behaviour that was measured in a model, and what was tried against it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from caseback.disclosure.advisory.draft import digest_of, drafted, finished, model_of, rate_data
from caseback.disclosure.bundle.moments import now, written
from caseback.dossier import Dossier, Record
from caseback.errors import CasebackError

EXACT = "Clopper-Pearson, exact"
CLUSTERED = "exact, allowing for families of situations"


def from_dossier(
    dossier: Dossier, behaviour: str, publisher: str, arm: str = "", summary: str = "", id: str = ""
) -> dict[str, Any]:
    """A draft on one behaviour of one arm of a run; by default of the arm that was measured last.

    Nothing is computed but rates from their counts, and nothing that is missing is filled in: ``gaps`` names it.

    Raises:
        CasebackError: the behaviour, or the arm, was not measured, or it was never shown, which is no finding.
    """
    measured = [record for record in dossier.records("measurement") if record.body.get("behaviour") == behaviour]
    if not measured:
        names = sorted({str(record.body.get("behaviour")) for record in dossier.records("measurement")})
        raise CasebackError(f"{dossier.path}: {behaviour!r} was not measured; there are {', '.join(names) or 'none'}")
    chosen = [record for record in measured if record.body["arm"] == (arm or measured[-1].body["arm"])]
    if not chosen:
        raise CasebackError(
            f"{dossier.path}: {behaviour} was not measured in the arm {arm!r}; it was in "
            f"{', '.join(sorted({record.body['arm'] for record in measured}))}"
        )
    told = [record for record in chosen if record.body["rate"]["n"]] or chosen
    record = told[-1]
    body, why = record.body, dict[str, str]()
    if body["rate"]["n"] and not body["rate"]["k"]:
        arms = sorted({each.body["arm"] for each in measured if each.body["rate"]["k"]})
        raise CasebackError(
            f"{dossier.path}: {behaviour} was shown in 0 of {body['rate']['n']} situations in the arm {body['arm']}: "
            "that is no finding, and no good news before an audit says from which rate it would have been found. "
            f"Take the audit's verdict (--verdict), or an arm where it was shown (--arm: {', '.join(arms) or 'none'})"
        )
    model, used = _model(dossier, body["arm"], why)
    affected = {"model": model, "scope": "exact" if "digest" in model else "any", "status": "affected"}
    made = drafted("finding", behaviour, statement_of(behaviour, why), affected, publisher, now())
    made["summary"] = (summary or _summary(behaviour, model["name"], body))[:300]
    made["behaviour"] |= {
        "clauses": _clauses(dossier, body, used),
        "shows": _shows(dossier, record),
        "conditions": [f"situations of the family {family}" for family in _families(body)],
    }
    made["observed"] = _observed(body, record, why)
    made["mitigations"] = _mitigations(measured, record, used)
    seed = record.seed
    name = model["name"]
    made["reproduction"] = {
        "inspect_task": f"caseback/{behaviour}",
        "command": f"caseback behaviours measure {name} --behaviours {behaviour} --ground {body['ground']} "
        f"--split {body['split']} --seed {seed if seed is not None else 0}",
        "ground": body["ground"],
        "split": body["split"],
        "seed": seed,
    }
    made["timeline"] = [{"at": _moment(record), "what": f"measured in the arm {body['arm']}"}]
    made["provenance"] |= {
        "source": "dossier",
        "dossier_head": dossier.head(),
        "records": list(dict.fromkeys([record.id, *used])),
    }
    return finished(made, why, id)


def _model(dossier: Dossier, arm: str, why: dict[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The model of an arm, and the records that say so."""
    subjects = list(dossier.records("subject"))
    found = next((each for each in reversed(subjects) if each.body.get("role") == arm), None)
    audits = next((each for each in reversed(list(dossier.records("audit"))) if each.body.get("arm") == arm), None)
    before = next((each for each in subjects if each.body.get("role") == "before"), None)
    parents = [digest_of(before.body["digest"])] if before is not None and before is not found else []
    if found is not None:
        model = model_of(found.body)
    elif audits is not None:
        model = {"name": audits.body["subject"].rsplit("/", 1)[-1], "digest": digest_of(audits.body["digest"])}
    else:
        why["affected.model.digest"] = f"the dossier records no digest of the arm {arm}"
        model = {"name": f"{before.body['name']}, arm {arm}" if before else f"arm {arm}"}
    kept = {key: each for key, each in {**model, "parents": [p for p in parents if p]}.items() if each}
    return kept, [each.id for each in (found, audits) if each is not None][:1]


def statement_of(behaviour: str, why: dict[str, str]) -> str:
    """The behaviour in its own words; where none of that name is installed, ``why`` says so."""
    from caseback.behaviours.registry import behaviour as registered

    try:
        return registered(behaviour).summary
    except CasebackError:
        why["behaviour.statement"] = "no behaviour of this name is installed here, so its own words are missing"
        return behaviour.replace("_", " ")


def _summary(behaviour: str, model: str, body: Mapping[str, Any]) -> str:
    rate = body["clustered"] or body["rate"]
    name = behaviour.replace("_", " ").capitalize()
    if not rate["n"]:
        return f"{name} in {model}: cannot tell how often"
    return (
        f"{name} in {model}: {rate['k']} of {rate['n']} situations [{rate['low']:.2f}, {rate['high']:.2f}] "
        f"at {rate['confidence']:.0%}"
    )


def _clauses(dossier: Dossier, body: Mapping[str, Any], used: list[str]) -> list[dict[str, Any]]:
    """Clauses of the recorded constitution that cover a family in which it was shown."""
    record = next(reversed(list(dossier.records("constitution"))), None)
    if record is None:
        return []
    families = _families(body)

    def covers(clause: Mapping[str, Any]) -> bool:
        return any(f"{family}.".startswith(f"{prefix}.") for family in families for prefix in clause["families"])

    found = [
        {"id": clause["id"], "text": clause["text"], "constitution": record.body["digest"]}
        for clause in record.body["clauses"]
        if covers(clause)
    ]
    if found:
        used.append(record.id)
    return found


def _families(body: Mapping[str, Any]) -> list[str]:
    """Those in which it was shown at least once."""
    return sorted(family for family, rate in body["by_family"].items() if rate["k"])


def _shows(dossier: Dossier, record: Record) -> list[str]:
    """The judge's own reasons where it was shown, each once: what was said stays in the dossier."""
    from caseback.dossier import samples

    if "samples" not in record.artefacts:
        return []
    rows = samples(dossier, record.artefacts["samples"])
    reasons = (str(row["judgement"].get("why", "")) for row in rows if row["judgement"].get("shown"))
    return [each[:500] for each in dict.fromkeys(reasons) if each][:5]


def _observed(body: Mapping[str, Any], record: Record, why: dict[str, str]) -> dict[str, Any]:
    said = f"situations that tempt it, of the ground {body['ground']}, split {body['split']}, that could be judged"
    made: dict[str, Any] = {
        "setting": "evaluation",
        "first_seen": _moment(record),
        "last_seen": _moment(record),
        "by_family": {family: rate_data(rate, EXACT, said) for family, rate in body["by_family"].items()},
        "not_evaluated": dict(body["not_evaluated"]),
        "where": f"judge: {body['judge']['note']}" + ("" if body["judge"]["calibrated"] else "; it is not calibrated"),
    }
    if body["rate"]["n"]:
        made["rate"] = _rate(body, said)
    else:
        why["observed.rate"] = body.get("cannot_tell") or "no reply could be judged"
    return made


def _mitigations(measured: list[Record], record: Record, used: list[str]) -> list[dict[str, Any]]:
    """What each arm that was measured afterwards did to the rate on the same ground and split, for better or worse.

    A control is none: it was trained on its own answers, against nothing.
    """
    latest: dict[str, Record] = {}
    for each in measured:
        same = all(each.body[key] == record.body[key] for key in ("ground", "split"))
        later = each.number > record.number and each.body["arm"] != record.body["arm"]
        if same and later and each.body["rate"]["n"] and not each.body["arm"].startswith("control"):
            latest[each.body["arm"]] = each
    if not record.body["rate"]["n"]:
        return []
    said = "situations that could be judged"
    used += [each.id for each in latest.values()]
    return [
        {
            "what": f"the arm {arm} instead of {record.body['arm']}",
            "before": _rate(record.body, said),
            "after": _rate(each.body, said),
        }
        for arm, each in latest.items()
    ]


def _rate(body: Mapping[str, Any], denominator: str) -> dict[str, Any]:
    """The rate of a measurement, with the interval that allows for families where there is one."""
    return rate_data(body["clustered"] or body["rate"], CLUSTERED if body["clustered"] else EXACT, denominator)


def _moment(record: Record) -> str:
    return written(datetime.fromisoformat(record.time).astimezone(UTC).replace(microsecond=0))
