"""The exported folder stands alone."""

import hashlib
import json
import os
import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from typer.testing import CliRunner

from browser_for_tests import browser
from caseback.cli.main import app
from caseback.errors import CasebackError
from caseback.studio.desk import Desk
from caseback.studio.export import export_pages
from caseback.studio.found import search
from studio.test_pages import damaged


@pytest.fixture(scope="module")
def site(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("export") / "site"
    result = CliRunner().invoke(app, ["studio", str(runs), "--export", str(out)])
    assert result.exit_code == 0, result.output
    assert str(out / "index.html") in result.output.replace("\n", "")
    return out


def test_every_link_is_a_file_beside_it(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 60
    for page in pages:
        for link in re.findall(r'(?:href|src)="([^"#]+)"', page.read_text()):
            if not link.startswith(("data:", "https:", "http:")):
                place = Path(os.path.normpath(page.parent / unquote(unescape(link))))
                assert place.is_file(), f"{page.relative_to(site)}: {link}"
                assert site in place.parents
        if "documents" not in page.parts:
            assert json.loads((page.with_suffix(".json")).read_text()) is not None
        assert "<form" not in page.read_text().replace('<form method="dialog">', "")


def test_it_opens_without_a_server(site: Path) -> None:
    with browser() as tab:
        for name in ("index", "audit/calibration/shipped", "live/watched", "inside/circuits/circuits/a-graph"):
            tab.go(f"file://{site}/{name}.html")
            assert tab.run("getComputedStyle(document.querySelector('.bar')).position") == "sticky"
        tab.run("document.getElementById('help').click()")
        assert tab.run("document.getElementById('keys').open")
        assert tab.logged == []
        assert all(url.startswith(("file://", "data:")) for url in tab.asked if url != "about:blank")


def test_nothing_of_somebody_else_is_written_over(runs: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CasebackError, match="holds something else"):
        export_pages(Desk(runs), tmp_path)
    with pytest.raises(CasebackError, match="is no folder"):
        export_pages(Desk(runs), tmp_path / "mine.txt")


def test_what_a_card_leads_to_is_there_as_it_was_recorded(site: Path) -> None:
    kept = [each for each in (site / "documents" / "cards" / "mine" / "artefacts").rglob("*") if each.is_file()]
    assert len(kept) > 5
    assert all(hashlib.sha256(each.read_bytes()).hexdigest() == each.name for each in kept)


def test_an_export_within_the_folder_is_no_part_of_it_and_may_be_made_again(tmp_path: Path) -> None:
    (tmp_path / "map").mkdir()
    (tmp_path / "map" / "conditions.json").write_text('{"behaviour": 1}')
    first = export_pages(Desk(tmp_path), tmp_path / "site")
    found = search(tmp_path)
    assert export_pages(Desk(tmp_path), tmp_path / "site") == first
    assert search(tmp_path) == found
    assert set(found.all("maps")) == {"map"}


def test_a_page_of_a_damaged_file_says_so(tmp_path: Path) -> None:
    export_pages(Desk(damaged(tmp_path)), tmp_path / "site")
    for name in ("audit/model/audit", "audit/map/map", "constitution/d", "disclosures/d", "live/torn"):
        page, twin = (tmp_path / "site" / f"{name}{end}" for end in (".html", ".json"))
        assert json.loads(twin.read_text())["error"] in unescape(page.read_text())
