"""The studio as one ASGI application: a route and its JSON twin for every page, posts, and the door before them."""

import json
import re
import traceback
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from caseback.errors import CasebackError
from caseback.studio.assets import assets
from caseback.studio.desk import Desk
from caseback.studio.documents import artefact, document, serve_artefact, serve_document
from caseback.studio.door import Door, Session
from caseback.studio.errors import AbsentError, AskedWrongError
from caseback.studio.guard import Guard, Hosts, TooLargeError
from caseback.studio.page import Page
from caseback.studio.pages import PAGES, POSTS
from caseback.studio.post import Post
from caseback.studio.refusal import refusal, wants_json
from caseback.studio.render import render

COOKIE = "caseback_studio"
FIELDS = 64
"""Most fields of a form."""
DIGEST = re.compile(r"[0-9a-f]{64}")
Endpoint = Callable[[Request], Awaitable[Response]]


def studio(desk: Desk, door: Door, hosts: Hosts | None = None, pages: Sequence[Page] = PAGES) -> Starlette:
    """The application over this desk."""
    routes = [
        Route("/login", _login(door), methods=["GET", "POST"]),
        Route("/static/{name}", _static),
        Route("/logout", _inside(door, _logout(door)), methods=["POST"]),
        *(Route(each.path, _inside(door, _posted(desk, each)), methods=["POST"]) for each in POSTS),
        Route("/documents/cards/{key:path}/artefacts/{begin}/{digest}", _inside(door, _artefact(desk))),
        Route("/documents/{kind}/{key:path}", _inside(door, _document(desk))),
        *(Route(json_path(page.path), _inside(door, _twin(desk, page))) for page in pages),
        *(Route(page.path, _inside(door, _page(desk, page))) for page in pages),
    ]
    handlers: dict[Any, Any] = {
        HTTPStatus.NOT_FOUND: lambda request, _: refusal(request.scope, HTTPStatus.NOT_FOUND, "No such page."),
        HTTPStatus.METHOD_NOT_ALLOWED: lambda request, _: refusal(
            request.scope, HTTPStatus.METHOD_NOT_ALLOWED, "This address is not asked in this way."
        ),
        AbsentError: lambda request, error: refusal(request.scope, HTTPStatus.NOT_FOUND, str(error)),
        AskedWrongError: lambda request, error: refusal(request.scope, HTTPStatus.BAD_REQUEST, str(error)),
        CasebackError: lambda request, error: refusal(request.scope, HTTPStatus.UNPROCESSABLE_ENTITY, str(error)),
        TooLargeError: lambda request, _: refusal(
            request.scope, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "More was sent than a request may have."
        ),
    }
    return Starlette(routes=routes, exception_handlers=handlers, middleware=[Middleware(Guard, hosts=hosts or Hosts())])


def cookie_of(request: Request) -> str:
    """The name of the session's cookie. A browser has one jar for all ports, and each may have a studio of its own."""
    return f"{COOKIE}_{request.scope['server'][1]}"


def json_path(path: str) -> str:
    """Where the JSON twin of a page is."""
    return "/index.json" if path == "/" else f"{path}.json"


def _inside(door: Door, endpoint: Callable[[Request, Session], Awaitable[Response]]) -> Endpoint:
    async def answer(request: Request) -> Response:
        session = door.session(request.cookies.get(cookie_of(request), ""))
        if session is None:
            if wants_json(request.scope) or request.method != "GET":
                return refusal(request.scope, HTTPStatus.UNAUTHORIZED, "Come in first: open the address printed.")
            asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/login?next={quote(asked)}", HTTPStatus.SEE_OTHER)
        try:
            return await endpoint(request, session)
        except (CasebackError, TooLargeError):
            raise
        except Exception as error:  # one page that fails must not look like one that is empty
            traceback.print_exc()
            why = f"The studio failed here: {type(error).__name__}: {error}"
            return refusal(request.scope, HTTPStatus.INTERNAL_SERVER_ERROR, why)

    return answer


def _page(desk: Desk, page: Page) -> Callable[[Request, Session], Awaitable[Response]]:
    async def answer(request: Request, session: Session) -> Response:
        def drawn() -> str:
            data = page.data(desk, request.path_params, request.query_params)
            here = request.url.path
            twin = json_path(here) + (f"?{request.url.query}" if request.url.query else "")
            return render(page.template, page=data, section=page.section, session=session, here=here, twin=twin)

        return HTMLResponse(await run_in_threadpool(drawn))

    return answer


def _twin(desk: Desk, page: Page) -> Callable[[Request, Session], Awaitable[Response]]:
    async def answer(request: Request, session: Session) -> Response:
        found = await run_in_threadpool(page.data, desk, request.path_params, request.query_params)
        return Response(as_json(found), media_type="application/json")

    return answer


def as_json(data: Any) -> str:
    """The data of a page as its JSON twin has it."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _document(desk: Desk) -> Callable[[Request, Session], Awaitable[Response]]:
    async def answer(request: Request, session: Session) -> Response:
        kind, key = request.path_params["kind"], request.path_params["key"]
        return serve_document(await run_in_threadpool(document, desk, kind, key), request.query_params.get("theme", ""))

    return answer


def _artefact(desk: Desk) -> Callable[[Request, Session], Awaitable[Response]]:
    async def answer(request: Request, session: Session) -> Response:
        key, begin, digest = (request.path_params[name] for name in ("key", "begin", "digest"))
        if not DIGEST.fullmatch(digest) or digest[:2] != begin:
            raise AbsentError("No artefact is here: its name is its SHA-256.")
        return serve_artefact(await run_in_threadpool(artefact, desk, key, digest))

    return answer


def _posted(desk: Desk, post: Post) -> Callable[[Request, Session], Awaitable[Response]]:
    async def answer(request: Request, session: Session) -> Response:
        body = await request.body()
        kind = request.headers.get("content-type", "").partition(";")[0]
        if kind == "application/json":  # no other page can send that: a browser would ask first, and is refused
            given, csrf = _object(body), session.csrf
        elif kind == "application/x-www-form-urlencoded":
            given = _form(body)
            csrf = given.pop("csrf", "")
        else:
            return refusal(request.scope, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send a form or JSON.")
        if csrf != session.csrf:
            return refusal(request.scope, HTTPStatus.FORBIDDEN, "This form is not of this session: load it again.")
        return await post.answer(desk, request.path_params, given)

    return answer


def _form(body: bytes) -> dict[str, Any]:
    try:
        read = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=FIELDS)
    except ValueError:
        raise AskedWrongError(f"A form has at most {FIELDS} fields, in UTF-8.") from None
    return {name: values[-1] for name, values in read.items()}


def _object(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise AskedWrongError("Send a JSON object.")
    return given


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in assets():
        return refusal(request.scope, HTTPStatus.NOT_FOUND, "No such file.")
    asset = assets()[name]
    return Response(asset.content, media_type=asset.kind, headers={"Cache-Control": "max-age=3600"})


def _login(door: Door) -> Endpoint:
    async def answer(request: Request) -> Response:
        after = request.query_params.get("next", "/")
        after = after if after.startswith("/") and not after.startswith(("//", "/\\")) else "/"
        session, why = None, ""
        if request.method == "POST":
            session = door.by_password(str(_form(await request.body()).get("password", "")))
            why = "" if session else "That is not the password."
        elif request.method == "GET" and "token" in request.query_params:  # HEAD only asks what would be there
            session = door.by_link(request.query_params["token"])
            why = "" if session else "This link was used, or is none: start the studio again for a new one."
        if session is None:
            shut = request.method == "POST" and door.shut()
            status = HTTPStatus.TOO_MANY_REQUESTS if shut else HTTPStatus.UNAUTHORIZED if why else HTTPStatus.OK
            why = "Too many tries: wait a minute." if shut else why
            if wants_json(request.scope):
                return JSONResponse({"error": why or "Come in first."}, status)
            page = render("login.html.j2", why=why, password=door.password is not None, next=after)
            return HTMLResponse(page, status)
        response = RedirectResponse(after, HTTPStatus.SEE_OTHER)
        # Lax: who follows a link from elsewhere is known. Posts from elsewhere are not, and need the session's token.
        response.set_cookie(
            cookie_of(request), session.id, httponly=True, samesite="lax", secure=request.url.scheme == "https"
        )
        return response

    return answer


def _logout(door: Door) -> Callable[[Request, Session], Awaitable[Response]]:
    async def answer(request: Request, session: Session) -> Response:
        if _form(await request.body()).get("csrf") != session.csrf:
            return refusal(request.scope, HTTPStatus.FORBIDDEN, "This form is not of this session: load it again.")
        door.leave(session.id)
        response = RedirectResponse("/login", HTTPStatus.SEE_OTHER)
        response.delete_cookie(cookie_of(request))
        return response

    return answer
