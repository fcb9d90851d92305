"""Pages as they are disclosed, served whole from their JSON. They have no script, and may load nothing."""

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import UndefinedError
from starlette.responses import HTMLResponse, Response

from caseback.disclosure.calibration_page import render_audit, render_calibration
from caseback.disclosure.card import card
from caseback.disclosure.circuit_page import render_circuit
from caseback.disclosure.condition_page import render_condition_map
from caseback.disclosure.game_page import render_game
from caseback.disclosure.labels_page import render_labels
from caseback.disclosure.organism_page import render_organism
from caseback.disclosure.page import render_html
from caseback.dossier import read_dossier
from caseback.errors import CasebackError
from caseback.studio.assets import assets
from caseback.studio.desk import Desk
from caseback.studio.errors import AbsentError
from caseback.studio.found import LARGEST, calibration_with, read_json, search
from caseback.studio.looks import LOOKS

Render = Callable[[Any], str]
NOTHING = "'none'"
KINDS: dict[str, Render] = {
    "calibrations": render_calibration,
    "maps": render_condition_map,
    "organisms": render_organism,
    "labels": render_labels,
    "circuits": render_circuit,
}


def document(desk: Desk, kind: str, key: str) -> str:
    """The HTML of one.

    Raises:
        AbsentError: there is none.
        CasebackError: its file is damaged, or is not of this version.
    """
    found = search(desk.folder)
    if kind == "cards":
        return _card(desk, key)
    if kind == "scores":
        return _drawn(render_game, found.one("games", key).with_name("score.json"))
    if kind == "audits":
        path = found.one("audits", key)
        rests_on = read_json(path).get("calibration")
        known = calibration_with(found, rests_on)
        if known is None:
            raise AbsentError(f"calibration {str(rests_on)[:12]}, by which this was audited, is not here")
        return _drawn(lambda data: render_audit(data, known[1]), path)
    if kind == "looks" and (name := key.rpartition("/")[2]) in LOOKS:
        return _drawn(LOOKS[name].render, found.one(kind, key))
    if kind in ("studies", "notebooks"):
        return _page_beside(found.one(kind, key))
    if kind in KINDS:
        return _drawn(KINDS[kind], found.one(kind, key))
    raise AbsentError(f"no document {kind}/{key}"[:120])


def artefact(desk: Desk, key: str, digest: str) -> bytes:
    """What the dossier of this key holds under this digest, checked against it.

    Raises:
        AbsentError: there is no such dossier.
        CasebackError: it is missing, altered or truncated.
    """
    with read_dossier(search(desk.folder).one("dossiers", key)) as dossier:
        return dossier.get(digest)


def artefacts(desk: Desk, key: str) -> Iterator[tuple[str, bytes]]:
    """All that the card of this key leads to, each with its path in the studio. What is missing or was altered is left
    out: the card strikes what rests on it."""
    with read_dossier(search(desk.folder).one("dossiers", key)) as dossier:
        for digest in sorted({digest for record in dossier.records() for digest in record.artefacts.values()}):
            with suppress(CasebackError):
                yield f"/documents/cards/{key}/artefacts/{digest[:2]}/{digest}", dossier.get(digest)


def tightened(html: str, theme: str = "") -> tuple[str, str]:
    """The same document with every style in one sheet, and the policy that allows that sheet and nothing else.

    Args:
        theme: ``light`` or ``dark``, where a person chose one.
    """
    if theme in ("light", "dark"):
        html = html.replace("<html", f'<html data-theme="{theme}"', 1)
    numbers: dict[str, int] = {}

    def moved(found: re.Match[str]) -> str:
        return f' data-s="{numbers.setdefault(found[1], len(numbers))}"'

    # In text a quotation mark is written as an entity, so only attributes are found.
    html = re.sub(r' style="([^"]*)"', moved, html)
    rules = "".join(f'[data-s="{number}"] {{ {style} }}\n' for style, number in numbers.items())
    html = html.replace("</style>", assets()["themes.css"].content.decode() + rules + "</style>", 1)
    sheets = re.findall(r"<style>(.*?)</style>", html, re.S)
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in sheets)
    policy = f"default-src 'none'; style-src {hashes or NOTHING}; base-uri 'none'; form-action 'none'; sandbox "
    # Of the same origin, or else a browser would not show who follows a link in it to an artefact. It has no script.
    return html, policy + "allow-same-origin allow-top-navigation-by-user-activation; frame-ancestors 'self'"


def serve_document(html: str, theme: str = "") -> Response:
    """The answer that holds it. Only a page of the studio may frame it."""
    page, policy = tightened(html, theme)
    return HTMLResponse(page, headers={"Content-Security-Policy": policy, "X-Frame-Options": "SAMEORIGIN"})


def serve_artefact(content: bytes) -> Response:
    """The answer that holds an artefact: text, whatever it is. Like the card that leads to it, it may be framed."""
    policy = "default-src 'none'; base-uri 'none'; form-action 'none'; sandbox; frame-ancestors 'self'"
    headers = {"Content-Security-Policy": policy, "X-Frame-Options": "SAMEORIGIN"}
    return Response(content, media_type="text/plain", headers=headers)


def _card(desk: Desk, key: str) -> str:
    """The page of a card. Its artefacts lie beneath it, as they do beneath the file that an export writes."""
    path = search(desk.folder).one("dossiers", key)
    with read_dossier(path) as dossier:
        made = card(dossier, quote(key.rpartition("/")[2]))
    made["evidence"]["path"] = path.relative_to(desk.folder).as_posix()
    return render_html(made)


def _page_beside(path: Path) -> str:
    """The page that a study wrote beside its report. Whatever it holds, the policy lets it show and do nothing else."""
    page = path.with_suffix(".html")
    try:
        if page.stat().st_size > LARGEST:
            raise CasebackError(f"{page} has more than {LARGEST >> 20} MiB: too much for a page")
        return page.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise AbsentError(f"{path.name} has no page beside it: run the study again") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CasebackError(f"{page} cannot be read ({error}): run the study again") from None


def _drawn(render: Render, path: Any) -> str:
    try:
        return render(read_json(path))
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, UndefinedError) as error:
        raise CasebackError(
            f"{path} is not as this version of caseback writes it ({type(error).__name__}: {error}): make it again"
        ) from None
