"""Rates of live use, recorded: from a store with audits to the dossier, its card and what the card claims."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from caseback.cli.main import app
from caseback.disclosure import card, render_html
from caseback.dossier import open_dossier, read_dossier
from caseback.stats.rate import exact_rate
from caseback.watch.alerts.round import make_tables
from caseback.watch.rates.audits import queue, record
from caseback.watch.rates.calibrations import keep_calibration
from caseback.watch.rates.designs import begin_design
from caseback.watch.rates.drawing import draw_new
from caseback.watch.store.opening import open_store
from watch_traffic_for_tests import DIGEST, add_detector, add_exchanges, calibration, live_threshold

KEY, NOW = bytes(range(32)), 1e6
KNOWN = calibration()
AT = live_threshold(KNOWN)
MONITOR = {"name": "insults", "behaviour": "insult", "kind": "pattern", "needs": "text", "id": DIGEST, "points": [],
           "self_test": {"n": 2, "failed": 0, "why": ""}, "stale": {"word": "needs no model", "why": ""}}  # fmt: skip


def watched(file: Path, rate: float, n: int = 4000, models: tuple[str, ...] = ("m",)) -> None:
    """A store with traffic of which a share is bad; all that was drawn is audited, and told rightly."""
    store = open_store(file)
    make_tables(store)
    add_detector(store, threshold=AT)
    keep_calibration(store, DIGEST, KNOWN)
    begin_design(store, KEY, ["insult"], random_slice=0.1, budget=0.1, reviewers=1, now=0.0)
    bad = np.random.default_rng(0).random(n) < rate
    scores = np.where(bad, 1.5, 0.5).tolist()
    ids = add_exchanges(store, scores, threshold=AT, models=[models[at % len(models)] for at in range(n)])
    truth = dict(zip(ids, bad.tolist(), strict=True))
    draw_new(store, KEY, NOW)
    for each in queue(store, "ann", NOW, most=10**6):
        record(store, each.exchange, "ann", {"insult": truth[each.exchange]}, NOW)
    store.close()


@pytest.fixture
def dossier(tmp_path: Path) -> Path:
    with open_dossier(tmp_path / "dossier") as opened:
        for arm in ("before", "dpo"):
            opened.append("measurement", {"arm": arm, "behaviour": "insult", "rate": vars(exact_rate(1, 60)).copy()})
        opened.append("monitor", MONITOR)
    return tmp_path / "dossier"


def typed(store: Path, *words: str, code: int = 0) -> Result:
    got = CliRunner().invoke(app, ["watch", "rates", "--store", str(store), *words])
    assert got.exit_code == code, got.output
    return got


@pytest.mark.parametrize(("rate", "status"), [(0.0, "holds"), (0.2, "holds in part")])
def test_a_watched_model_has_its_live_rate_on_its_card(dossier: Path, tmp_path: Path, rate: float, status: str) -> None:
    watched(tmp_path / "s.sqlite", rate)
    with read_dossier(dossier) as opened:
        assert card(opened)["live"]["watched"] is False
    told = json.loads(typed(tmp_path / "s.sqlite", "--into", str(dossier), "--json").stdout)
    with read_dossier(dossier) as opened:
        made = card(opened)
    [live], [row] = made["live"]["rates"], told["rates"]
    assert told["records"] == [live["record"]]
    assert [live[name] for name in ("behaviour", "detector", "id")] == ["insult", "insults", DIGEST]
    assert [live["rate"][name] for name in ("value", "low", "high")] == [
        row["best"][name] for name in ("value", "low", "high")
    ]
    assert live["rate"]["n"] == 4000
    assert [live["rate"][name] for name in ("coverage", "gaps")] == [row["coverage"], 0] == [1.0, 0]
    assert live["rate"]["low"] <= rate <= live["rate"]["high"]
    assert made["assurance"]["nodes"][6]["status"] == status
    shown = render_html(made).split('id="live"')[1].split("</section>")[0]
    assert "not watched yet" not in shown
    assert "No incident was confirmed" in shown
    assert "evaluated 100%" in shown
    assert DIGEST[:12] in shown


def test_a_rate_that_cannot_be_told_is_recorded_as_such(dossier: Path, tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.sqlite")
    make_tables(store)
    add_detector(store, threshold=AT)
    assert "nothing to record" in typed(tmp_path / "s.sqlite", "--into", str(dossier), code=2).output
    add_exchanges(store, [0.1] * 20, threshold=AT)
    store.close()
    assert "recorded " in typed(tmp_path / "s.sqlite", "--into", str(dossier)).output
    with read_dossier(dossier) as opened:
        made = card(opened)
    assert made["live"]["rates"][0]["rate"]["value"] is None
    assert made["live"]["rates"][0]["rate"]["why"]
    assert made["assurance"]["nodes"][6]["status"] == "holds in part"


def test_only_what_the_model_of_the_dossier_answered_is_recorded(dossier: Path, tmp_path: Path) -> None:
    store = tmp_path / "s.sqlite"
    watched(store, 0.0, 400, models=("m", "other"))
    assert "several models answered, m, other" in typed(store, "--into", str(dossier), code=2).output
    assert "'x' has answered nothing" in typed(store, "--into", str(dossier), "--model", "x", code=2).output
    assert "leave out --by" in typed(store, "--into", str(dossier), "--by", "client", code=2).output
    typed(store, "--into", str(tmp_path / "typo"), "--model", "m", code=2)
    assert not (tmp_path / "typo").exists()
    typed(store, "--into", str(dossier), "--model", "m")
    with read_dossier(dossier) as opened:
        [kept] = opened.records("live_rate")
    assert (kept.body["model"], kept.body["rate"]["counts"]["exchanges"]) == ("m", 200)
    [row] = json.loads(typed(store, "--model", "other", "--json").stdout)
    assert row["counts"]["exchanges"] == 200
