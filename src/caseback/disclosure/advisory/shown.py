"""An advisory in words, a line each, for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

STATUS = {
    "affected": "affected",
    "not_affected": "not affected",
    "fixed": "fixed",
    "under_investigation": "being looked into",
}


def lines(advisory: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A heading and what it says, in the order in which a reader wants them."""
    yield "", f"{advisory['id']}, revision {advisory['revision']}: {advisory['summary']}"
    if "withdrawn" in advisory:
        yield "WITHDRAWN", f"{advisory['withdrawn']}: {advisory['withdrawn_why']}"
    by = advisory["publisher"]
    yield "by", by["name"] + (f" ({by['contact']})" if "contact" in by else "")
    behaviour = advisory["behaviour"]
    yield "behaviour", f"{behaviour['id']}: {behaviour['statement']}"
    for each in behaviour.get("shows", ()):
        yield "shows as", each
    for each in behaviour.get("conditions", ()):
        yield "when", each
    if "clauses" in behaviour:
        yield "breaks", ", ".join(clause["id"] for clause in behaviour["clauses"])
    for each in advisory["affected"]:
        model = each["model"]
        digest = f" {model['digest'][:19]}…" if "digest" in model else ""
        yield "model", f"{model['name']}{digest}: {STATUS[each['status']]} ({each['scope']})"
    if "observed" in advisory:
        seen = advisory["observed"]
        yield (
            "seen in",
            seen["setting"] + (f", {rate_words(seen['rate'])}" if "rate" in seen else ", how often unknown"),
        )
    for each in advisory.get("looked_for", ()):
        yield "looked for", f"{each['how']}: {each['verdict']}{_limit(each['limit'])}"
    for each in advisory.get("mitigations", ()):
        effect = f": {rate_words(each['before'])} to {rate_words(each['after'])}" if "after" in each else ""
        yield "mitigation", each["what"] + effect
    if "command" in advisory.get("reproduction", {}):
        yield "again by", advisory["reproduction"]["command"]
    for each in advisory.get("detectors", ()):
        points = "; ".join(
            f"at {p['target']:.3g} false alarms above {p['threshold']:.4g}" for p in each.get("points", ())
        )
        yield (
            "detector",
            f"{each['name']}: {each.get('kind', 'recipe')}, reads {each['needs']}{', ' + points if points else ''}",
        )
    handling = advisory["handling"]
    until = f", under embargo until {handling['embargo_until']}" if "embargo_until" in handling else ""
    yield "handling", f"TLP:{handling['tlp']}{until}"
    taint = {True: "yes", False: "no", None: "nobody knows"}[advisory["training_taint"]["was_training_signal"]]
    yield "taint", f"was a detector ever a training signal: {taint}"
    for each in advisory["gaps"]:
        yield "missing", f"{each['field']}: {each['why']}"


def rate_words(rate: Mapping[str, Any]) -> str:
    """Such as ``7 of 40 [0.07, 0.33]``."""
    value = rate.get("value")
    told = f"{rate['events']} of" if "events" in rate else "a rate unknown of" if value is None else f"{value:.3g} of"
    return f"{told} {rate['trials']} [{rate['low']:.3g}, {rate['high']:.3g}]"


def _limit(limit: Mapping[str, Any] | None) -> str:
    if not limit or limit["value"] is None:
        return ""
    return f", and would have been found from a rate of {limit['value']:.2g}"
