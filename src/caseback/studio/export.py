"""All pages as files in a folder, to be opened without a server: each page, its JSON twin, and what they load."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from caseback.dossier.disk import writing
from caseback.dossier.measure import write_text
from caseback.errors import CasebackError
from caseback.studio.app import as_json, json_path
from caseback.studio.assets import assets
from caseback.studio.desk import Desk
from caseback.studio.documents import document, tightened
from caseback.studio.page import Names, Page, at
from caseback.studio.pages import PAGES
from caseback.studio.render import render

DOCUMENTS = "/documents/"


def export_pages(desk: Desk, out: Path, pages: Sequence[Page] = PAGES) -> int:
    """Write every page, and how many files there are.

    Only what was reached is written: documents that a page links to, and one page of lists that have several.

    Raises:
        CasebackError: the folder holds something else, or cannot be written.
    """
    if out.exists() and any(out.iterdir()) and not (out / "index.json").is_file():
        raise CasebackError(f"{out} holds something else: name a new folder (--export)")
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    linked: set[str] = set()
    count = 0
    for page in pages:
        if page.exported:
            for parts in page.places(desk):
                _write_page(desk, page, at(page.path, **parts), parts, out, linked)
                count += 2
    for path in sorted(linked):
        if path.startswith(DOCUMENTS):
            kind, _, key = path.removeprefix(DOCUMENTS).partition("/")
            _write(out, file_of(path), tightened(document(desk, kind, key))[0])
            count += 1
    for name, asset in assets().items():
        _write(out, f"static/{name}", asset.content.decode())
        count += 1
    return count


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


def _write_page(desk: Desk, page: Page, here: str, parts: Names, out: Path, linked: set[str]) -> None:
    data = page.data(desk, parts, {})
    twin = json_path(here)
    html = render(
        page.template, linking(here, linked), page=data, section=page.section, here=here, twin=twin, exported=True
    )
    _write(out, file_of(here), html)
    _write(out, file_of(twin), as_json(data))


def _write(out: Path, name: str, text: str) -> None:
    place = out / name
    if out.resolve() not in place.resolve().parents:
        raise CasebackError(f"{name} would lie outside {out}: rename what it shows")
    with writing(place):
        place.parent.mkdir(parents=True, exist_ok=True)
    write_text(place, text)
