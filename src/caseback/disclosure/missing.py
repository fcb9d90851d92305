"""What a card does not tell: what the run said that it left out, and what is missing without a word."""

from collections.abc import Mapping, Sequence
from typing import Any

from caseback.disclosure.evidence import OVER_REFUSAL, latest, pick
from caseback.disclosure.wording import ARM_NAMES, within, words
from caseback.dossier import Record

SECTIONS = {
    "measurement": "behaviours",
    "constitution": "the constitution",
    "clause_rates": "rates per clause",
    "capability": "capability",
    "training": "training",
    "subject": "the subject",
    "run": "the run that made this dossier",
}


def not_measured(
    by_kind: Mapping[str, Sequence[Record]], groups: Sequence[Mapping[str, Any]], arms: Sequence[str]
) -> list[dict[str, Any]]:
    """What the run said that it did not measure, then what is missing without a word."""
    said = [pick(record, "what", "why") for record in by_kind.get("not_measured", ())]
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
