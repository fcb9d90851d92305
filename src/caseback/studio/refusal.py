"""An answer that says why there is none: a page for a person, JSON for a program."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Scope

from caseback.studio.render import render


def refusal(scope: Scope, status: HTTPStatus, why: str) -> Response:
    """The answer of this status."""
    if wants_json(scope):
        return JSONResponse({"error": why}, status)
    title = "Nothing is here" if status == HTTPStatus.NOT_FOUND else status.phrase.capitalize()
    return HTMLResponse(render("refused.html.j2", why=why, title=title, status=int(status)), status)


def wants_json(scope: Scope) -> bool:
    """Whether a program asks, and no browser."""
    return str(scope["path"]).endswith(".json") or "text/html" not in Headers(scope=scope).get("accept", "text/html")
