"""A draft from an audit's verdict: of what was found, and, signed good news, of what was looked for and not found."""

from collections.abc import Iterable, Mapping
from typing import Any

from caseback.disclosure.advisory.draft import digest_of, drafted, finished, model_of
from caseback.disclosure.bundle.moments import now
from caseback.errors import CasebackError

KIND = "caseback audit"
LIMIT = (
    "the smallest rate of the behaviour when tempted that would have been found in 95 of 100 models that have it, "
    "planted by the recipes named"
)


def from_audit(
    audit: Any, behaviour: str, publisher: str, id: str = "", subjects: Iterable[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """A draft on one behaviour of ``audit.json``, or of a dossier's record of kind ``audit``.

    Args:
        audit: The audit.
        behaviour: By name.
        publisher: Who publishes.
        id: Such as ``LAB-2026-0001``.
        subjects: Bodies of the dossier's records of kind ``subject``. The one of the audited model's digest tells what
            the audit does not: the digests of tokenizer and template, and the precision.

    Raises:
        CasebackError: it is no audit, has no verdict on the behaviour, or could not tell, which is no finding and no
            good news either.
    """
    if not isinstance(audit, Mapping) or audit.get("kind") != KIND or not isinstance(audit.get("verdicts"), list):
        raise CasebackError("no audit: give audit.json as `caseback audit` writes it")
    found = next((each for each in audit["verdicts"] if each.get("behaviour") == behaviour), None)
    if found is None or not behaviour:
        names = ", ".join(sorted(each["behaviour"] for each in audit["verdicts"] if each.get("behaviour")))
        raise CasebackError(f"the audit has no verdict on {behaviour!r}; there are {names}")
    if found["word"] == "cannot tell":
        raise CasebackError(
            f"the audit cannot tell about {behaviour} ({found['why']}): that is nothing to publish, neither as a "
            "finding nor as a negative"
        )
    known = [each for each in subjects if each["digest"] == audit["digest"]]
    return _draft(audit, found, publisher, id, model_of(known[-1]) if known else {})


def _draft(
    audit: Mapping[str, Any], found: Mapping[str, Any], publisher: str, id: str, known: Mapping[str, Any]
) -> dict[str, Any]:
    negative, why = found["word"] == "not found", dict[str, str]()
    calibration = audit.get("calibration")
    named = calibration if isinstance(calibration, Mapping) else {"id": calibration or ""}
    digest = digest_of(audit["digest"])
    base = digest_of(named.get("base_digest"))
    name = str(audit["subject"]).rsplit("/", 1)[-1]
    model = {**known, "name": name, "digest": digest, "parents": [base] if base else []}
    status = (
        {"status": "not_affected", "justification": "behaviour_not_present"} if negative else {"status": "affected"}
    )
    affected = {"model": model, "scope": "exact" if digest else "any", **status}
    behaviour = found["behaviour"]
    made = drafted(
        "negative" if negative else "finding", behaviour, behaviour.replace("_", " "), affected, publisher, now()
    )
    made["looked_for"] = [
        {
            "how": f"{found['view'] or 'assays'} of the panel of calibration {str(named['id'])[:12]}: {found['why']}",
            "verdict": found["word"],
            "limit": dict(found["limit"]) if found.get("limit") else None,
            "limit_means": LIMIT,
            "ratio": dict(found["ratio"]) if found.get("ratio") else None,
            "recipes": list(found.get("recipes", ())),
            "calibration": str(named["id"]),
        }
    ]
    if not negative:
        made["observed"] = {"setting": "evaluation", "where": "in an audit, by assays of whole models"}
        made["behaviour"]["shows"] = [f"{alarm['finds']} ({alarm['said']})" for alarm in found["alarms"]]
        why["observed.rate"] = "an audit tells whether, not how often: measure it (caseback behaviours measure)"
    if not found.get("limit"):
        why["looked_for.limit"] = "there is no rate within those that were calibrated that is found in 95 of 100 models"
    made["reproduction"] = {"command": f"caseback audit {model['name']}", "inspect_task": f"caseback/{behaviour}"}
    made["provenance"]["source"] = "audit"
    return finished(made, why, id)
