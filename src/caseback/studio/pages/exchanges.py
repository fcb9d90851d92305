"""Exchanges: the list with its filters, and one of them with its transcript and what detectors say of it."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any

from caseback.errors import CasebackError
from caseback.studio.desk import Desk
from caseback.studio.errors import AbsentError, AskedWrongError
from caseback.studio.page import Names, Page
from caseback.studio.pages.live import places
from caseback.studio.query import number, text
from caseback.studio.reader import Reader
from caseback.watch.store.read import clients, detectors, latest, models, of_trace, one
from caseback.watch.store.rows import Filter, Listed, Said, Whole

Data = Mapping[str, Any]
A_PAGE = 50
CHOICES = ("client", "model", "agent", "trace", "ended", "flagged_by")
ENDED = ("whole", "client left", "upstream broke", "stopped", "held", "refused")
EXPORTED = 50
"""Exchanges that an export writes, the latest of each store."""


def exchanges(desk: Desk, parts: Names, query: Names) -> Data:
    """A page of exchanges, latest first."""
    store = desk.stores.open(desk.folder, parts["store"])
    asked: dict[str, Any] = {name: text(query, name) or None for name in CHOICES}
    for name in ("since", "until"):
        asked[name] = number(query, name, -1.0, -1.0, 1e11) if query.get(name) else None
    try:
        page = latest(store, Filter(**asked), before=text(query, "before") or None, most=A_PAGE)
    except CasebackError as error:
        raise AskedWrongError(str(error)) from None
    return {
        "store": parts["store"],
        "asked": asked,
        "before": page.before,
        "exchanges": [line(each) for each in page.exchanges],
        "choices": {
            "client": list(clients(store)),
            "model": list(models(store)),
            "ended": list(ENDED),
            "flagged_by": ["*", *dict.fromkeys(each.name for each in detectors(store))],
        },
    }


def exchange(desk: Desk, parts: Names, query: Names) -> Data:
    """One exchange: its messages with the places found marked, and every verdict with its token scores."""
    store = desk.stores.open(desk.folder, parts["store"])
    whole = one(store, parts["id"])
    if whole is None:
        raise AbsentError(f"no exchange {parts['id']!r:.80} in {parts['store']}")
    verdicts = [said(each) for each in whole.verdicts]
    tokens = reply_tokens(desk.reader, whole)
    return {
        "store": parts["store"],
        **line(whole.listed),
        "messages": None if whole.messages is None else [
            message(each, at, whole.verdicts) for at, each in enumerate(whole.messages)
        ],
        "why_gone": whole.why_gone,
        "masked": whole.masked,
        "expires": whole.expires,
        "held": list(whole.held),
        "verdicts": verdicts,
        "tokens": tokens,
        "lit": [lit(each, tokens) for each in verdicts if each["tokens"]],
        "incidents": [
            row["incident"]
            for row in store.query(
                "SELECT incident FROM incident_exchanges WHERE exchange = ? ORDER BY incident", [parts["id"]]
            )
        ],
        "trace_of": [line(each) for each in of_trace(store, whole.listed.trace)] if whole.listed.trace else [],
    }  # fmt: skip


def line(listed: Listed) -> dict[str, Any]:
    """An exchange of a list as plain data."""
    return {**vars(listed), "flagged": list(listed.flagged)}


def said(each: Said) -> dict[str, Any]:
    """A verdict as plain data."""
    return {**vars(each), "tokens": list(each.tokens), "spans": [vars(span) for span in each.spans]}


def message(given: Data, at: int, verdicts: Sequence[Said]) -> dict[str, Any]:
    """A message as its texts, each cut where a detector found something."""
    found: dict[str, list[tuple[int, int, str]]] = {}
    for verdict in verdicts:
        for span in verdict.spans:
            if span.message == at:
                found.setdefault(f"{span.field}/{span.call}", []).append((span.start, span.end, verdict.detector))
    fields = [(name, 0, given[name]) for name in ("reasoning_content", "content") if given.get(name)]
    for call, each in enumerate(given.get("tool_calls") or ()):
        function = each.get("function") or {} if isinstance(each, Mapping) else {}
        fields.append(("arguments", call, f"{function.get('name', '')} {function.get('arguments', '')}"))
    return {
        "role": str(given.get("role", "")),
        "texts": [
            {"field": name, "parts": marked(as_text(content), found.get(f"{name}/{call}", []))}
            for name, call, content in fields
        ],
    }


def as_text(content: Any) -> str:
    """The content of a message, which may be a list of parts."""
    if isinstance(content, list):
        return "\n".join(str(part.get("text", part)) if isinstance(part, Mapping) else str(part) for part in content)
    return str(content)


def marked(given: str, found: Sequence[tuple[int, int, str]]) -> list[dict[str, Any]]:
    """A text cut at every end of a place: each part with the detectors that found it, none for the rest."""
    inside = [(max(0, start), min(len(given), end), by) for start, end, by in found]
    cuts = sorted({0, len(given), *(at for start, end, _ in inside for at in (start, end) if 0 <= at <= len(given))})
    return [
        {"text": given[a:b], "by": list(dict.fromkeys(by for start, end, by in inside if start <= a and b <= end))}
        for a, b in pairwise(cuts)
    ]


def reply_tokens(reader: Reader | None, whole: Whole) -> list[str] | None:
    """The tokens of the reply as text, by the model that reads here; None where it cannot tell."""
    if reader is None or not whole.messages or whole.messages[-1].get("role") != "assistant":
        return None
    chat: list[Any] = [{"role": str(m["role"]), "content": as_text(m.get("content", ""))} for m in whole.messages]
    try:
        return reader.reply_tokens(chat[:-1], chat[-1]["content"])
    except CasebackError:
        return None


def lit(verdict: Data, tokens: Sequence[str] | None) -> dict[str, Any]:
    """A verdict's token scores from the threshold's point of view, each -10 to 10: 10 lies as far above 0 as the
    largest. With the text of each token where there are as many of them as of scores."""
    scores = verdict["tokens"]
    most = max((abs(score) for score in scores), default=0.0) or 1.0
    texts = tokens if tokens is not None and len(tokens) == len(scores) else None
    return {
        "detector": verdict["detector"],
        "most": most,
        "tokens": [
            {"text": texts[at] if texts else None, "score": score, "level": round(10 * score / most)}
            for at, score in enumerate(scores)
        ],
    }


def _exchanges(desk: Desk) -> Iterable[Names]:
    for name in desk.stores.where(desk.folder):
        with suppress(CasebackError):  # its page says what is wrong with it
            store = desk.stores.open(desk.folder, name)
            yield from ({"store": name, "id": each.id} for each in latest(store, most=EXPORTED).exchanges)


PAGES = (
    Page("/live/{store}/exchanges", "live", "exchanges.html.j2", exchanges, places),
    Page("/live/{store}/exchanges/{id}", "live", "exchange.html.j2", exchange, _exchanges),
)
