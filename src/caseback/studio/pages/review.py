"""The review queue: exchanges that people are to look at, what they found, and how far two of them agree."""

import time
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from caseback.errors import CasebackError
from caseback.studio.desk import Desk
from caseback.studio.errors import AbsentError, AskedWrongError
from caseback.studio.page import Names, Page
from caseback.studio.pages.exchanges import message
from caseback.studio.pages.live import places
from caseback.studio.post import Post
from caseback.studio.query import text
from caseback.watch.rates.agreement import Agreement
from caseback.watch.rates.audits import queue, record, reviewers_agree, verdicts_on
from caseback.watch.rates.designs import current_design
from caseback.watch.store.read import detectors, one
from caseback.watch.store.store import Store

Data = Mapping[str, Any]
WORDS = {"yes": True, "no": False, "cannot tell": None}


def review(desk: Desk, parts: Names, query: Names) -> Data:
    """What awaits ``who``, and how reviewers agree so far."""
    store = desk.stores.open(desk.folder, parts["store"])
    who = text(query, "who", 60).strip()
    design = current_design(store)
    return {
        "store": parts["store"],
        "who": who,
        "design": {name: getattr(design, name) for name in ("begun", "random_slice", "budget", "reviewers")}
        if design
        else None,
        "queue": [vars(each) | {"behaviours": list(each.behaviours)} for each in queue(store, who, time.time())],
        "agreement": {name: agreement_data(reviewers_agree(store, name)) for name in asked_about(store)},
    }


def reviewed(desk: Desk, parts: Names, query: Names) -> Data:
    """One exchange for a reviewer: its text alone, so that no score sways whoever looks, and what they may say."""
    store = desk.stores.open(desk.folder, parts["store"])
    whole = one(store, parts["id"])
    if whole is None:
        raise AbsentError(f"no exchange {parts['id']!r:.80} in {parts['store']}")
    who = text(query, "who", 60).strip()
    own = verdicts_on(store, [parts["id"]]).get(parts["id"], {})
    return {
        "store": parts["store"],
        "id": parts["id"],
        "time": whole.listed.time,
        "who": who,
        "messages": None if whole.messages is None else [message(m, at, ()) for at, m in enumerate(whole.messages)],
        "why_gone": whole.why_gone,
        "behaviours": {
            name: {"looked": len(own.get(name, {})), "mine": _word(own.get(name, {}), who)}
            for name in asked_about(store)
        },
        "words": list(WORDS),
    }


def asked_about(store: Store) -> list[str]:
    """The behaviours that reviewers are asked about: those of the design, or else of the detectors."""
    design = current_design(store)
    return list(design.behaviours) if design else sorted({each.behaviour for each in detectors(store)})


def agreement_data(found: Agreement) -> dict[str, Any]:
    """How far two agree, as plain data; kappa has no bounds where nobody was looked at by two."""
    agreed = found.agreed
    return {
        "kappa": found.kappa,
        "low": found.low,
        "high": found.high,
        "agreed": {"k": agreed.k, "n": agreed.n, "low": agreed.low, "high": agreed.high},
    }


async def _say(desk: Desk, parts: Mapping[str, str], given: Mapping[str, Any]) -> Response:
    who = str(given.get("who", "")).strip()[:60]
    said = {name.removeprefix("on "): str(word) for name, word in given.items() if name.startswith("on ") and word}
    if wrong := [word for word in said.values() if word not in WORDS]:
        raise AskedWrongError(f"a verdict is one of {', '.join(WORDS)}, not {wrong[0]!r:.40}")

    def kept() -> None:
        store = desk.stores.open(desk.folder, parts["store"])
        if strangers := sorted(set(said) - set(asked_about(store))):
            raise AskedWrongError(f"nobody is asked about {strangers[0]!r:.60} here: load the page again")
        try:
            record(store, parts["id"], who, {name: WORDS[word] for name, word in said.items()}, time.time())
        except CasebackError as error:
            raise AskedWrongError(str(error)) from None

    await run_in_threadpool(kept)
    return RedirectResponse(f"/live/{parts['store']}/review?{_query(who)}", 303)


def _query(who: str) -> str:
    from urllib.parse import urlencode

    return urlencode({"who": who})


def _word(own: Mapping[str, bool | None], who: str) -> str | None:
    if who not in own:
        return None
    return next(word for word, value in WORDS.items() if value is own[who])


PAGES = (
    Page("/live/{store}/review", "live", "review.html.j2", review, places),
    Page("/live/{store}/review/{id}", "live", "reviewed.html.j2", reviewed, lambda desk: (), exported=False),
)
POSTS = (Post("/live/{store}/review/{id}", _say),)
