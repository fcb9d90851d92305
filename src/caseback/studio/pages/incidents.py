"""Incidents: flagged exchanges of one cause, reviewed by people, and their way into findings."""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from caseback.dossier import open_dossier, read_dossier
from caseback.errors import CasebackError
from caseback.studio.desk import Desk
from caseback.studio.errors import AbsentError, AskedWrongError
from caseback.studio.found import search
from caseback.studio.page import Names, Page, told
from caseback.studio.pages.exchanges import line, message, said
from caseback.studio.pages.live import incident_counts, places
from caseback.studio.pages.review import WORDS, agreement_data
from caseback.studio.post import Post
from caseback.studio.query import text
from caseback.watch.incidents.finding import KIND, record_finding
from caseback.watch.incidents.incident import STATES, Incident, incidents, shown
from caseback.watch.incidents.review import Verdict, review, reviewers_agree, take
from caseback.watch.rates.designs import current_design
from caseback.watch.store.store import Store

Data = Mapping[str, Any]
SHOWN = 20
"""Exchanges of an incident that are shown."""
LOOKED = "looked "
"""Before an exchange's id, the name of the field that says what a reviewer saw in it."""


def listed(desk: Desk, parts: Names, query: Names) -> Data:
    """Incidents in a state, the latest first, and how far reviewers agree."""
    store = desk.stores.open(desk.folder, parts["store"])
    state = text(query, "state") or None
    if state is not None and state not in STATES:
        raise AskedWrongError(f"state={state[:40]} must be one of {', '.join(STATES)}")
    counts = incident_counts(store)
    return {
        "store": parts["store"],
        "state": state,
        "states": {name: counts.get(name, 0) for name in STATES},
        "incidents": [incident_data(each) for each in incidents(store, state)],
        "agreement": agreement_data(reviewers_agree(store)),
    }


def one(desk: Desk, parts: Names, query: Names) -> Data:
    """One incident: its exchanges with all that was said of them, its reviews, and the findings it went into."""
    store = desk.stores.open(desk.folder, parts["store"])
    try:
        seen = shown(store, parts["id"], SHOWN)
    except CasebackError as error:
        raise AbsentError(str(error)) from None
    design = current_design(store)
    found = told(search(desk.folder), "dossiers", lambda key, path: {"records": findings(path, seen.incident.id)})
    return {
        "store": parts["store"],
        **incident_data(seen.incident),
        "shown": [
            {
                **line(whole.listed),
                "messages": None
                if whole.messages is None
                else [message(each, at, whole.verdicts) for at, each in enumerate(whole.messages)],
                "why_gone": whole.why_gone,
                "verdicts": [said(each) for each in whole.verdicts],
            }
            for whole in seen.exchanges
        ],
        "more": seen.more,
        "reviews": [dict(each) for each in seen.reviews],
        "trace_verdicts": [dict(each) for each in seen.trace_verdicts],
        "reviewers": design.reviewers if design else 1,
        "verdict_words": list(get_args(Verdict)),
        "looked_words": list(WORDS),
        "who": text(query, "who", 60),
        "findings": [{"dossier": each["key"], **record} for each in found for record in each.get("records", ())],
        "dossiers": [each["key"] for each in found if not each["unreadable"] and not each["records"]],
        "unreadable": [each for each in found if each["unreadable"]],
    }


def of_exchange(desk: Desk, parts: Names, query: Names) -> Data:
    """Whether an exchange has arrived in the store, and the incidents that it is in."""
    store = desk.stores.open(desk.folder, parts["store"])
    there = store.query("SELECT number, flags FROM exchanges WHERE id = ?", [parts["id"]])
    rows = store.query("SELECT incident FROM incident_exchanges WHERE exchange = ? ORDER BY incident", [parts["id"]])
    return {
        "store": parts["store"],
        "id": parts["id"],
        "arrived": bool(there),
        "flagged": bool(there and there[0]["flags"]),
        "incidents": [row["incident"] for row in rows],
    }


def incident_data(found: Incident) -> dict[str, Any]:
    """An incident as plain data."""
    return {**vars(found), "clauses": list(found.clauses)}


def findings(path: Path, id: str) -> list[dict[str, Any]]:
    """Records of an incident in a dossier."""
    with read_dossier(path) as dossier:
        return [{"record": each.id, "time": each.time} for each in dossier.records(KIND, incident=id)]


async def _take(desk: Desk, parts: Mapping[str, str], given: Mapping[str, Any]) -> Response:
    return await _done(desk, parts, given, lambda store, who: take(store, parts["id"], who))


async def _review(desk: Desk, parts: Mapping[str, str], given: Mapping[str, Any]) -> Response:
    looked = {
        name.removeprefix(LOOKED): _word(str(word)) for name, word in given.items() if name.startswith(LOOKED) and word
    }
    verdict: Any = str(given.get("verdict", ""))

    def kept(store: Store, who: str) -> None:
        design = current_design(store)
        review(
            store, parts["id"], who, verdict, looked, time.time(),
            reviewers=design.reviewers if design else 1, note=str(given.get("note", ""))[:2000],
        )  # fmt: skip

    return await _done(desk, parts, given, kept)


async def _finding(desk: Desk, parts: Mapping[str, str], given: Mapping[str, Any]) -> Response:
    def kept(store: Store, who: str) -> None:
        path = search(desk.folder).one("dossiers", str(given.get("dossier", "")))
        with open_dossier(path) as dossier:
            record_finding(store, dossier, parts["id"], time.time())

    return await _done(desk, parts, given, kept)


async def _done(
    desk: Desk, parts: Mapping[str, str], given: Mapping[str, Any], work: Callable[[Store, str], object]
) -> Response:
    """Does it in a thread, and shows the incident again."""
    who = str(given.get("who", "")).strip()[:60]

    def run() -> None:
        try:
            work(desk.stores.open(desk.folder, parts["store"]), who)
        except AbsentError:
            raise
        except CasebackError as error:
            raise AskedWrongError(str(error)) from None

    await run_in_threadpool(run)
    return RedirectResponse(f"/live/{parts['store']}/incidents/{parts['id']}?{urlencode({'who': who})}", 303)


def _word(word: str) -> bool | None:
    if word not in WORDS:
        raise AskedWrongError(f"what was seen in an exchange is one of {', '.join(WORDS)}, not {word!r:.40}")
    return WORDS[word]


def _incidents(desk: Desk) -> Iterable[Names]:
    for name in desk.stores.where(desk.folder):
        with suppress(CasebackError):  # its page says what is wrong with it
            yield from ({"store": name, "id": each.id} for each in incidents(desk.stores.open(desk.folder, name)))


PAGES = (
    Page("/live/{store}/incidents", "live", "incidents.html.j2", listed, places),
    Page("/live/{store}/incidents/{id}", "live", "incident.html.j2", one, _incidents),
    Page("/live/{store}/of/{id}", "live", "of_exchange.html.j2", of_exchange, exported=False),
)
POSTS = (
    Post("/live/{store}/incidents/{id}/take", _take),
    Post("/live/{store}/incidents/{id}/review", _review),
    Post("/live/{store}/incidents/{id}/finding", _finding),
)
