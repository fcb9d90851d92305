"""The card of a dossier: what was found about a subject, as plain data. It is a view of the records.

Nothing is computed here. Figures are chosen and arranged, each with the record that it comes from; what a dossier does
not hold is listed as not measured. The form is published as ``card.schema.json``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from caseback.disclosure.data import counted, examples, grown_from, last, trained_on
from caseback.disclosure.evidence import (
    TRAINED,
    artefact_path,
    in_order,
    latest,
    list_records,
    short_text,
    show_samples,
)
from caseback.disclosure.wording import ARM_NAMES, within, words
from caseback.dossier import Dossier, Record

FORMAT = "caseback-card/1"
SHOWN_DATA = 2
"""Data shown for each clause; all of them are in the artefact."""
OVER_REFUSAL = "over_refusal"
REFERENCE = (
    "This subject is a small reference model, trained from scratch on a generated world to test and calibrate the "
    "method. Its figures are never presented as evidence about large models."
)
SUBJECT = ("role", "name", "digest", "parameters", "architecture", "path", "reference")
LISTS = ("reasons", "changes", "against_control")
"""What a verdict rests on: sentences, and each behaviour's change from before and from the control."""
SECTIONS = {
    "measurement": "behaviours",
    "constitution": "the constitution",
    "clause_rates": "rates per clause",
    "capability": "capability",
    "training": "training",
    "subject": "the subject",
    "run": "the run that made this dossier",
}


def card(dossier: Dossier, path: str = ".") -> dict[str, Any]:
    """The card of a dossier, in the form of ``card.schema.json``.

    Args:
        dossier: The evidence. Records that are missing become entries of ``not_measured``.
        path: The dossier's folder relative to the place where the card will lie, so that it can name artefacts.

    Raises:
        CasebackError: where the samples behind a figure are missing or altered: a figure without evidence is not shown.
    """
    records = list(dossier.records())
    by_kind: dict[str, list[Record]] = {}
    for record in records:
        by_kind.setdefault(record.kind, []).append(record)
    measured = latest(by_kind.get("measurement", ()), "arm", "behaviour", "ground", "split")
    capability = latest(by_kind.get("capability", ()), "arm", "ground")
    arms = in_order({str(record.body.get("arm")) for record in [*measured, *capability]})
    after = next((arm for arm in TRAINED if arm in arms), None)
    subjects = [dict.fromkeys(SUBJECT) | _with_id(record) for record in by_kind.get("subject", ())]
    groups = _groups(by_kind.get("measurement", ()), arms)
    return {
        "format": FORMAT,
        "title": _title(subjects),
        "as_of": records[-1].time if records else None,
        "reference": REFERENCE if any(subject.get("reference") for subject in subjects) else None,
        "arms": arms,
        "after": after,
        "verdict": _verdict(by_kind.get("verdict", ())),
        "cannot_tell": _cannot_tell(measured, capability),
        "run": {"machine": {}, **_with_id(by_kind["run"][-1])} if "run" in by_kind else None,
        "subjects": subjects,
        "constitution": _constitution(by_kind, arms, _data(dossier, path)),
        "behaviours": [group for group in groups if group["behaviour"] != OVER_REFUSAL],
        "over_refusal": [group for group in groups if group["behaviour"] == OVER_REFUSAL],
        "capability": _capability(capability, arms),
        "training": [_training(record) for record in by_kind.get("training", ())],
        "depth": _depth(by_kind.get("depth", ()), path),
        "audit": _audit(by_kind["audit"][-1]) if "audit" in by_kind else None,
        "not_measured": _not_measured(by_kind, groups, arms),
        "evidence": {
            "head": dossier.head(),
            "path": path,
            "records": list_records(records, path),
            "samples": [show_samples(dossier, group, after, path) for group in groups],
        },
    }


def _title(subjects: Sequence[Mapping[str, Any]]) -> str:
    before = [subject for subject in subjects if subject.get("role") == "before"] or subjects
    return str(before[0].get("name") or "Unnamed subject") if before else "Unnamed subject"


def _with_id(record: Record) -> dict[str, Any]:
    return {**record.body, "record": record.id}


def _pick(record: Record, *names: str) -> dict[str, Any]:
    """These fields of the body, None where one is missing, and the record's id."""
    return {**{name: record.body.get(name) for name in names}, "record": record.id}


def _groups(records: Iterable[Record], arms: Sequence[str]) -> list[dict[str, Any]]:
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
    entry = _pick(record, *names)
    entry |= {name: entry[name] or {} for name in ("by_family", "not_evaluated")}
    if entry["judge"] is not None:
        entry["judge"] = {"kind": None, "calibrated": None, "note": None, **entry["judge"]}
    if entry["paired"] is not None:
        entry["paired"] = {"arms": {}, "gap": None, **entry["paired"]}
    return entry


def _verdict(records: Sequence[Record]) -> dict[str, Any]:
    if not records:
        summary = "The run has not come to a verdict, so none is given here."
        verdict: dict[str, Any] = {"status": "not measured", "summary": summary, "record": None}
        return verdict | {name: [] for name in LISTS}
    verdict = _pick(records[-1], "status", "summary", *LISTS)
    return verdict | {name: list(verdict[name] or []) for name in LISTS}


def _cannot_tell(measured: Sequence[Record], capability: Sequence[Record]) -> list[dict[str, Any]]:
    found = [
        {"what": str(record.body.get("behaviour")), "why": record.body["cannot_tell"], **_pick(record, "arm", "ground")}
        for record in measured
        if record.body.get("cannot_tell")
    ]
    unable = [
        {"what": "capability", "why": record.body.get("why"), **_pick(record, "arm", "ground")}
        for record in capability
        if record.body.get("able") is False
    ]
    return unable + found


def _constitution(
    by_kind: Mapping[str, Sequence[Record]], arms: Sequence[str], data: Callable[[str], dict[str, Any] | None]
) -> dict[str, Any] | None:
    if "constitution" not in by_kind:
        return None
    body = _pick(by_kind["constitution"][-1], "title", "digest", "source", "compact", "warnings", "clauses")
    rates = {str(record.body.get("arm")): record for record in latest(by_kind.get("clause_rates", ()), "arm")}
    ordered = in_order(set(rates) | set(arms))
    clauses = [
        {
            **{name: clause.get(name) or "" for name in ("id", "tier", "text", "reason", "brief")},
            **{name: list(clause.get(name) or []) for name in ("families", "over")},
            "rates": {
                arm: (rates[arm].body.get("clauses") or {}).get(clause.get("id")) for arm in ordered if arm in rates
            },
            "data": data(str(clause.get("id"))),
        }
        for clause in body["clauses"] or []
    ]
    return {
        **body,
        "warnings": list(body["warnings"] or []),
        "clauses": clauses,
        "rates_records": {arm: record.id for arm, record in rates.items()},
    }


def _data(dossier: Dossier, path: str) -> Callable[[str], dict[str, Any] | None]:
    """What gives the data that serve a clause: how many of each part, and some with what they grew from; None where
    nothing was made."""
    made = last(dossier, "training_data")
    if made is None:
        return lambda id: None
    texts = grown_from(dossier)
    parts = trained_on(dossier)
    kept = {name: artefact_path(path, digest) for name, digest in made.artefacts.items()}

    def of(id: str) -> dict[str, Any]:
        counts = counted(parts, id)
        return {
            "parts": [
                {"name": name, **{key: counts[name][key] for key in ("rows", "serving")}, "path": kept[name]}
                for name in parts
                if name in kept
            ],
            "examples": [_datum(row) for row in examples(parts, id, texts, SHOWN_DATA)],
            "record": made.id,
        }

    return of


def _datum(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: str(row[name]) for name in ("situation", "family", "origin")},
        "messages": [{"role": str(m["role"]), "content": short_text(m["content"])} for m in row["prompt"]],
        "steps": [{"task": str(step["task"]), "text": short_text(step["text"])} for step in row["steps"]],
        **{name: short_text(row.get(name)) for name in ("thinking", "chosen", "rejected")},
    }


def _capability(records: Sequence[Record], arms: Sequence[str]) -> list[dict[str, Any]]:
    groups: dict[Any, list[dict[str, Any]]] = {}
    for record in records:
        entry = _pick(record, "arm", "rate", "parts", "able", "why")
        entry["parts"] = entry["parts"] or {}
        groups.setdefault(record.body.get("ground"), []).append(entry)
    return [
        {"ground": ground, "measurements": sorted(entries, key=lambda entry: arms.index(str(entry["arm"])))}
        for ground, entries in groups.items()
    ]


def _training(record: Record) -> dict[str, Any]:
    names = ("arm", "method", "recipe", "examples", "tokens", "target_tokens", "seconds", "loss", "seed", "control_of")
    entry = _pick(record, *names)
    return entry | {"recipe": entry["recipe"] or {}, "loss": entry["loss"] or [], "data": record.artefacts.get("data")}


def _depth(records: Sequence[Record], path: str) -> list[dict[str, Any]]:
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


def _audit(record: Record) -> dict[str, Any]:
    """The verdicts of the newest audit, each with what would have been found."""
    names = ("behaviour", "word", "why", "view", "ratio", "limit", "recipes")
    body = record.body
    return {
        **_pick(record, "arm", "word", "unable", "calibration"),
        "verdicts": [{name: each.get(name) for name in names} for each in body.get("verdicts") or ()],
    }


def _not_measured(
    by_kind: Mapping[str, Sequence[Record]], groups: Sequence[Mapping[str, Any]], arms: Sequence[str]
) -> list[dict[str, Any]]:
    """What the run said that it did not measure, then what is missing without a word."""
    said = [_pick(record, "what", "why") for record in by_kind.get("not_measured", ())]
    named = [str(entry["what"]) for entry in said]
    missing = [name for kind, name in SECTIONS.items() if kind not in by_kind]
    if "training" in by_kind and "depth" not in by_kind:
        missing.append("how deep training went (caseback character depth)")
    if groups:
        if all(group["behaviour"] != OVER_REFUSAL for group in groups):
            missing.append("over-refusal")
        if "control" not in arms and not any(what.startswith("training") for what in named):
            missing.append("the control on its own answers")
    silent = [
        {"what": name, "why": "this dossier holds no record of it", "record": None}
        for name in missing
        if not any(what.startswith(name) for what in named)
    ]
    return said + silent + _nothing_judged(groups) + _clauses_left_out(by_kind.get("clause_rates", ()))


def _nothing_judged(groups: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Behaviours that were asked for in an arm and in no case told."""
    return [
        {
            "what": f"{words(group['behaviour'])}{_on(group['ground'])}, {_arm(entry['arm'])}",
            "why": f"none of its cases could be judged: {_counted(entry['not_evaluated'])}",
            "record": entry["record"],
        }
        for group in groups
        for entry in group["measurements"]
        if not (entry["rate"] or {}).get("n")
    ]


def _on(ground: str | None) -> str:
    return f" ({ground})" if ground else ""


def _arm(arm: object) -> str:
    return within(ARM_NAMES.get(str(arm), str(arm)))


def _counted(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {why}" for why, count in reasons.items()) or "no reason is recorded"


def _clauses_left_out(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Clauses without a rate, once where no arm has one and else for each arm that lacks it."""
    newest = latest(records, "arm")
    without = [(record, set(_unmeasured(record))) for record in newest]
    everywhere = set.intersection(*(ids for _, ids in without)) if without else set()
    return [
        {
            "what": f"clause {id}" if id in everywhere else f"clause {id}, {_arm(record.body.get('arm'))}",
            "why": (record.body.get("why_not") or {}).get(id) or "no reply that was judged bears on it",
            "record": record.id,
        }
        for record, _ in without
        for id in _unmeasured(record)
        if record is newest[0] or id not in everywhere
    ]


def _unmeasured(record: Record) -> list[str]:
    return [id for id, rate in (record.body.get("clauses") or {}).items() if not rate]
