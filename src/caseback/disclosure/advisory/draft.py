"""What every draft of an advisory begins with, and the gaps that are left in it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from caseback import __version__
from caseback.disclosure.advisory.check import FORMAT, present
from caseback.disclosure.bundle.moments import written
from caseback.dossier.record import digest
from caseback.errors import CasebackError

WANTED = {
    "behaviour.clauses": "no clause of a constitution is named",
    "behaviour.shows": "nothing says what it looks like when it shows",
    "behaviour.conditions": "under which conditions it shows was not mapped (caseback behaviours map)",
    "affected.model.digest": "the model's digest is not known",
    "affected.model.tokenizer": "the tokenizer's digest was not recorded",
    "affected.model.template": "the chat template's digest was not recorded",
    "affected.model.quantisation": "how the weights are quantised was not recorded",
    "reproduction": "no command or task that shows it again is known",
    "timeline": "no dates are known",
    "detectors": "no detector comes with it (--detector)",
}
"""What a reader of an advisory looks for, and why it is missing where nothing else is known."""
FOR_FINDING = {
    "observed.rate": "no rate was measured",
    "observed.first_seen": "when it was seen first is not known",
    "mitigations": "nothing was tried against it",
}
FOR_NEGATIVE = {"looked_for.limit": "no limit of detection is known"}
NOBODY_KNOWS = {"was_training_signal": None}


def drafted(
    kind: str, behaviour: str, statement: str, affected: Mapping[str, Any], publisher: str, at: datetime
) -> dict[str, Any]:
    """An advisory with what it cannot do without. Its id is set by ``finished``.

    Raises:
        CasebackError: no publisher.
    """
    if not publisher.strip():
        raise CasebackError("an advisory needs a publisher: give --publisher, such as 'Example Lab'")
    name = behaviour.replace("_", " ")
    model = affected["model"]["name"]
    said = f"{name} in {model}" if kind == "finding" else f"{name} looked for in {model}, and not found"
    return {
        "format": FORMAT,
        "id": "",
        "revision": 1,
        "kind": kind,
        "modified": written(at),
        "summary": (said[:1].upper() + said[1:])[:300],
        "publisher": {"name": publisher},
        "behaviour": {"id": behaviour, "statement": statement},
        "affected": [dict(affected)],
        "handling": {"tlp": "AMBER"},
        "training_taint": dict(NOBODY_KNOWS),
        "gaps": [],
        "provenance": {"caseback": __version__},
    }


def finished(advisory: Mapping[str, Any], why: Mapping[str, str], id: str = "", prefix: str = "CBA") -> dict[str, Any]:
    """The draft without empty fields, its gaps listed by name with the reason, and its id.

    An id that is not given is made of the year and a digest of the draft, so that two publishers do not meet.

    Args:
        advisory: What is known.
        why: By name of a field the reason why it is missing, where one better than the usual is known.
        id: Such as ``LAB-2026-0001``.
        prefix: Of an id that is made.
    """
    made = _filled(advisory)
    made.setdefault("gaps", [])
    wanted = {**WANTED, **(FOR_FINDING if made["kind"] == "finding" else FOR_NEGATIVE), **why}
    there = set(present(made))
    made["gaps"] = [{"field": name, "why": reason} for name, reason in wanted.items() if name not in there]
    made["id"] = id or f"{prefix}-{made['modified'][:4]}-{digest({**made, 'id': ''})[:12]}"
    return made


def _filled(value: Any) -> Any:
    """Without keys that hold nothing; None is kept where it is an answer."""
    if isinstance(value, Mapping):
        kept = {key: _filled(each) for key, each in value.items()}
        answers = ("was_training_signal", "limit", "value", "low", "high", "seed")
        return {key: each for key, each in kept.items() if each not in (None, "", [], {}) or key in answers}
    if isinstance(value, (list, tuple)):
        return [_filled(each) for each in value]
    return value


def rate_data(rate: Mapping[str, Any], method: str, denominator: str) -> dict[str, Any]:
    """A rate of the dossier, ``{k, n, low, high, confidence}``, as an advisory has it."""
    events, trials = rate["k"], rate["n"]
    return {
        "events": events,
        "trials": trials,
        "value": events / trials if trials else None,
        "low": rate["low"],
        "high": rate["high"],
        "confidence": rate.get("confidence", 0.95),
        "method": method,
        "denominator": denominator,
    }


def model_of(subject: Mapping[str, Any]) -> dict[str, Any]:
    """A model as an advisory names it, from the body of its record of kind ``subject``.

    What the record does not hold is empty: dossiers of earlier versions know no digest of the tokenizer or template.
    """
    digests = {key: digest_of(subject.get(key)) for key in ("digest", "tokenizer", "template")}
    return {"name": subject["name"], **digests, "quantisation": subject.get("dtype", "")}


def digest_of(text: str | None) -> str | None:
    """A digest as advisories write it, ``sha256:…``; None where it is none."""
    bare = (text or "").removeprefix("sha256:")
    return f"sha256:{bare}" if len(bare) == 64 and set(bare) <= set("0123456789abcdef") else None
