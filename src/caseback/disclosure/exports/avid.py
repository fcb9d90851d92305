"""The advisory as a report of the AI Vulnerability Database (https://avidml.org; the data models of ``avidtools``)."""

from collections.abc import Mapping
from typing import Any

from caseback.disclosure.feed.json_feed import content

SEP = {
    "discrimination": "E0100: Bias/ Discrimination",
    "deception": "E0402: Generative Misinformation",
    "false_self_reports": "E0402: Generative Misinformation",
    "unfaithful_reasoning": "E0200: Explainability",
    "harmful_compliance": "P0400: Safety",
    "hidden_loyalty": "S0601: Ingest Poisoning",
}
"""What AVID files a behaviour under; all else is P0200, issues of the model."""
OTHER = "P0200: Model issues"
DOMAIN = {"S": "Security", "E": "Ethics", "P": "Performance"}


def avid(advisory: Mapping[str, Any]) -> dict[str, Any]:
    """The report of one advisory."""
    sep = SEP.get(advisory["behaviour"]["id"], OTHER)
    seen = advisory.get("observed", {})
    use = seen.get("setting") in ("external use", "internal use", "live use")
    rates = [("rate of the behaviour", seen["rate"])] if "rate" in seen else []
    return {
        "data_type": "AVID",
        "metadata": {"report_id": advisory["id"]},
        "affects": {
            "developer": [advisory["publisher"]["name"]],
            "deployer": [],
            "artifacts": [{"type": "Model", "name": each["model"]["name"]} for each in advisory["affected"]],
        },
        "problemtype": {
            "classof": "LLM Evaluation" if not use else "Third-party Report",
            "type": "Measurement" if rates else "Advisory",
            "description": {"lang": "eng", "value": advisory["summary"]},
        },
        "metrics": [
            {
                "name": name,
                "detection_method": {"type": "Static Threshold", "name": rate.get("method", "counts")},
                "results": dict(rate),
            }
            for name, rate in rates
        ],
        "references": [
            {"type": "source", "label": each["type"], "url": each["url"]} for each in advisory.get("references", ())
        ],
        "description": {"lang": "eng", "value": content(advisory)},
        "impact": {
            "avid": {
                "risk_domain": [DOMAIN[sep[0]]],
                "sep_view": [sep],
                "lifecycle_view": ["L06: Deployment" if use else "L05: Evaluation"],
                "taxonomy_version": "0.2",
            }
        },
        "credit": [{"lang": "eng", "value": each["name"]} for each in advisory.get("credits", ())],
        "reported_date": advisory.get("published", advisory["modified"])[:10],
    }
