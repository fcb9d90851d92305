"""The Oversight page: every study of a folder and of its dossiers, whatever lies there."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from browser_for_tests import browser
from caseback.dossier import open_dossier
from caseback.studio.app import studio
from caseback.studio.desk import Desk
from caseback.studio.door import Door
from caseback.studio.export import export_pages
from disclosure.studies_for_tests import ladder, notebook, votes, written
from studio.shown_for_tests import HOSTILE, serving

HTML = {"accept": "text/html"}


def client_of(folder: Path) -> TestClient:
    door = Door()
    found = TestClient(studio(Desk(folder), door), base_url="http://127.0.0.1")
    assert found.get(f"/login?token={door.link}").status_code == 200
    return found


@pytest.fixture
def client(runs: Path) -> Iterator[TestClient]:
    with client_of(runs) as found:
        yield found


def test_every_study_and_notebook_is_listed_with_its_figures(client: TestClient) -> None:
    data = client.get("/oversight.json").json()
    by_key = {each["key"]: each for each in data["studies"]}
    assert set(by_key) == {"overseen/ladder", "overseen/votes"}
    assert by_key["overseen/ladder"]["figures"] == ladder()["figures"]
    assert by_key["overseen/votes"]["title"] == "Whether overseers fail together"
    [book] = data["notebooks"]
    assert book["figures"][0]["value"] == notebook()["final"]["gain"]["value"]
    assert [figure["value"] for figure in book["figures"][1:]] == [9, 2, 1]
    assert "How far trust reaches" not in data["missing"]
    assert "Corrigibility" in data["missing"]
    page = client.get("/oversight", headers=HTML).text
    assert "How far trust reaches" in page
    assert "Not looked at:" in page
    assert page.count('<svg class="chart"') == 2 + 1 + 4  # those with a value
    home = client.get("/index.json").json()
    assert (home["beside"]["studies"], home["beside"]["notebooks"]) == (2, 1)
    assert "<b>1</b> notebook" in client.get("/", headers=HTML).text


def test_a_subject_shows_what_its_card_rests_on(client: TestClient) -> None:
    [mine] = client.get("/oversight.json").json()["subjects"]
    assert mine["studies"] == [{"title": "How far trust reaches", "own": False, "struck": ""}]
    assert mine["status"] == "cannot tell"  # the study is of other models than this one
    assert mine["doubts"] > 0
    [stage] = [s for s in client.get("/index.json").json()["subjects"][0]["stages"] if s["name"] == "oversight"]
    assert stage == {"name": "oversight", "link": "/oversight", "done": True, "says": "1 study, 0 with this model"}


def test_a_study_is_framed_from_the_page_beside_its_report(client: TestClient) -> None:
    data = client.get("/oversight/studies/overseen/ladder.json").json()
    assert data["data"] == ladder()
    page = client.get("/oversight/studies/overseen/ladder", headers=HTML).text
    assert '<iframe class="paper" src="/documents/studies/overseen/ladder"' in page
    framed = client.get("/documents/studies/overseen/ladder")
    assert "<p>ladder" in framed.text
    assert "default-src 'none'" in framed.headers["content-security-policy"]
    assert "sandbox" in framed.headers["content-security-policy"]
    without = client.get("/oversight/studies/overseen/votes", headers=HTML).text
    assert "iframe" not in without
    assert "has no page beside it" in without
    assert client.get("/documents/studies/overseen/votes").status_code == 404
    assert client.get("/oversight/studies/nowhere").status_code == 404


def test_a_damaged_report_is_told_in_its_line_and_troubles_no_other(runs: Path, tmp_path: Path) -> None:
    written(tmp_path / "a", "ladder", ladder())
    bad = ladder()
    bad["figures"][0]["value"] = "high"
    written(tmp_path / "b", "ladder", bad)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "cut.json").write_text(json.dumps(votes())[:-20])
    with client_of(tmp_path) as client:
        lines = {each["key"]: each for each in client.get("/oversight.json").json()["studies"]}
        assert lines["a/ladder"]["unreadable"] is None
        assert "figure 1: value is 'high'" in lines["b/ladder"]["unreadable"]
        assert "is damaged" in lines["c/cut"]["unreadable"]
        assert "figure 1: value is &#39;high&#39;" in client.get("/oversight", headers=HTML).text
        assert client.get("/oversight/studies/b/ladder", headers=HTML).status_code == 422


def test_an_empty_folder_says_how_to_begin(tmp_path: Path) -> None:
    with client_of(tmp_path) as client:
        page = client.get("/oversight", headers=HTML).text
    assert "caseback oversee ladder" in page
    assert "caseback research" in page


def test_what_was_altered_is_struck_on_the_list(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "mine", tmp_path / "mine")
    with open_dossier(tmp_path / "mine" / "dossier") as dossier:
        record = next(dossier.records("oversight"))
        dossier.artefact(record.artefacts["report"]).write_text("{}")
    with client_of(tmp_path) as client:
        [mine] = client.get("/oversight.json").json()["subjects"]
        assert "altered" in mine["studies"][0]["struck"]
        assert "<del title=" in client.get("/oversight", headers=HTML).text


def test_the_export_holds_studies_and_their_pages(runs: Path, tmp_path: Path) -> None:
    export_pages(Desk(runs), tmp_path / "out")
    for path in ("oversight.html", "oversight/studies/overseen/ladder.html", "documents/studies/overseen/ladder.html",
                 "oversight/notebooks/researched/notebook.html", "documents/notebooks/researched/notebook.html",
                 "oversight/studies/overseen/votes.json"):  # fmt: skip
        assert (tmp_path / "out" / path).is_file(), path
    assert 'href="oversight/studies/overseen/ladder.html"' in (tmp_path / "out" / "oversight.html").read_text()


def test_a_hostile_study_acts_on_nothing(tmp_path: Path) -> None:
    data = ladder()
    data["about"] = data["notes"][0] = data["figures"][0]["text"] = HOSTILE
    data["models"] = {HOSTILE: "x"}
    file = written(tmp_path / "bad", "ladder", data)
    file.with_suffix(".html").write_text(f"<!doctype html><style>p{{}}</style>{HOSTILE}<script>top.owned=1</script>")
    with serving(Desk(tmp_path)) as served, browser() as tab:
        tab.go(served.link())
        tab.go(f"{served.address}/oversight")
        assert "owned" not in tab.run("document.title")
        assert "<script>document.title='owned'</script>" in tab.run("document.body.innerText")
        assert tab.run("document.querySelectorAll('main img').length") == 0
        assert tab.logged == []
        tab.go(f"{served.address}/oversight/studies/bad/ladder")
        within = "document.querySelector('iframe').contentDocument"
        tab.until(f"{within}.readyState === 'complete' && {within}.body")
        assert tab.run("typeof window.owned + document.title").startswith("undefined")
        assert "owned" not in tab.run(f"{within}.title")
