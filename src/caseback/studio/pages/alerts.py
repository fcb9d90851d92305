"""Alerts: what is amiss, who took it on, and what was."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from caseback.errors import CasebackError
from caseback.studio.desk import Desk
from caseback.studio.errors import AskedWrongError
from caseback.studio.page import Names, Page
from caseback.studio.pages.live import places
from caseback.studio.post import Post
from caseback.watch.alerts.ledger import Alert, acknowledge, alerts, resolve
from caseback.watch.store.store import Store

Data = Mapping[str, Any]


def listed(desk: Desk, parts: Names, query: Names) -> Data:
    """Alerts, those that are open first."""
    store = desk.stores.open(desk.folder, parts["store"])
    found = [alert_data(each) for each in alerts(store, "all")]
    return {
        "store": parts["store"],
        "open": [each for each in found if each["resolved"] is None],
        "over": [each for each in found if each["resolved"] is not None],
    }


def alert_data(found: Alert) -> dict[str, Any]:
    """An alert as plain data."""
    return {**vars(found), "labels": dict(found.labels), "detail": dict(found.detail)}


def _post(work: Callable[[Store, str, str, float], object]) -> Any:
    async def answer(desk: Desk, parts: Mapping[str, str], given: Mapping[str, Any]) -> Response:
        def run() -> None:
            store = desk.stores.open(desk.folder, parts["store"])
            try:
                work(store, parts["id"], str(given.get("who", "")).strip()[:60], time.time())
            except CasebackError as error:
                raise AskedWrongError(str(error)) from None

        await run_in_threadpool(run)
        return RedirectResponse(f"/live/{parts['store']}/alerts", 303)

    return answer


PAGES = (Page("/live/{store}/alerts", "live", "alerts.html.j2", listed, places),)
POSTS = (
    Post("/live/{store}/alerts/{id}/acknowledge", _post(acknowledge)),
    Post("/live/{store}/alerts/{id}/resolve", _post(resolve)),
)
