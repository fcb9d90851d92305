"""Pages as they are disclosed, served whole from their JSON. They have no script, and may load nothing."""

import base64
import hashlib
import re
from collections.abc import Callable
from typing import Any

from jinja2 import UndefinedError
from starlette.responses import HTMLResponse, Response

from caseback.disclosure.calibration_page import render_audit, render_calibration
from caseback.disclosure.card import card
from caseback.disclosure.circuit_page import render_circuit
from caseback.disclosure.condition_page import render_condition_map
from caseback.disclosure.depth_page import render_depth
from caseback.disclosure.difference_page import render_difference
from caseback.disclosure.directions_page import render_steering
from caseback.disclosure.game_page import render_game
from caseback.disclosure.inside_pages import render_account, render_introspection, render_screening
from caseback.disclosure.investigation_page import render_investigation
from caseback.disclosure.labels_page import render_labels
from caseback.disclosure.organism_page import render_organism
from caseback.disclosure.page import render_html
from caseback.disclosure.pretending_page import render_pretending
from caseback.dossier import read_dossier
from caseback.errors import CasebackError
from caseback.studio.assets import assets
from caseback.studio.desk import Desk
from caseback.studio.errors import AbsentError
from caseback.studio.found import read_json, search

Render = Callable[[Any], str]
NOTHING = "'none'"
LOOKS: dict[str, Render] = {
    "depth": render_depth,
    "difference": render_difference,
    "investigation": render_investigation,
    "introspection": render_introspection,
    "account": render_account,
    "screening": render_screening,
    "steer": render_steering,
    "pretending": render_pretending,
}
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
        with read_dossier(found.one("dossiers", key)) as dossier:
            return render_html(card(dossier))
    if kind == "scores":
        return _drawn(render_game, found.one("games", key).with_name("score.json"))
    if kind == "audits":
        path = found.one("audits", key)
        audit = read_json(path)
        return _drawn(lambda data: render_audit(data, calibration_of(desk, audit)), path)
    if kind == "looks" and (name := key.rpartition("/")[2]) in LOOKS:
        return _drawn(LOOKS[name], found.one(kind, key))
    if kind in KINDS:
        return _drawn(KINDS[kind], found.one(kind, key))
    raise AbsentError(f"no document {kind}/{key}"[:120])


def calibration_of(desk: Desk, audit: dict[str, Any]) -> dict[str, Any]:
    """The calibration that an audit rests on.

    Raises:
        AbsentError: it is not in the folder.
    """
    for path in search(desk.folder).all("calibrations").values():
        read = read_json(path)
        if read.get("id") == audit.get("calibration"):
            return read
    raise AbsentError(f"calibration {str(audit.get('calibration'))[:12]}, by which this was audited, is not here")


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
    return html, policy + "allow-top-navigation-by-user-activation; frame-ancestors 'self'"


def serve_document(html: str, theme: str = "") -> Response:
    """The answer that holds it. Only a page of the studio may frame it."""
    page, policy = tightened(html, theme)
    return HTMLResponse(page, headers={"Content-Security-Policy": policy, "X-Frame-Options": "SAMEORIGIN"})


def _drawn(render: Render, path: Any) -> str:
    try:
        return render(read_json(path))
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, UndefinedError) as error:
        raise CasebackError(
            f"{path} is not as this version of caseback writes it ({type(error).__name__}: {error}): make it again"
        ) from None
