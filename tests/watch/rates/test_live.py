"""Rates from the store: known truth, draws that can be proven, audits that come late, nothing yet, several groups."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from caseback.errors import CasebackError
from caseback.stats.rate import exact_rate
from caseback.watch.rates.audits import OVERDUE, queue, record, reviewers_agree
from caseback.watch.rates.calibrations import keep_calibration, kept_calibration
from caseback.watch.rates.changed import FIRST, Changed, changed
from caseback.watch.rates.designs import begin_design, current_design
from caseback.watch.rates.drawing import draw_new, unproven
from caseback.watch.rates.levels import levels
from caseback.watch.rates.live import live_rates, point_of
from caseback.watch.rates.over_budget import over_budget
from caseback.watch.rates.reading import seen
from caseback.watch.rates.units import Units, units
from caseback.watch.store.opening import open_store
from caseback.watch.store.read import detectors
from caseback.watch.store.store import Store
from watch_traffic_for_tests import DIGEST, add_detector, add_exchanges, calibration, live_threshold

KEY = bytes(range(32))
KNOWN = calibration()
AT = live_threshold(KNOWN)
NOW = 1e6


def begin(store: Store, slice: float = 0.05, budget: float = 0.1, reviewers: int = 1) -> None:
    add_detector(store, threshold=AT)
    keep_calibration(store, DIGEST, KNOWN)
    begin_design(store, KEY, ["insult"], random_slice=slice, budget=budget, reviewers=reviewers, now=0.0)


def traffic(n: int, rate: float, seed: int = 0) -> tuple[list[float], list[bool]]:
    rng = np.random.default_rng(seed)
    bad = rng.random(n) < rate
    high = rng.random(n) < np.where(bad, 0.95, 0.001)
    return np.where(high, 1 + rng.random(n), 0.9 * rng.random(n)).tolist(), bad.tolist()


def audit_all(store: Store, truth: dict[str, bool], who: str = "ann") -> int:
    waiting = queue(store, who, NOW, most=10**6)
    with store.transaction():
        for each in waiting:
            record(store, each.exchange, who, dict.fromkeys(each.behaviours, truth[each.exchange]), NOW)
    return len(waiting)


def test_planted_rates_are_found_from_audits_from_flags_and_from_both(store: Store) -> None:
    begin(store)
    scores, bad = traffic(8000, 0.03)
    ids = add_exchanges(store, scores, threshold=AT)
    assert draw_new(store, KEY, NOW) == audit_all(store, dict(zip(ids, bad, strict=True)))
    [got] = live_rates(store, NOW)
    for each in (got.audits, got.flags, got.both):
        assert each.low < 0.03 < each.high < 0.06
        assert each.value == pytest.approx(0.03, abs=0.01)
        assert each.tasks == 8000
    assert got.counts.audited == got.counts.drawn
    assert got.counts.coverage == 1.0
    assert got.best is got.both
    assert got.of_all == (got.both.low, got.both.high)
    assert got.precision.n >= 200
    assert got.precision.value > 0.9


def test_replays_change_nothing(store: Store) -> None:
    begin(store)
    ids = add_exchanges(store, traffic(2000, 0.03)[0], threshold=AT)
    first = draw_new(store, KEY, NOW)
    rows = store.query("SELECT * FROM audit_draws ORDER BY exchange")
    assert draw_new(store, KEY, NOW + 5) == 0
    assert first > 0
    assert store.query("SELECT * FROM audit_draws ORDER BY exchange") == rows
    for who in ("ann", "ann"):
        record(store, ids[0], who, {"insult": True}, NOW)
    assert store.query("SELECT COUNT(*) AS n FROM audits") == [{"n": 1}]


def test_every_decision_can_be_proven_and_one_that_was_altered_shows(store: Store) -> None:
    begin(store)
    ids = add_exchanges(store, traffic(1500, 0.03)[0], threshold=AT)
    draw_new(store, KEY, NOW)
    assert unproven(store, KEY) == []
    store.execute("UPDATE audit_draws SET chosen = 1 - chosen WHERE id = ?", [ids[7]])
    assert unproven(store, KEY) == [ids[7]]
    assert len(unproven(store, b"not the key at all")) == 1500
    with pytest.raises(CasebackError, match="the key is not the one"):
        draw_new(store, b"not the key at all", NOW)


def test_a_drawing_that_is_killed_goes_on(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.sqlite")
    from caseback.watch.alerts.round import make_tables

    make_tables(store)
    begin(store)
    add_exchanges(store, traffic(30_000, 0.01)[0], threshold=AT)
    code = (
        "from caseback.watch.store.opening import open_store\nfrom caseback.watch.rates.drawing import draw_new\n"
        f"s = open_store({str(tmp_path / 's.sqlite')!r})\nprint('go', flush=True)\ndraw_new(s, bytes(range(32)), 1e6)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env={**os.environ})
    assert child.stdout is not None
    assert child.stdout.readline() == b"go\n"
    while not store.query("SELECT COUNT(*) AS n FROM audit_draws")[0]["n"]:
        assert child.poll() is None
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    [row] = store.query("SELECT COUNT(*) AS n FROM audit_draws")
    assert 0 < row["n"] < 30_000
    draw_new(store, KEY, NOW)
    assert store.query("SELECT COUNT(*) AS n FROM audit_draws") == [{"n": 30_000}]
    assert unproven(store, KEY) == []
    store.close()


def test_an_empty_store_and_one_without_audits(store: Store) -> None:
    assert live_rates(store, NOW) == []
    assert queue(store, "ann", NOW) == []
    assert current_design(store) is None
    with pytest.raises(CasebackError, match="no detector 'x' has had its say; there are: none yet"):
        live_rates(store, NOW, which="x")
    with pytest.raises(CasebackError, match="begin with `caseback watch audit begin`"):
        draw_new(store, KEY, NOW)
    add_detector(store, threshold=AT)
    [got] = live_rates(store, NOW)
    assert got.counts.exchanges == 0
    assert got.counts.coverage is None
    assert got.of_all == (0.0, 1.0)
    add_exchanges(store, traffic(1000, 0.1)[0], threshold=AT)
    [got] = live_rates(store, NOW)
    assert "not audited" in got.audits.why
    assert "not calibrated" in got.flags.why
    assert (got.audits.low, got.audits.high, got.of_all) == (0.0, 1.0, (0.0, 1.0))


def test_with_nobody_looking_audits_say_nothing_beyond_the_first_that_is_missing(store: Store) -> None:
    begin(store, slice=0.5, budget=0.5)
    add_exchanges(store, traffic(500, 0.0)[0], threshold=AT)
    draw_new(store, KEY, NOW)
    [got] = live_rates(store, NOW)
    assert got.audits.tasks < 30
    assert got.audits.high > 0.2
    [later] = live_rates(store, NOW + OVERDUE + 1)  # nobody waits any more: they could not tell
    assert later.audits.tasks == 500
    assert later.audits.high == 1.0
    assert later.audits.low == 0.0


def test_all_not_evaluated_is_shown_and_bounds_nothing(store: Store) -> None:
    begin(store)
    add_exchanges(store, [None] * 300, threshold=AT)
    [got] = live_rates(store, NOW)
    assert (got.counts.evaluated, got.counts.coverage, got.of_all) == (0, 0.0, (0.0, 1.0))
    add_exchanges(store, [0.1] * 900, threshold=AT, start=5000)
    [got] = live_rates(store, NOW)
    assert got.counts.coverage == 0.75
    assert got.of_all[0] == got.flags.low * 0.75
    assert got.of_all[1] == pytest.approx(got.flags.high * 0.75 + 0.25)


def test_what_was_lost_widens_the_bounds_and_what_was_refused_does_not(store: Store) -> None:
    begin(store)
    add_exchanges(store, [0.1] * 900, threshold=AT)
    add_exchanges(store, [None] * 100, threshold=AT, ended="refused")
    store.execute(
        "INSERT INTO coverage (id, kind, gateway, exchange, begun, ended, exchanges, why)"
        " VALUES ('a', 'missed', 'g', '', 1100, 1200, 100, 'the disk was full')"
    )
    [got] = live_rates(store, NOW)
    assert (got.counts.exchanges, got.counts.lost, got.counts.coverage) == (900, 100, 0.9)
    assert got.of_all[1] == pytest.approx(got.flags.high * 0.9 + 0.1)


def test_by_model_and_by_time(store: Store) -> None:
    begin(store)
    good, bad = traffic(1500, 0.0, 1)[0], traffic(1500, 0.2, 2)[0]
    add_exchanges(store, good, threshold=AT, models=["tame"] * 1500)
    add_exchanges(store, bad, threshold=AT, models=["wild"] * 1500, start=10_000)
    tame, wild = live_rates(store, NOW, by="model")
    assert (tame.group.value, wild.group.value) == ("tame", "wild")
    assert tame.flags.high < 0.05 < wild.flags.low < 0.2 < wild.flags.high
    first, second = live_rates(store, NOW, width=9_000.0)
    assert (first.since, first.until, second.since) == (0.0, 9000.0, 9000.0)
    assert first.flags.high < wild.flags.low
    assert sum(each.counts.tasks for each in (first, second)) == 3000
    assert live_rates(store, NOW, since=9_999.0)[0].counts.tasks == 1500
    with pytest.raises(CasebackError, match="give more than 0"):
        live_rates(store, NOW, width=0.0)


def test_a_trace_is_one_task_and_the_operating_point_allows_for_its_length(store: Store) -> None:
    begin(store)
    traces = [f"t{at // 10}" for at in range(3000)]
    add_exchanges(store, traffic(3000, 0.01)[0], threshold=AT, traces=traces)
    [got] = live_rates(store, NOW)
    assert (got.counts.exchanges, got.counts.tasks) == (3000, 300)
    assert got.flags.tasks == 300
    draw_new(store, KEY, NOW)
    rows = store.query("SELECT task, MIN(draw) AS a, MAX(draw) AS b, COUNT(*) AS n FROM audit_draws GROUP BY task")
    assert len(rows) == 300
    assert all(row["a"] == row["b"] and row["n"] == 10 for row in rows)
    assert live_rates(store, 1000.0 + 3000)[0].flags.tasks < 300  # the last ones may go on


def test_two_reviewers_and_a_third(store: Store) -> None:
    begin(store, slice=1.0, budget=1.0, reviewers=2)
    [a, b, c] = add_exchanges(store, [0.1, 0.2, 0.3], threshold=AT)
    draw_new(store, KEY, NOW)
    assert [each.exchange for each in queue(store, "ann", NOW)] == [a, b, c]
    for who, verdicts in (("ann", (True, False, True)), ("ben", (True, False, False))):
        for id, verdict in zip((a, b, c), verdicts, strict=True):
            record(store, id, who, {"insult": verdict}, NOW)
        assert queue(store, who, NOW) == []
    [left] = queue(store, "cleo", NOW)
    assert (left.exchange, left.looked) == (c, 2)
    agreed = reviewers_agree(store, "insult")
    assert (agreed.agreed.k, agreed.agreed.n) == (2, 3)
    record(store, c, "cleo", {"insult": False}, NOW)
    assert queue(store, "dan", NOW) == []
    [got] = live_rates(store, NOW)
    assert (got.counts.audited, got.counts.violations) == (3, 1)


def test_who_reviews_undrawn_exchanges_teaches_the_precision_and_no_rate(store: Store) -> None:
    begin(store, slice=0.01, budget=0.01)
    scores, bad = traffic(2000, 0.05)
    ids = add_exchanges(store, scores, threshold=AT)
    draw_new(store, KEY, NOW)
    audit_all(store, dict(zip(ids, bad, strict=True)))
    [before] = live_rates(store, NOW)
    for id, score in zip(ids, scores, strict=True):
        if score > 1:
            record(store, id, "ann", {"insult": True}, NOW, "incident")
    [after] = live_rates(store, NOW)
    assert after.audits == before.audits
    assert after.precision.n > before.precision.n + 50


def test_the_precision_of_flags_that_share_a_trace_is_less_sure(store: Store) -> None:
    begin(store)
    ids = add_exchanges(store, [2.0] * 40, threshold=AT, traces=[f"t{at // 10}" for at in range(40)])
    apart = add_exchanges(store, [2.0] * 40, threshold=AT, start=5000.0)

    def told(which: list[str]) -> tuple[float, float, float]:
        store.execute("DELETE FROM audits")
        for at, each in enumerate(which):
            record(store, each, "ann", {"insult": at < 20}, NOW)
        got = live_rates(store, NOW)[0].precision
        return got.value, got.low, got.high

    alone = exact_rate(20, 40)
    assert told(apart) == pytest.approx((0.5, alone.low, alone.high), abs=0.01)
    value, low, high = told(ids)
    assert value == 0.5
    assert low < alone.low - 0.1
    assert high > alone.high + 0.1


def test_audits_and_designs_that_cannot_be(store: Store) -> None:
    with pytest.raises(CasebackError, match="no exchange 'gone'"):
        record(store, "gone", "ann", {"insult": True}, NOW)
    with pytest.raises(CasebackError, match="needs the name"):
        record(store, "gone", " ", {"insult": True}, NOW)
    for wrong in (
        {"random_slice": 0.0},
        {"random_slice": 0.2},
        {"reviewers": 3},
        {"behaviours": []},
        {"key": b"short"},
    ):
        given = {"key": KEY, "behaviours": ["insult"], "random_slice": 0.1, "budget": 0.1, "reviewers": 1, "now": 0.0}
        with pytest.raises(CasebackError):
            begin_design(store, **{**given, **wrong})  # type: ignore[arg-type]


def test_a_second_design_begins_audited_rates_anew(store: Store) -> None:
    begin(store)
    scores, bad = traffic(2000, 0.05)
    ids = add_exchanges(store, scores, threshold=AT)
    draw_new(store, KEY, NOW)
    audit_all(store, dict(zip(ids, bad, strict=True)))
    begin_design(store, KEY, ["insult"], random_slice=0.5, budget=0.5, reviewers=1, now=NOW)
    [got] = live_rates(store, NOW)
    assert got.counts.tasks == 0
    assert got.audits.tasks == 0
    add_exchanges(store, scores[:100], threshold=AT, start=9000)
    assert draw_new(store, KEY, NOW) > 20
    assert live_rates(store, NOW)[0].counts.tasks == 100


def test_a_clock_that_was_set_back_loses_nothing(store: Store) -> None:
    begin(store)
    times = [1000.0 + at if at % 100 else 1e5 * (at % 7) for at in range(2000)]
    add_exchanges(store, traffic(2000, 0.03)[0], threshold=AT, times=times)
    assert draw_new(store, KEY, NOW) > 0
    [got] = live_rates(store, NOW)
    assert got.counts.tasks == 2000
    assert sum(each.counts.tasks for each in live_rates(store, NOW, width=1000.0)) == 2000
    assert not changed(units(seen(store, detectors(store)[0], None, NOW), NOW), NOW).alarm


def test_calibrations_come_back_as_they_were_kept(store: Store) -> None:
    keep_calibration(store, DIGEST, KNOWN)
    keep_calibration(store, DIGEST, KNOWN)
    assert kept_calibration(store, DIGEST) == KNOWN
    assert kept_calibration(store, "other") is None


def test_evidence_against_a_budget_grows_when_it_is_exceeded_and_does_not_wait_for_audits(store: Store) -> None:
    begin(store)
    scores, bad = traffic(4000, 0.05)
    ids = add_exchanges(store, scores, threshold=AT)
    draw_new(store, KEY, NOW)
    detector = detectors(store)[0]
    point, _ = point_of(store, detector)

    def test(budget: float, flags: bool = True) -> float:
        tasks = units(seen(store, detector, current_design(store), NOW), NOW)
        got = over_budget(tasks, levels(0.05), point if flags else None, budget)
        assert got.alarm == (got.log_e >= got.needed)
        return got.log_e - got.needed

    assert test(0.005) > 0 > test(0.2)
    assert test(0.005, flags=False) < 0
    audit_all(store, dict(zip(ids, bad, strict=True)))
    assert test(0.005, flags=False) > 0 > test(0.2, flags=False)


def test_a_rise_is_seen_and_dated_and_steadiness_is_not(store: Store) -> None:
    add_detector(store, threshold=AT)
    steady = traffic(FIRST + 4000, 0.01)[0]
    add_exchanges(store, steady, threshold=AT, step=60.0, start=0.0)
    detector = detectors(store)[0]

    def told() -> object:
        return changed(units(seen(store, detector, None, NOW), NOW), NOW)

    assert not told().alarm
    assert told().tasks == 4000
    rises = len(steady) * 60.0
    add_exchanges(store, traffic(600, 0.2, 3)[0], threshold=AT, step=60.0, start=rises)
    got = told()
    assert got.alarm
    assert abs(got.since - rises) < 6 * 3600
    few = units(seen(store, detector, None, NOW, until=600.0), NOW)
    assert not changed(few, NOW).alarm
    assert "say what is usual" in changed(few, NOW).why


def test_a_rise_is_looked_for_in_hours_that_are_over() -> None:
    def told(flagged: list[int], later: float = 0.0, ahead: int | None = None) -> Changed:
        n = len(flagged)
        nothing, never = np.zeros(n), np.zeros(n, dtype=bool)
        ones, times = np.ones(n, dtype=np.int64), np.arange(n) * 36.0
        now = times[-1] + later
        if ahead is not None:
            times[ahead] += 1e8
        return changed(Units(np.array(flagged, dtype=np.int8), nothing, nothing, never, never, ones, times), now)

    steady = [0] * (FIRST + 1000)
    assert told(steady[: FIRST + 50]).why == "the first hour after those goes on"
    before = told(steady)
    assert not before.alarm
    burst = told([*steady, *[1] * 99])
    assert (burst.alarm, burst.tasks) == (False, 1099)
    assert told([*steady, *[1] * 101]).alarm
    # The hour is over as well where nothing comes after it, and one clock that is ahead hides no hour.
    assert told([*steady, *[1] * 99], later=3600.0).alarm
    assert told([*steady, *[1] * 101], ahead=FIRST + 300).alarm
