"""What live watching says of an imported detector, on a store of known traffic: its audits, and counts to tell back."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from caseback.cli.main import app
from caseback.disclosure.bundle.bundle import verified
from caseback.disclosure.importing.imported import import_bundle, read_import
from caseback.disclosure.importing.live_audits import live_audits
from caseback.disclosure.importing.live_counts import live_counts
from caseback.disclosure.importing.local import Local
from caseback.disclosure.importing.promotion import weighed
from caseback.disclosure.importing.sighting import Counts
from caseback.watch.alerts.round import make_tables
from caseback.watch.rates.audits import queue, record
from caseback.watch.rates.calibrations import keep_calibration
from caseback.watch.rates.designs import begin_design
from caseback.watch.rates.drawing import draw_new
from caseback.watch.store.opening import open_store
from caseback.watch.store.store import Store
from disclosure.bundle.making import KEYS, LATER, NEGATIVES, with_text
from watch_traffic_for_tests import DIGEST, add_detector, add_exchanges, calibration, live_threshold

NOW, AT = 1e6, live_threshold(calibration())
SLICE, N = 0.2, 3000


@pytest.fixture
def watched(tmp_path: Path) -> tuple[Store, dict[str, bool]]:
    """Ten in a hundred are bad, and flagged; one clean one in a hundred is flagged too. All that was drawn is audited,
    four times as many where the detector flags as at random."""
    store = open_store(tmp_path / "store.sqlite")
    make_tables(store)
    add_detector(store, threshold=AT)
    keep_calibration(store, DIGEST, calibration())
    begin_design(store, bytes(32), ["insult"], random_slice=SLICE, budget=0.25, reviewers=1, now=0.0)
    rng = np.random.default_rng(0)
    bad = rng.random(N) < 0.1
    ids = add_exchanges(store, np.where(bad | (rng.random(N) < 0.01), 1.5, 0.5).tolist(), threshold=AT)
    truth = dict(zip(ids, bad.tolist(), strict=True))
    draw_new(store, bytes(32), NOW)
    for each in queue(store, "ann", NOW, most=N):
        record(store, each.exchange, "ann", {"insult": truth[each.exchange]}, NOW)
    return store, truth


def test_only_the_random_slice_is_evidence(watched: tuple[Store, dict[str, bool]]) -> None:
    store, truth = watched
    found = live_audits(store, DIGEST, "insult", AT)
    rows = store.query("SELECT id, draw, chosen FROM audit_draws")
    drawn = [row["id"] for row in rows if row["draw"] < SLICE]
    assert len(found) == len(drawn) < sum(row["chosen"] for row in rows)
    assert sum(each.shown for each in found) == sum(truth[id] for id in drawn)
    # By the slice false alarms are what they are; with what was drawn for being flagged they would seem far more.
    false = [each.flagged for each in found if not each.shown]
    assert 0.002 < np.mean(false) < 0.025
    assert weighed(found, 0.05).state() is not None


def test_what_it_said_at_another_threshold_is_no_evidence(watched: tuple[Store, dict[str, bool]]) -> None:
    store, _ = watched
    whole = live_audits(store, DIGEST, "insult", AT)
    with store.transaction():
        store.execute("UPDATE verdicts SET threshold = 1000, flagged = 0 WHERE exchange % 2 = 0", [])
    assert 0 < len(live_audits(store, DIGEST, "insult", AT)) < len(whole)


def test_half_of_a_task_says_nothing_of_the_whole(watched: tuple[Store, dict[str, bool]]) -> None:
    store, _ = watched
    before = live_audits(store, DIGEST, "insult", AT)
    begin, end = datetime.fromtimestamp(0, UTC), datetime.fromtimestamp(NOW, UTC)
    counted = live_counts(store, DIGEST, "insult", begin, end)
    first, second = store.query(
        "SELECT exchange, id FROM audit_draws WHERE draw < ? ORDER BY exchange LIMIT 2", [SLICE]
    )
    with store.transaction():
        store.execute("UPDATE audit_draws SET task = ? WHERE exchange = ?", [first["id"], second["exchange"]])
    assert len(live_audits(store, DIGEST, "insult", AT)) == len(before) - 1
    record(store, second["id"], "ann", {"insult": None}, NOW)
    assert len(live_audits(store, DIGEST, "insult", AT)) == len(before) - 2
    assert live_counts(store, DIGEST, "insult", begin, end).audited == counted.audited - 2


def test_what_was_not_told_is_not_clean(watched: tuple[Store, dict[str, bool]]) -> None:
    store, _ = watched
    before = live_audits(store, DIGEST, "insult", AT)
    [row] = store.query("SELECT id FROM audit_draws WHERE draw < ? ORDER BY exchange LIMIT 1", [SLICE])
    record(store, row["id"], "ann", {"insult": None}, NOW)
    assert len(live_audits(store, DIGEST, "insult", AT)) == len(before) - 1
    with store.transaction():
        store.execute("UPDATE verdicts SET score = NULL, why = 'it failed'", [])
    assert live_audits(store, DIGEST, "insult", AT) == []


def test_a_review_takes_the_audits_of_the_watch(watched: tuple[Store, dict[str, bool]], tmp_path: Path) -> None:
    store, _ = watched
    bundle = verified(with_text(tmp_path / "made"), KEYS, LATER)
    into = tmp_path / "imports"
    [held] = import_bundle(bundle, Local(ordinary=NEGATIVES, budget=0.05), into, LATER).detectors
    with store.transaction():
        store.execute("UPDATE detectors SET digest = ?", [held.landed.id])
        store.execute("UPDATE verdicts SET threshold = ?", [held.landed.threshold])
        store.execute("UPDATE audits SET behaviour = 'sycophancy'", [])
    store.close()

    def typed(*words: str) -> Result:
        return CliRunner().invoke(app, ["feed", "review", "--into", str(into), *words])

    done = typed("--store", str(tmp_path / "store.sqlite"))
    assert done.exit_code == 0, done.output
    assert "praise: promoted" in done.output
    assert read_import(into / bundle.advisory["id"]).detectors[0].state == "promoted"
    (tmp_path / "audits.jsonl").write_text("")
    assert typed(str(tmp_path / "audits.jsonl"), "--store", str(tmp_path / "store.sqlite")).exit_code != 0


def test_a_sighting_counts_what_the_watch_saw(watched: tuple[Store, dict[str, bool]]) -> None:
    store, truth = watched
    with store.transaction():
        store.execute("UPDATE exchanges SET client = 'c' || (number % 7)", [])
    rows = store.query(
        "SELECT exchanges.id AS id, client, exchanges.time AS time, flagged, draw FROM exchanges"
        " JOIN verdicts ON verdicts.exchange = number JOIN audit_draws ON audit_draws.exchange = number"
    )
    half = sorted(row["time"] for row in rows)[N // 2]
    begin, end = datetime.fromtimestamp(half, UTC), datetime.fromtimestamp(NOW, UTC)
    told = live_counts(store, DIGEST, "insult", begin, end)
    seen = [row for row in rows if row["time"] >= half]
    audited = [row for row in seen if row["draw"] < SLICE]
    confirmed = [row for row in audited if truth[row["id"]]]
    assert told == Counts(
        len(seen), sum(row["flagged"] for row in seen), len(audited), len(confirmed),
        len({row["client"] for row in seen}), len({row["client"] for row in seen if row["flagged"]}),
        len({row["client"] for row in confirmed}),
    )  # fmt: skip
    assert 0 < told.confirmed < told.audited < told.screened
    assert live_counts(store, DIGEST, "insult", end, end) == Counts(0, 0, 0, 0, 0, 0, 0)


def test_no_design_and_unknown_detectors_have_no_audits(tmp_path: Path, watched: tuple[Store, dict[str, bool]]) -> None:
    store, _ = watched
    assert live_audits(store, "sha256:" + "9" * 64, "insult", AT) == []
    empty = open_store(tmp_path / "other.sqlite")
    make_tables(empty)
    assert live_audits(empty, DIGEST, "insult", AT) == []
    empty.close()
