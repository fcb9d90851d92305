"""A round as its record, and all rounds as a page and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from caseback.constitution.clause import Constitution
from caseback.constitution.json_form import digest
from caseback.dossier.dossier import Dossier
from caseback.loop.arms import Arm, violations_rate
from caseback.loop.improve.finding import Finding
from caseback.loop.improve.own_prompts import told
from caseback.loop.improve.proposals import Proposal
from caseback.loop.improve.round import Measured
from caseback.loop.improve.start import Start
from caseback.loop.improve.work import ARMS
from caseback.loop.records import gap_data, rate_data


def round_body(
    number: int,
    start: str,
    document: Constitution,
    found: Sequence[Finding],
    changes: Sequence[Proposal],
    taken_up: Sequence[str],
    result: Measured | str,
) -> dict[str, Any]:
    """The body of a ``round`` record.

    ``taken_up`` are the families measured beside those of a run; a result that is text says why nothing was trained,
    which counts as rolled back.
    """
    body = {
        "number": number,
        "start": start,
        "constitution": digest(document),
        "findings": [asdict(finding) for finding in found],
        "changes": [change.as_dict() | {"name": change.name} for change in changes],
        "taken_up": list(taken_up),
    }
    if isinstance(result, str):
        return {**body, "status": "rolled back", "why": result, "trained": False, "model": start, "own_prompts": {}}
    decision = result.decision
    return {
        **body,
        "status": decision.status,
        "why": decision.why,
        "trained": True,
        "model": str(result.model),
        "fresh_seed": result.fresh_seed,
        "situations": result.asked,
        "repeated": result.repeated,
        "left_out": result.left_out,
        "own_prompts": result.own_prompts,
        "differences": {
            "violations": gap_data(decision.violations),
            "against_control": gap_data(decision.against_control),
            "right": gap_data(decision.right),
        },
        "arms": {name: arm_data(getattr(result, name)) for name in ARMS},
        "verdict": {**asdict(decision.verdict), "reasons": list(decision.verdict.reasons)},
    }


def arm_data(arm: Arm) -> dict[str, Any]:
    """The rates of an arm: all violations together, each behaviour, right answers."""
    return {
        "violations": rate_data(violations_rate(arm)),
        "behaviours": {name: rate_data(found.clustered) for name, found in arm.measurements.items()},
        "capability": rate_data(arm.capability),
        "unable": arm.unable or None,
    }


def rounds_page(start: Start, dossier: Dossier, rounds: int) -> dict[str, Any]:
    """All rounds so far, in the form that ``disclosure.steps`` shows."""
    made = list(dossier.records("round"))
    return {
        "title": "Improvement, round by round",
        "lead": (
            f"From the model of {start.run.name}, at most {rounds} rounds. Each trains the last accepted model and a "
            "control the same way, and measures both, with the model before, on situations drawn after the training "
            "from families held out from it. A round that hurts is rolled back and not built upon; one whose gain is "
            "within noise ends it."
        ),
        "head": dossier.head(),
        "series": {
            "before": {"name": "before", "kind": "before"},
            "repaired": {"name": "repaired", "kind": "after"},
            "control": {"name": "control", "kind": "other"},
        },
        "steps": [
            {
                "name": f"Round {record.body['number']}",
                "status": record.body["status"],
                "why": record.body["why"],
                "record": record.id,
                "notes": [
                    *(f"{change['name']}: {change['finding']['why']}" for change in record.body["changes"]),
                    *_drawn(record.body),
                    *(told(found) for found in record.body.get("own_prompts", {}).values()),
                ],
                "arms": record.body.get("arms", {}),
                "diffs": [p.body["diff"] for p in dossier.records("proposal", round=record.body["number"])
                          if p.body["accepted"]],
            }
            for record in made
        ],
    }  # fmt: skip


def _drawn(body: Mapping[str, Any]) -> list[str]:
    if not body["trained"]:
        return []
    drawn = (
        f"{body['situations']} situations were drawn from seed {body['fresh_seed']} after the training; "
        f"{body['repeated']} of them say what was asked before, word for word"
    )
    count = body.get("left_out", 0)
    left_out = f"; {count} more were left out, since an incident of live use asked the same"
    return [drawn + left_out if count else drawn]
