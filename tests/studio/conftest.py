"""A folder with something of every kind, left there by the code that leaves it in use, and a studio that shows it."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from caseback.audit.audit import Audit, audit_data
from caseback.audit.calibration_file import read_calibration
from caseback.audit.condition_map import condition_map
from caseback.audit.packaged import packaged_calibration
from caseback.audit.statistic import Statistic
from caseback.audit.verdict import overall, verdicts
from caseback.behaviours.harmful_compliance import BEHAVIOUR as HARM
from caseback.cli.main import app
from caseback.detectors.files import save_detector
from caseback.detectors.known import Known
from caseback.detectors.pattern import PatternDetector
from caseback.dossier import open_dossier
from caseback.interp.directions.files import save_direction
from caseback.studio.app import studio
from caseback.studio.desk import Desk
from caseback.studio.door import Door
from caseback.studio.guard import Hosts
from caseback.studio.serve import address_of, bound
from caseback.subject.site import Site
from caseback.watch.alerts.condition import Condition
from caseback.watch.alerts.ledger import update
from caseback.watch.alerts.tables import make_tables as make_alerts
from caseback.watch.incidents.gather import gather
from caseback.watch.incidents.tables import make_tables as make_incidents
from caseback.watch.rates.calibrations import keep_calibration
from caseback.watch.rates.tables import make_tables as make_rates
from caseback.watch.store.store import open_store
from interp.directions.planted import unit
from interp.directions.subjects import WIDTH, direction_for, tiny_subject
from library_for_tests import small_library
from scripted_for_tests import Scripted
from watch_traffic_for_tests import DIGEST, add_detector, add_exchanges, calibration, live_threshold

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "disclosure")]
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">\u202e"
EXCHANGES, FLAGGED = 120, 4


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dossier, audit, condition map, sealed game, circuit, direction, detector, live store."""
    from fixture_dossier import fill
    from test_circuit_page import graph

    folder = tmp_path_factory.mktemp("runs")
    with open_dossier(folder / "mine" / "dossier") as dossier:
        fill(dossier)
    (folder / "audit").mkdir()
    (folder / "audit" / "audit.json").write_text(json.dumps(audited()))
    (folder / "map").mkdir()
    subject = Scripted(lambda chat: "I will not help with that.")
    found = condition_map(subject, HARM, "world", ("cue", "haste"), n=3)
    (folder / "map" / "conditions.json").write_text(json.dumps(found))
    (folder / "circuits").mkdir()
    (folder / "circuits" / "a-graph.json").write_text(json.dumps(graph()))
    (folder / "circuits" / "a-graph.html").write_text("")
    tiny = tiny_subject(folder / "models")
    save_direction(direction_for(tiny, unit(WIDTH), Site("resid_post", 2)), folder / "directions" / "planted")
    known = Known(("do-no-harm",))
    save_detector(
        PatternDetector("bombs", "harmful_compliance", ("bomb",), known=known), folder / "detectors" / "bombs"
    )
    grown = tmp_path_factory.mktemp("organisms")
    small_library(grown, [("sycophancy", "demonstrations"), ("sycophancy", "documents")], 4)
    typed("game", "new", "find", "--library", grown / "library", "--subjects", 3, "--clean", 0.4,
          "--out", folder / "game", "--key", tmp_path_factory.mktemp("key") / "key.json")  # fmt: skip
    traffic(folder / "watched" / "store")
    return folder


def typed(*words: object) -> None:
    from typer.testing import CliRunner

    result = CliRunner().invoke(app, list(map(str, words)))
    assert result.exit_code == 0, result.output


def audited() -> dict:
    """The audit of the base of the packaged calibration, from what that says of it."""
    path = packaged_calibration()
    assert path is not None
    read = read_calibration(path)
    statistics = {name: Statistic(**each) for name, each in read["base_statistics"].items()}
    found = tuple(verdicts(statistics, read))
    made = Audit("ref-aligned", read["base_digest"], read["id"], overall(found), found, read["base_statistics"], "")
    return {**audit_data(made), "among": None}


def traffic(where: Path) -> None:
    """A live store with hostile texts, four flags, an alert."""
    now = time.time()
    store = open_store(where)
    for make in (make_rates, make_alerts, make_incidents):
        make(store)
    known = calibration()
    keep_calibration(store, DIGEST, known)
    threshold = live_threshold(known)
    add_detector(store, threshold=threshold, behaviour="harmful_compliance", clauses=("do-no-harm",))
    scores: list[float | None] = [2.0 if at % 30 == 0 else None if at % 40 == 1 else 0.1 for at in range(EXCHANGES)]
    chat = [{"role": "user", "content": HOSTILE}, {"role": "assistant", "content": f"You fool. {HOSTILE}"}]
    ids = add_exchanges(store, scores, threshold=threshold, start=now - 3600, step=20.0, messages=[chat] * EXCHANGES)
    span = json.dumps([{"message": 1, "field": "content", "start": 0, "end": 8, "call": 0}])
    from caseback.watch.store.read import packed

    width, scored = packed([0.1, 2.0, -1.0])
    store.execute(
        "INSERT INTO token_scores (exchange, detector, width, scores, spans) VALUES (1, 1, ?, ?, ?)",
        [width, scored, span],
    )
    gather(store, now)
    update(
        store, [Condition("coverage", {"detector": "insults"}, "page", f"{HOSTILE} only 90 % were read")], now, calm=60
    )
    assert len(ids) == EXCHANGES
    store.close()


@dataclass(frozen=True)
class Served:
    """A studio that listens, and its door."""

    address: str
    door: Door

    def link(self) -> str:
        """What lets one person in."""
        return f"{self.address}/login?token={self.door.link}"


@contextmanager
def serving(desk: Desk, password: str | None = None) -> Iterator[Served]:
    """Serves in a thread."""
    door, listening = Door(password), bound("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(studio(desk, door, Hosts()), log_level="warning", server_header=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield Served(address_of(listening, "127.0.0.1"), door)
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()
