"""All pages as files in a folder, to be opened without a server: each page, its JSON twin, and what they load."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from starlette.routing import compile_path

from caseback.dossier.disk import writing
from caseback.dossier.measure import write_text
from caseback.errors import CasebackError
from caseback.studio.app import as_json, json_path
from caseback.studio.assets import assets
from caseback.studio.desk import Desk
from caseback.studio.documents import artefacts, document, tightened
from caseback.studio.found import EXPORT
from caseback.studio.page import Names, Page, at
from caseback.studio.pages import PAGES
from caseback.studio.render import render

DOCUMENTS = "/documents/"


def export_pages(desk: Desk, out: Path, pages: Sequence[Page] = PAGES) -> int:
    """Write every page, and how many files there are.

    Every page that another links to is written too, such as the older exchanges of an incident; of lists that have
    several pages the first. A page of a damaged file says that it is.

    Raises:
        CasebackError: the folder holds something else, is none, or cannot be written.
    """
    with writing(out):
        if out.exists() and not out.is_dir():
            raise CasebackError(f"{out} is no folder: name a new one (--export)")
        if out.exists() and any(out.iterdir()) and not (out / EXPORT).is_file():
            raise CasebackError(f"{out} holds something else: name a new folder (--export)")
        out.mkdir(parents=True, exist_ok=True)
    _write(out, EXPORT, "Pages of `caseback studio --export`. The studio passes over this folder.\n")
    left = [at(page.path, **parts) for page in pages if page.exported for parts in page.places(desk)]
    routes = [(compile_path(page.path)[0], page) for page in pages if page.exported]
    written: set[str] = set()
    while left:
        path = left.pop()
        if path in written:
            continue
        written.add(path)
        if path.startswith(DOCUMENTS):
            _write_document(desk, path, out)
        else:
            for route, page in routes:
                if (found := route.match(path)) is not None:
                    left += _write_page(desk, page, path, found.groupdict(), out)
                    break
    for name, asset in assets().items():
        _write(out, f"static/{name}", asset.content.decode())
    return sum(1 for place in out.rglob("*") if place.is_file())


def file_of(path: str) -> str:
    """The file of a path of the studio, within the folder."""
    path = path.partition("?")[0]
    if path.startswith("/static/") or path.endswith(".json"):
        return path[1:]
    return "index.html" if path == "/" else f"{path[1:]}.html"


def linking(here: str, linked: set[str]) -> Callable[[str], str]:
    """What links paths from the page at ``here``; each is put into ``linked``."""

    def link(path: str) -> str:
        linked.add(path)
        return quote(os.path.relpath(file_of(path), PurePosixPath(file_of(here)).parent.as_posix()))

    return link


def _write_page(desk: Desk, page: Page, here: str, parts: Names, out: Path) -> set[str]:
    """Writes a page and its twin; the paths of the studio that it links to. One that cannot be made says why."""
    linked: set[str] = set()
    link, twin = linking(here, linked), json_path(here)
    try:
        data = page.data(desk, parts, {})
        html = render(page.template, link, page=data, section=page.section, here=here, twin=twin, exported=True)
    except CasebackError as error:
        data, html = {"error": str(error)}, _refused(link, str(error))
    _write(out, file_of(here), html)
    _write(out, file_of(twin), as_json(data))
    return {path.partition("?")[0] for path in linked if not path.startswith("/static/") and not path.endswith(".json")}


def _write_document(desk: Desk, path: str, out: Path) -> None:
    """Writes a page as it is disclosed, and with a card what it leads to."""
    kind, _, key = path.removeprefix(DOCUMENTS).partition("/")
    try:
        html = tightened(document(desk, kind, key))[0]
    except CasebackError as error:
        html, kind = _refused(linking(path, set()), str(error)), ""
    _write(out, file_of(path), html)
    for path_of_it, content in artefacts(desk, key) if kind == "cards" else ():
        place = _place(out, path_of_it[1:])
        with writing(place):
            place.write_bytes(content)


def _refused(link: Callable[[str], str], why: str) -> str:
    return render("refused.html.j2", link, title="Cannot be shown", status=422, why=why, exported=True)


def _write(out: Path, name: str, text: str) -> None:
    write_text(_place(out, name), text)


def _place(out: Path, name: str) -> Path:
    """Where that file goes; its folder is made."""
    place = out / name
    if out.resolve() not in place.resolve().parents:
        raise CasebackError(f"{name} would lie outside {out}: rename what it shows")
    with writing(place):
        place.parent.mkdir(parents=True, exist_ok=True)
    return place
