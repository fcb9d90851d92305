"""Incidents that people confirmed in live use, as watching left them in a run's dossier."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from caseback.chat import Message
from caseback.detectors.transcript import transcript_of
from caseback.dossier.dossier import Dossier
from caseback.dossier.record import Record
from caseback.dossier.samples import samples
from caseback.errors import CasebackError
from caseback.watch.incidents.finding import KIND

TRANSCRIPTS = "transcripts"
"""Name of the record's artefact."""
Prompt = tuple[Message, ...]


@dataclass(frozen=True)
class Live:
    """An incident. ``record`` is the id of what the dossier holds of it, ``rate`` its live rate in words.

    ``prompts`` are what stood before the bad replies, each once. ``without`` counts violations that give none, by why.
    """

    record: str
    incident: str
    behaviour: str
    clauses: tuple[str, ...]
    detector: str
    violations: int
    rate: str
    prompts: tuple[Prompt, ...]
    without: Mapping[str, int]

    def __str__(self) -> str:
        """The incident in one line, for whoever decides."""
        by = f", found by {self.detector}" if self.detector else ""
        told = [f"people confirmed incident {self.incident} in live use{by}"]
        told += [_counted(self.violations, "violation"), self.rate]
        told += [f"{_counted(len(self.prompts), 'prompt')} of it"] if self.prompts else []
        told += [f"{_counted(n, 'violation')} without its prompt ({why})" for why, n in self.without.items()]
        return ", ".join(told)


def live_findings(dossier: Dossier) -> dict[str, Live]:
    """By id, the incidents that the dossier holds; of one that was recorded again, as it was recorded last.

    A violation whose text is gone, or that is no chat which ends with a reply, gives no prompt and is counted.

    Raises:
        CasebackError: the transcripts of one are missing, altered, or no JSON; nothing is then made of any.
    """
    newest = {_text(record.body.get("incident")) or record.id: record for record in dossier.records(KIND)}
    return {incident: _live(dossier, incident, record) for incident, record in newest.items()}


def _live(dossier: Dossier, incident: str, record: Record) -> Live:
    body, rows = record.body, _rows(dossier, incident, record)
    read = [_prompt(row) for row in rows]
    detector, clauses, violations = body.get("detector"), body.get("clauses"), body.get("violations")
    violations = violations if isinstance(violations, int) else len(rows)
    without = Counter(why for why in read if isinstance(why, str))
    if TRANSCRIPTS not in record.artefacts:
        without["its record names no transcripts"] = violations
    return Live(
        record=record.id,
        incident=incident,
        behaviour=_text(body.get("behaviour")) or "(none named)",
        clauses=tuple(map(_text, clauses)) if isinstance(clauses, list) else (),
        detector=_text(detector.get("name")) if isinstance(detector, Mapping) else "",
        violations=violations,
        rate=_rate(body.get("rate")),
        prompts=tuple({str(prompt): prompt for prompt in read if not isinstance(prompt, str)}.values()),
        without=dict(without),
    )


def _rows(dossier: Dossier, incident: str, record: Record) -> list[dict[str, Any]]:
    if TRANSCRIPTS not in record.artefacts:
        return []
    try:
        return samples(dossier, record.artefacts[TRANSCRIPTS])
    except CasebackError as error:
        raise CasebackError(f"incident {incident} (record {record.id[:12]}): {error}") from error


def _prompt(row: Mapping[str, Any]) -> Prompt | str:
    """What stood before the reply, or why there is nothing. Training data has no tool calls, so they are left out."""
    if row.get("messages") is None:
        return _text(row.get("why_gone")) or "its text is gone"
    try:
        said = transcript_of({"messages": row["messages"]})
    except CasebackError as error:
        return f"not read: {error}"
    before = said.messages[:-1]
    if said.reply is None or not before or before[-1]["role"] not in ("user", "tool"):
        return "no request with a reply to it"
    return tuple(cast(Message, {"role": message["role"], "content": message["content"]}) for message in before)


def _rate(told: object) -> str:
    given = told if isinstance(told, Mapping) else {}
    figures = [given.get(name) for name in ("value", "low", "high")]
    if not all(isinstance(figure, int | float) for figure in figures):
        return f"live rate not known ({_text(given.get('why')) or 'none was recorded'})"
    value, low, high = figures
    return f"live rate {value:.3g} [{low:.3g}, {high:.3g}]"


def _counted(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _text(value: object) -> str:
    return "" if value is None else str(value)
