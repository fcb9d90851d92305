"""What the studio shows in tests, left by the code that leaves it in use, and a studio that serves it."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn

from caseback.audit.audit import Audit, audit_data
from caseback.audit.calibration_file import read_calibration
from caseback.audit.packaged import packaged_calibration
from caseback.audit.statistic import Statistic
from caseback.audit.verdict import overall, verdicts
from caseback.cli.main import app
from caseback.disclosure.advisory.from_audit import from_audit
from caseback.disclosure.feed.entry import Entry
from caseback.disclosure.feed.head import Head
from caseback.disclosure.feed.json_feed import json_feed
from caseback.studio.app import studio
from caseback.studio.desk import Desk
from caseback.studio.door import Door
from caseback.studio.guard import Hosts
from caseback.studio.serve import address_of, bound
from caseback.watch.alerts.condition import Condition
from caseback.watch.alerts.ledger import update
from caseback.watch.alerts.tables import make_tables as make_alerts
from caseback.watch.incidents.gather import gather
from caseback.watch.incidents.tables import make_tables as make_incidents
from caseback.watch.rates.calibrations import keep_calibration
from caseback.watch.rates.tables import make_tables as make_rates
from caseback.watch.store.opening import open_store
from watch_traffic_for_tests import DIGEST, add_detector, add_exchanges, calibration, live_threshold

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">\u202e"
EXCHANGES, FLAGGED = 120, 4


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


def published(folder: Path) -> None:
    """An advisory drafted from the audit, and a feed that names it."""
    advisory = from_audit(audited(), "sycophancy", "A lab")
    folder.mkdir()
    (folder / "advisory.json").write_text(json.dumps(advisory))
    now = datetime.now(UTC)
    entry = Entry(0, "", now, "advisory", advisory["id"], 1, "0" * 64, 1)
    head = Head("f" * 32, 1, "0" * 64, now, now + timedelta(days=1), "0" * 64, "k")
    about = {"home": "https://lab.example", "title": "What the lab found"}
    (folder / "feed.json").write_bytes(json_feed(about, [(entry, advisory)], head))


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
    add_exchanges(store, scores, threshold=threshold, start=now - 3600, step=20.0, messages=[chat] * EXCHANGES)
    # As the writer counts them, by minute: how each ended, and what the detector said of it.
    counts: Counter[tuple[int, int, str]] = Counter()
    for at, score in enumerate(scores):
        minute = int((now - 3600 + 20.0 * at) // 60)
        told = "too long" if score is None else "flagged" if score > threshold else "clean"
        counts.update([(0, minute, "whole"), (1, minute, told)])
    store.many(
        "INSERT INTO counts (detector, minute, outcome, exchanges) VALUES (?, ?, ?, ?)",
        [(*each, n) for each, n in counts.items()],
    )
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
