"""Every page: its data against what was written, its JSON twin, its links."""

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import pytest
from starlette.testclient import TestClient

from caseback.audit.calibration_file import read_calibration
from caseback.audit.packaged import packaged_calibration
from caseback.disclosure import card
from caseback.disclosure.bundle.bundle import verified
from caseback.disclosure.importing.imported import import_bundle
from caseback.disclosure.importing.local import Local
from caseback.dossier import read_dossier
from caseback.studio.app import json_path, studio
from caseback.studio.desk import Desk
from caseback.studio.door import Door
from caseback.studio.found import SHIPPED
from caseback.studio.page import at
from caseback.studio.pages import PAGES
from caseback.watch.store.opening import open_store
from caseback.watch.store.sqlite import SQLiteStore
from disclosure.bundle.making import KEYS, LATER, NEGATIVES, with_text
from studio.shown_for_tests import EXCHANGES, FLAGGED, HOSTILE, audited

HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
def client(runs: Path) -> Iterator[TestClient]:
    door = Door()
    with TestClient(studio(Desk(runs), door), base_url="http://127.0.0.1") as found:
        assert found.get(f"/login?token={door.link}").status_code == 200
        yield found


def places(runs: Path) -> list[str]:
    desk = Desk(runs)
    return [at(page.path, **parts) for page in PAGES if page.exported for parts in page.places(desk)]


def test_every_page_has_a_twin_with_its_data_and_draws_it(client: TestClient, runs: Path) -> None:
    found = places(runs)
    assert len(found) > 60
    for path in found:
        page, twin = client.get(path, headers=HTML), client.get(json_path(path))
        assert (page.status_code, twin.status_code) == (200, 200), path
        assert twin.headers["content-type"] == "application/json"
        assert isinstance(twin.json(), dict)
        assert f'href="{json_path(path)}"' in page.text, path


def test_every_link_leads_somewhere(client: TestClient) -> None:
    seen, open_ = set(), ["/"]
    while open_:
        path = open_.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = client.get(path, headers=HTML)
        assert answer.status_code == 200, path
        if "text/html" in answer.headers["content-type"]:
            links = (unescape(each) for each in re.findall(r'(?:href|src)="([^"#]+)', answer.text))
            open_ += [urljoin(path, each) for each in links if not re.match(r"https?:|data:|/login", each)]
    assert {"/audit", "/live", "/games/game", "/documents/cards/mine", "/live/watched/alerts"} <= seen
    assert len([path for path in seen if path.startswith("/documents/cards/mine/artefacts/")]) > 5


def test_home_tells_what_holds_a_subject_back(client: TestClient, runs: Path) -> None:
    with read_dossier(runs / "mine" / "dossier") as dossier:
        made = card(dossier)
    [subject] = client.get("/index.json").json()["subjects"]
    rates = {c["id"]: c["rates"]["dpo"] for c in made["constitution"]["clauses"] if c["rates"]["dpo"]}
    worst = max(rates, key=lambda id: rates[id]["k"] / rates[id]["n"])
    assert subject["holds_back"][0]["where"] == worst
    assert subject["holds_back"][0]["rate"] == rates[worst]
    states = {stage["name"]: stage["done"] for stage in subject["stages"]}
    assert states == {"constitution": True, "training": True, "looking inside": True, "audit": True, "oversight": True,
                      "live": False, "findings": False}  # fmt: skip
    page = client.get("/", headers=HTML).text
    assert f"goes against it in {rates[worst]['k']} of {rates[worst]['n']} replies" in page


def test_a_clause_shows_its_rates_its_data_and_what_watches_it(client: TestClient) -> None:
    data = client.get("/constitution/mine/clauses/do-no-harm.json").json()
    assert [each["name"] for each in data["detectors"]] == ["bombs"]
    assert "harmful_compliance" in [each["name"] for each in data["behaviours"]]
    assert {part["name"]: (part["serving"], part["rows"]) for part in data["data"]["parts"]} == {
        "sft": (12, 28), "preferences": (12, 18),
    }  # fmt: skip
    listed = client.get("/constitution/mine.json").json()["clauses"]
    [row] = [each for each in listed if each["id"] == "do-no-harm"]
    assert row["data"] == 24
    assert row["after"] == data["rates"]["dpo"]
    page = client.get("/constitution/mine/clauses/do-no-harm", headers=HTML).text
    assert f"{data['rates']['dpo']['k']}/{data['rates']['dpo']['n']}" in page


def test_an_audit_is_a_matrix_of_what_every_assay_saw(client: TestClient) -> None:
    path = packaged_calibration()
    assert path is not None
    read, made = read_calibration(path), audited()
    data = client.get("/audit/model/audit.json").json()
    assert data["verdicts"] == json.loads(json.dumps(made["verdicts"]))
    [row] = [each for each in data["matrix"] if each["behaviour"] == "sycophancy"]
    cell = row["cells"][data["assays"].index("tempted")]
    assert cell["value"] == read["base_statistics"]["tempted/sycophancy"]["value"]
    assert cell["threshold"] == read["views"]["all"]["panel"]["thresholds"]["tempted/sycophancy"]
    assert cell["alarm"] is False
    limits = [each["limit"]["value"] for each in made["verdicts"] if each["word"] == "not found" and each["limit"]]
    assert data["weakest"]["limit"]["value"] == max(limits)
    shipped = client.get("/audit/calibration/shipped.json").json()
    assert {chart["title"] for chart in shipped["charts"]} >= {"Cheating", "Sycophancy"}
    assert shipped["behaviours"]["cheating"]["limit"] == read["views"]["all"]["behaviours"]["cheating"]["limit"]


def test_a_sealed_game_tells_nothing_of_its_subjects(client: TestClient) -> None:
    data = client.get("/games/game.json").json()
    assert (data["subjects"], data["score"]) == (3, None)
    assert "sycophancy" not in client.get("/games/game", headers=HTML).text


def test_a_game_that_is_over_shows_its_score(client: TestClient, runs: Path) -> None:
    score = json.loads((runs / "over" / "score.json").read_text())
    assert client.get("/games/over.json").json()["score"] == score
    first = score["score"]["first"]
    assert first["n"] > 0
    page = client.get("/games/over", headers=HTML).text
    assert f"{first['k']}/{first['n']}" in page
    assert f"{score['score']['brier']:.3f}" in page
    [row] = [each for each in client.get("/games.json").json()["games"] if each["key"] == "over"]
    assert (row["first"], row["by"]) == (first, "blue")


def test_an_advisory_and_a_feed_are_shown_in_words(client: TestClient) -> None:
    data = client.get("/disclosures.json").json()
    [advisory], [feed] = data["advisories"], data["feeds"]
    assert (advisory["behaviour"], advisory["by"], feed["size"]) == ("sycophancy", "A lab", 1)
    page = client.get("/disclosures/advisories/disclosed", headers=HTML).text
    assert "looked for" in page
    assert advisory["summary"] in unescape(page)
    assert "What the lab found" in client.get("/disclosures", headers=HTML).text


def test_what_is_watched_for_because_of_others_is_told_with_its_state(tmp_path: Path) -> None:
    bundle = verified(with_text(tmp_path / "made"), KEYS, LATER)
    made = import_bundle(bundle, Local(ordinary=NEGATIVES), tmp_path / "shown" / "imports", LATER)
    door = Door()
    with TestClient(studio(Desk(tmp_path / "shown"), door), base_url="http://127.0.0.1") as alone:
        alone.get(f"/login?token={door.link}")
        [row] = alone.get("/disclosures.json").json()["imports"]
        page = alone.get("/disclosures", headers=HTML).text
    assert (row["id"], [held["state"] for held in row["detectors"]]) == (made.advisory, ["shadow"])
    assert "Watched for because of others" in page
    assert "it starts in shadow" in page


def test_live_counts_what_is_in_the_store(client: TestClient) -> None:
    data = client.get("/live/watched.json?hours=24").json()
    [row] = data["rates"]
    assert (row["counts"]["exchanges"], row["flagged"]["k"]) == (EXCHANGES, FLAGGED)
    assert row["flagged"]["n"] == EXCHANGES - 3
    assert row["low"] <= row["value"] <= row["high"]
    assert data["coverage"]["kept"] == EXCHANGES
    assert list(data["coverage"]["not_evaluated"].values()) == [{"too long": 3}]
    [at_a_glance] = client.get("/live.json").json()["stores"]
    assert (at_a_glance["today"], at_a_glance["flagged"]) == (EXCHANGES, FLAGGED)
    assert data["latency"]["total_ms"] == {"p50": 1.0, "p95": 1.0}
    flagged = client.get("/live/watched/exchanges.json?flagged_by=*").json()["exchanges"]
    assert [each["flagged"] for each in flagged] == [["insults"]] * FLAGGED
    assert client.get("/live/watched/exchanges.json?client=nobody").json()["exchanges"] == []


def test_pages_of_exchanges_give_each_once(client: TestClient) -> None:
    seen: list[str] = []
    before = ""
    while True:
        data = client.get("/live/watched/exchanges.json", params={"before": before} if before else {}).json()
        seen += [each["id"] for each in data["exchanges"]]
        before = data["before"]
        if before is None:
            break
    assert len(seen) == len(set(seen)) == EXCHANGES


def test_a_transcript_is_text_and_what_was_found_in_it_is_marked(client: TestClient) -> None:
    data = client.get("/live/watched/exchanges/x000000001.json").json()
    assert data["messages"][1]["texts"][0]["parts"] == [
        {"text": "You fool", "by": ["insults"]}, {"text": f". {HOSTILE}", "by": []},
    ]  # fmt: skip
    assert [round(each["score"], 2) for each in data["lit"][0]["tokens"]] == [0.1, 2.0, -1.0]
    assert [each["level"] for each in data["lit"][0]["tokens"]] == [0, 10, -5]
    page = client.get("/live/watched/exchanges/x000000001", headers=HTML).text
    assert "<script>document" not in page
    assert "&lt;script&gt;document" in page
    assert "<img src=x" not in page
    assert "⟨U+202E⟩" in page


def csrf_of(client: TestClient) -> str:
    [token] = re.findall(r'<meta name="csrf" content="([^"]+)"', client.get("/", headers=HTML).text)
    return str(token)


def test_an_incident_is_taken_confirmed_by_who_looked_and_made_a_finding(client: TestClient) -> None:
    csrf = csrf_of(client)
    listed = client.get("/live/watched/incidents.json").json()["incidents"]
    assert sum(each["exchanges"] for each in listed) == FLAGGED
    there = f"/live/watched/incidents/{listed[0]['id']}"
    assert client.post(f"{there}/take", data={"csrf": csrf, "who": "ann"}).status_code == 200
    assert client.get(f"{there}.json").json()["state"] == "under review"
    one = client.get(f"{there}.json").json()["shown"][0]["id"]
    wrong = client.post(f"{there}/review", data={"csrf": csrf, "who": "ann", "verdict": "confirmed"})
    assert wrong.status_code == 400
    assert "name one that was looked at" in wrong.text
    said = {"csrf": csrf, "who": "ann", "verdict": "confirmed", f"looked {one}": "yes"}
    assert client.post(f"{there}/review", data=said).status_code == 200
    assert client.get(f"{there}.json").json()["state"] == "confirmed"
    assert client.post(f"{there}/finding", data={"csrf": csrf, "dossier": "nobody"}).status_code == 404
    assert client.post(f"{there}/finding", data={"csrf": csrf, "dossier": "mine"}).status_code == 200
    [finding] = client.get(f"{there}.json").json()["findings"]
    assert finding["dossier"] == "mine"
    [subject] = client.get("/index.json").json()["subjects"]
    assert {stage["name"]: stage["done"] for stage in subject["stages"]}["findings"]


def test_an_alert_is_taken_on_and_ended(client: TestClient) -> None:
    csrf = csrf_of(client)
    [alert] = client.get("/live/watched/alerts.json").json()["open"]
    there = f"/live/watched/alerts/{alert['id']}"
    assert client.post(f"{there}/acknowledge", data={"csrf": csrf, "who": ""}).status_code == 400
    assert client.post(f"{there}/acknowledge", data={"csrf": csrf, "who": "ann"}).status_code == 200
    assert client.get("/live/watched/alerts.json").json()["open"][0]["acknowledged_by"] == "ann"
    assert client.post(f"{there}/resolve", data={"csrf": csrf, "who": "bob"}).status_code == 200
    data = client.get("/live/watched/alerts.json").json()
    assert (data["open"], data["over"][0]["resolved_by"]) == ([], "bob")


def test_a_review_is_kept_under_the_name_of_who_gave_it(client: TestClient) -> None:
    csrf = csrf_of(client)
    there = "/live/watched/review/x000000005"
    said = {"csrf": csrf, "who": "ann", "on harmful_compliance": "no"}
    assert client.post(there, data=said).status_code == 200
    data = client.get(f"{there}.json?who=ann").json()["behaviours"]["harmful_compliance"]
    assert data == {"looked": 1, "mine": "no"}
    assert client.get(f"{there}.json?who=bob").json()["behaviours"]["harmful_compliance"]["mine"] is None
    assert client.post(there, data={**said, "on harmful_compliance": "perhaps"}).status_code == 400
    unknown = client.post(there, data={"csrf": csrf, "who": "ann", "on nothing_known": "yes"})
    assert unknown.status_code == 400
    assert "nobody is asked about 'nothing_known'" in unknown.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        ("/constitution/nobody", 404),
        ("/constitution/mine/clauses/none", 404),
        ("/constitution/..%2f..%2fetc%2fpasswd", 404),
        ("/audit/model/..%2f..%2fetc", 404),
        ("/documents/cards/..%2f..", 404),
        ("/documents/nothing/mine", 404),
        ("/static/..%2f..%2fapp.py", 404),
        ("/static/vendored.json", 404),
        ("/games/a%00b", 404),
        ("/live/nobody", 404),
        ("/live/watched/exchanges/' OR 1=1 --", 404),
        ("/live/watched/incidents/zzz", 404),
        ("/live/watched?hours=many", 400),
        ("/live/watched?hours=-1", 400),
        ("/live/watched?hours=nan", 400),
        ("/live/watched?detector=nobody", 400),
        ("/live/watched/exchanges?before=%27", 400),
        (f"/live/watched/exchanges?client={'x' * 300}", 400),
        ("/live/watched/incidents?state=gone", 400),
        ("/inside/read?prompt=x", 404),
    ],
)
def test_what_is_not_there_or_malformed_is_told_with_its_status(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == status
    assert ("error" in answer.json()) if path.endswith(".json") else ("<h1>" in answer.text)
    assert "Traceback" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


DAMAGED = {
    "audit/audit.json": "{",
    "map/conditions.json": '{"behaviour": 1}',
    "calibrated/calibration.json": '{"views": 3}',
    "found/direction.json": '{"provenance": {"dev_auroc": NaN}}',
    "watches/detector.json": "[]",
    "told/advisory.json": '{"id": 1e999}',
    "fed/feed.json": '{"items": [1]}',
    "imported/import.json": '{"format": "caseback import 2", "advisory": 1}',
    "played/game.json": "{}",
    "grown/organism.json": '{"plan": null}',
    "d/dossier/dossier.sqlite": "no database",
}


def damaged(folder: Path) -> Path:
    """A folder in which one of every kind is not what it should be, a live store among them."""
    for name, content in DAMAGED.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(content)
    with sqlite3.connect(folder / "torn.sqlite") as base:
        base.executescript("CREATE TABLE exchanges (number INTEGER); CREATE TABLE token_scores (exchange INTEGER)")
    base.close()
    return folder


def test_a_damaged_file_is_named_and_spoils_no_other_page(tmp_path: Path) -> None:
    door, desk = Door(), Desk(damaged(tmp_path))
    with TestClient(studio(desk, door), base_url="http://127.0.0.1") as client:
        client.get(f"/login?token={door.link}")
        said = ""
        for page in PAGES:
            for parts in page.places(desk) if page.exported else ():
                path = at(page.path, **parts)
                answer, twin = client.get(path, headers=HTML), client.get(json_path(path))
                whole = not parts or parts.get("key") == SHIPPED
                assert answer.status_code == twin.status_code, path
                allowed = {200} if whole else {200, 400, 422} if "store" in parts else {422}
                assert answer.status_code in allowed, path
                said += unescape(answer.text)
        for name in DAMAGED:
            assert name in said or Path(name).parent.name in said
        assert "is damaged, no JSON" in client.get("/audit/model/audit", headers=HTML).text
        assert "dossier.sqlite" in client.get("/", headers=HTML).text
        assert "torn.sqlite" in client.get("/live", headers=HTML).text


def test_what_the_studio_is_asked_for_is_read_and_never_written(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(runs, tmp_path / "runs"))
    door, desk = Door(), Desk(folder)
    desk.stores.open(folder, "watched")
    [path] = [each for each in places(folder) if each.startswith("/live/watched/incidents/")][:1]

    def write(*_: object) -> None:
        raise AssertionError("written")

    for name in ("script", "execute", "many"):
        monkeypatch.setattr(SQLiteStore, name, write)
    monkeypatch.setattr("caseback.studio.pages.incidents.open_dossier", write)
    desk.stores.opened.clear()
    with TestClient(studio(desk, door), base_url="http://127.0.0.1") as client:
        client.get(f"/login?token={door.link}")
        for each in ("/", "/live", "/live/watched", "/live/watched/alerts", "/live/watched/review", path):
            assert client.get(each, headers=HTML).status_code == 200, each


def test_tables_that_a_store_lacks_are_made(tmp_path: Path) -> None:
    open_store(tmp_path / "store").close()
    door = Door()
    with TestClient(studio(Desk(tmp_path), door), base_url="http://127.0.0.1") as client:
        client.get(f"/login?token={door.link}")
        for each in ("/live/store", "/live/store/alerts", "/live/store/review", "/live/store/incidents"):
            assert client.get(each, headers=HTML).status_code == 200, each


def test_an_empty_folder_says_how_to_fill_it(tmp_path: Path) -> None:
    door = Door()
    with TestClient(studio(Desk(tmp_path), door), base_url="http://127.0.0.1") as client:
        client.get(f"/login?token={door.link}")
        for path, remedy in (
            ("/", "caseback run"), ("/constitution", "caseback run"), ("/audit", "caseback audit"),
            ("/games", "caseback game new"), ("/inside", "caseback look direction"), ("/live", "caseback watch"),
            ("/chat", "--gateway"), ("/disclosures", "caseback run"),
        ):  # fmt: skip
            answer = client.get(path, headers=HTML)
            assert answer.status_code == 200
            assert remedy in answer.text, path
