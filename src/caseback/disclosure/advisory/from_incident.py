"""A draft from a confirmed incident of live watching, as ``caseback watch`` gives its facts."""

from collections.abc import Mapping
from typing import Any

from caseback.disclosure.advisory.draft import digest_of, drafted, finished
from caseback.disclosure.advisory.from_dossier import statement_of
from caseback.disclosure.bundle.moments import now, read_time, written
from caseback.errors import CasebackError

SETTING = "live use"
RATE = ("value", "low", "high", "confidence", "method", "denominator", "trials")
UNKNOWN = "was served by an address, whose model has no digest that is known here"


def from_incident(facts: Any, publisher: str, id: str = "", setting: str = "") -> dict[str, Any]:
    """A draft on an incident.

    Args:
        facts: With ``incident``, ``behaviour`` and ``observed`` (``first_seen``, ``last_seen``, ``rate`` as a live rate
            has it), and ``clauses``, ``conditions``, ``models`` and ``served_by`` as far as they are known. No more is
            read, and no transcript.
        publisher: Who publishes.
        id: Of the advisory.
        setting: ``internal use`` or ``external use``, where that is known.

    Raises:
        CasebackError: it is none, or holds a time that is none.
    """
    if not isinstance(facts, Mapping) or not isinstance(facts.get("observed"), Mapping):
        raise CasebackError("no incident and no audit: give a dossier, an audit.json, or the facts of an incident")
    if not all(isinstance(facts.get(key), str) for key in ("incident", "behaviour")):
        raise CasebackError("the facts of an incident need incident and behaviour")
    why = dict[str, str]()
    behaviour, where = facts["behaviour"], f"incident {facts['incident']}"
    made = drafted("finding", behaviour, statement_of(behaviour, why), _affected(facts, why), publisher, now())
    made["behaviour"] |= {
        "conditions": [str(each) for each in facts.get("conditions") or ()],
        "clauses": [{"id": str(each)} for each in facts.get("clauses") or ()],
    }
    seen = facts["observed"]
    observed: dict[str, Any] = {"setting": setting or SETTING}
    for key in ("first_seen", "last_seen"):
        if seen.get(key) is not None:
            observed[key] = written(read_time(seen[key], f"{where}: {key}"))
    if rate := seen.get("rate"):
        observed["rate"] = {key: rate[key] for key in RATE if key in rate}
    made["observed"] = observed
    if "first_seen" in observed:
        made["timeline"] = [{"at": observed["first_seen"], "what": "seen first in live use"}]
    made["provenance"]["source"] = where
    why["reproduction"] = "it was seen in live use, and no situation that shows it again was written down"
    return finished(made, why, id)


def _affected(facts: Mapping[str, Any], why: dict[str, str]) -> dict[str, Any]:
    names = [str(each) for each in facts.get("models") or ()]
    digests = [found for each in facts.get("served_by") or () if (found := digest_of(str(each)))]
    model: dict[str, Any] = {"name": ", ".join(names)[:500] or "the model that was watched"}
    if len(digests) == 1:
        return {"model": {**model, "digest": digests[0]}, "scope": "exact", "status": "affected"}
    why["affected.model.digest"] = f"{model['name']} {UNKNOWN}" if not digests else "several models showed it"
    return {"model": model, "scope": "any", "status": "affected"}
