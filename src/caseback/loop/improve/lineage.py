"""Generations as their record, and as a page."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from caseback.constitution.clause import Constitution
from caseback.dossier.dossier import Dossier
from caseback.dossier.record import Record
from caseback.loop.arms import Arm
from caseback.loop.improve.decide import violations_change
from caseback.loop.improve.report import arm_data
from caseback.loop.records import gap_data
from caseback.loop.verdict import ERROR
from caseback.stats.paired import paired_difference


def lineage_body(
    arms: Sequence[Mapping[str, Arm]], handed_on: Sequence[Mapping[str, Any]], ended: str, fresh_seed: int
) -> dict[str, Any]:
    """The body of the ``generations`` record; its comparisons share the error (Bonferroni)."""
    models = [both["model"] for both in arms]
    confidence = 1 - ERROR / max(1, len(models))
    compared = list(pairwise(range(len(models))))
    compared += [(1, len(models) - 1)] if len(models) > 2 else []
    changes: list[dict[str, Any]] = [
        {
            "from": before,
            "to": after,
            "violations": gap_data(violations_change(models[before], models[after], confidence)),
            "right": gap_data(paired_difference(models[after].right, models[before].right, confidence)),
        }
        for before, after in compared
    ]
    status, why = (
        _trend(changes[-1]["violations"]) if len(models) > 2 else ("cannot tell", "One generation is no line.")
    )
    return {
        "status": status,
        "why": f"{why} {ended}".strip(),
        "fresh_seed": fresh_seed,
        "arms": [{name: arm_data(arm) for name, arm in both.items()} for both in arms],
        "handed_on": [_handed_on(report) for report in handed_on],
        "changes": changes,
    }


def _trend(d: Mapping[str, Any]) -> tuple[str, str]:
    """The last generation against the first, both trained."""
    said = f"{d['value']:+.3f} [{d['low']:+.3f}, {d['high']:+.3f}] at {100 * d['confidence']:.1f}%, {d['n']} pairs"
    if d["high"] < 0:
        return "improves", f"The last generation goes against the document less often than the first: {said}."
    if d["low"] > 0:
        return "drifts", f"The last generation goes against the document more often than the first: {said}."
    return "holds", f"Between the first generation and the last no change beyond noise: {said}."


def _handed_on(report: Mapping[str, Any]) -> dict[str, Any]:
    """What a generation's data say of the judgement that made them."""
    clauses = report["clauses"].values()
    return {
        "judge": report["subject"],
        "auroc": report["calibration"]["auroc"],
        "labels": report["calibration"]["labels"],
        "judged": sum(row["judged"] for row in clauses),
        "broken": sum(row["broken"] for row in clauses),
        "repaired": sum(row["repaired"] for row in clauses),
        "sft": report["sft"],
        "preferences": report["preferences"],
        "target_tokens": report["target_tokens"],
    }


def lineage_page(record: Record, document: Constitution, dossier: Dossier) -> dict[str, Any]:
    """The generations in the form that ``disclosure.steps`` shows."""
    body = record.body
    shown = [("Base", "", ["helpful as it came, before any training"])]
    for number, given in enumerate(body["handed_on"], start=1):
        learnt = ", ".join(f"{count} {origin}" for origin, count in given["sft"].items())
        auroc = (
            "not calibrated" if given["auroc"] is None else f"AUROC {given['auroc']:.2f} on {given['labels']} labels"
        )
        notes = [
            f"judge: {'the base' if number == 1 else f'generation {number - 1}'} ({auroc}); it held "
            f"{given['broken']} of {given['judged']} answers, clause by clause, for broken, and repaired "
            f"{given['repaired']}",
            f"learnt: {learnt}",
        ]
        change = body["changes"][number - 1]["violations"]
        moved = f"{change['value']:+.3f} [{change['low']:+.3f}, {change['high']:+.3f}] from the model before"
        shown.append((f"Generation {number}", moved, notes))
    return {
        "title": "Generations",
        "lead": (
            f"{document.title}: each model is a fresh copy of the base, trained by the judgement of the one before, "
            "which writes and judges all its data. Inherited is only that judgement, not the weights. The control is "
            "the base trained on as many tokens of the judge's own answers, drawn again and not judged. All were "
            f"measured on situations drawn after the last was trained (seed {body['fresh_seed']}). {body['why']}"
        ),
        "head": dossier.head(),
        "changes": body["changes"],
        "series": {"model": {"name": "trained", "kind": "after"}, "control": {"name": "control", "kind": "other"}},
        "steps": [
            {
                "name": name,
                "status": body["status"] if number == len(shown) - 1 else "",
                "why": moved,
                "record": record.id,
                "notes": notes,
                "arms": arms,
                "diffs": [],
            }
            for number, ((name, moved, notes), arms) in enumerate(zip(shown, body["arms"], strict=True))
        ],
    }
