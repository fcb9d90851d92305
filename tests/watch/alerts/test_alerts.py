"""Alerts: each condition raises one, through restarts, acks, clocks; and they are told until they are taken."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiohttp import web

from caseback.errors import CasebackError
from caseback.watch.alerts.condition import Condition
from caseback.watch.alerts.conditions import conditions
from caseback.watch.alerts.deliver import AT_ONCE, ATTEMPTS, LONGEST, Delivered, deliver_due, undelivered
from caseback.watch.alerts.ledger import acknowledge, alerts, resolve, update
from caseback.watch.alerts.messages import SIGNATURE, alertmanager_body, verified
from caseback.watch.alerts.round import one_round
from caseback.watch.alerts.rules import Receiver, Rules, rules_of
from caseback.watch.rates.audits import record
from caseback.watch.rates.calibrations import keep_calibration
from caseback.watch.rates.designs import begin_design
from caseback.watch.rates.drawing import draw_new
from caseback.watch.store.store import Store, StoreAwayError
from listening_for_tests import listening
from watch_traffic_for_tests import DIGEST, add_detector, add_exchanges, calibration, live_threshold

GAP = Condition("gap", {"gap": "lost"}, "ticket", "1 gap")
COVERAGE = Condition("coverage", {"detector": "insults"}, "page", "too little")
CALM = 60.0


# -- the ledger ------------------------------------------------------------------------------------------------------


def test_a_condition_raises_one_alert_however_often_it_is_seen(store: Store) -> None:
    [first] = update(store, [GAP], 100.0, calm=CALM)
    assert update(store, [GAP, COVERAGE], 110.0, calm=CALM)[0].kind == "coverage"
    changed = Condition("gap", {"gap": "lost"}, "ticket", "7 gaps", {"gaps": 7})
    assert update(store, [changed], 120.0, calm=CALM) == []
    _, got = alerts(store)
    assert (got.id, got.summary, got.detail, got.opened, got.last_seen) == (first.id, "7 gaps", {"gaps": 7}, 100, 120)


def test_it_is_resolved_when_the_condition_has_been_away_long_enough_and_not_when_it_flickers(store: Store) -> None:
    update(store, [GAP], 100.0, calm=CALM)
    for now in (110.0, 150.0):
        update(store, [], now, calm=CALM)
    update(store, [GAP], 160.0, calm=CALM)
    update(store, [], 170.0, calm=CALM)
    update(store, [], 229.0, calm=CALM)
    assert len(alerts(store)) == 1
    update(store, [], 230.0, calm=CALM)
    assert alerts(store) == []
    [got] = alerts(store, "all")
    assert (got.resolved, got.resolved_by) == (230.0, "")
    assert len(update(store, [GAP], 240.0, calm=CALM)) == 1


def test_a_clock_that_is_set_back_resolves_nothing_early_and_holds_nothing_open(store: Store) -> None:
    update(store, [GAP], 1e6, calm=CALM)
    update(store, [], 1e6 + 1, calm=CALM)
    update(store, [], 100.0, calm=CALM)
    assert len(alerts(store)) == 1
    update(store, [], 161.0, calm=CALM)
    assert alerts(store) == []


def test_who_acknowledges_first_stands_and_a_second_is_told(store: Store) -> None:
    [made] = update(store, [GAP], 100.0, calm=CALM)
    assert acknowledge(store, made.id[:5], "ann", 101.0).acknowledged_by == "ann"
    again = acknowledge(store, made.id, "ben", 102.0)
    assert (again.acknowledged_by, again.acknowledged) == ("ann", 101.0)
    resolve(store, made.id, "ben", 103.0)
    assert resolve(store, made.id, "ann", 104.0).resolved_by == "ben"
    with pytest.raises(CasebackError, match="is resolved already"):
        acknowledge(store, made.id, "ann", 105.0)
    with pytest.raises(CasebackError, match="no alert has the id 'zz'"):
        acknowledge(store, "zz", "ann", 105.0)
    with pytest.raises(CasebackError, match="say who you are"):
        resolve(store, made.id, " ", 105.0)


def test_what_a_person_resolved_stays_so_until_the_condition_has_been_away(store: Store) -> None:
    [made] = update(store, [GAP], 100.0, calm=CALM)
    resolve(store, made.id, "ann", 101.0)
    assert update(store, [GAP], 102.0, calm=CALM) == []
    update(store, [], 103.0, calm=CALM)
    assert len(update(store, [GAP], 104.0, calm=CALM)) == 1


# -- what is amiss ---------------------------------------------------------------------------------------------------

KNOWN = calibration()
AT = live_threshold(KNOWN)


def kinds(store: Store, rules: Rules, now: float, lag: float | None = None) -> dict[str, str]:
    return {each.kind: each.summary for each in conditions(store, rules, now, lag)}


def minute_counts(store: Store, now: float, **outcomes: int) -> None:
    names = {
        "clean": "clean",
        "flagged": "flagged",
        "failed": "the detector failed: ValueError: no",
        "long": "too long",
    }
    for name, n in outcomes.items():
        store.execute(
            "INSERT INTO counts (detector, minute, outcome, exchanges) VALUES (1, ?, ?, ?)",
            [int(now // 60) - 1, names[name], n],
        )


def test_nothing_is_amiss_in_an_empty_store(store: Store) -> None:
    assert conditions(store, Rules({"insult": 0.001}), 1e5) == []


def test_the_bound_is_alerted_on_and_not_the_count(store: Store) -> None:
    add_detector(store, threshold=AT, first_seen=900.0)
    keep_calibration(store, DIGEST, KNOWN)
    add_exchanges(store, [0.1] * 500 + [2.0] * 4, threshold=AT)
    assert kinds(store, Rules({"insult": 0.001}), 2000.0) == {}  # four of 504, and few can be told from none
    add_exchanges(store, [0.1, 2.0] * 40, threshold=AT, start=1600)
    [over] = conditions(store, Rules({"insult": 0.001}), 2000.0)
    assert over.kind == "over budget"
    assert "insult is above its budget of 0.001" in over.summary
    assert kinds(store, Rules({"insult": 0.3}), 2000.0) == {}
    [made] = update(store, [over], 2000.0, calm=CALM)
    resolve(store, made.id, "ann", 2001.0)
    assert kinds(store, Rules({"insult": 0.001}), 2002.0) == {}  # the evidence begins anew


def test_coverage_below_its_floor_and_a_detector_that_fails(store: Store) -> None:
    add_detector(store, threshold=AT, first_seen=900.0)
    now = 10_000.0
    minute_counts(store, now, clean=90, long=10)
    assert kinds(store, Rules({}, coverage=0.9), now) == {}
    assert "evaluated 90 of 100" in kinds(store, Rules({}, coverage=0.95), now)["coverage"]
    minute_counts(store, now - 60, failed=1)
    stale = "the model changed: it was made for sha256:aa…, and m is sha256:bb…"
    store.execute("INSERT INTO counts (detector, minute, outcome, exchanges) VALUES (1, 160, ?, 7)", [stale])
    assert "failed on 8 of 108 exchanges: the model changed" in kinds(store, Rules({}, coverage=0.5), now)["failing"]


def test_gaps_lag_and_audits_that_nobody_makes(store: Store) -> None:
    key = bytes(range(32))
    assert "300 s is the most" in kinds(store, Rules({}), 1e4, lag=301.0)["lag"]
    assert kinds(store, Rules({}), 1e4, lag=299.0) == {}
    for id, n in (("a", 3), ("b", None)):
        store.execute(
            "INSERT INTO coverage (id, kind, gateway, exchange, begun, ended, exchanges, why)"
            " VALUES (?, 'lost', 'g', '', 9000, 9500, ?, 'killed')",
            [id, n],
        )
    assert (
        "2 gaps in what was watched (lost): 3 exchanges and an unknown number more"
        in kinds(store, Rules({}), 1e4)["gap"]
    )
    begin_design(store, key, ["insult"], random_slice=1.0, budget=1.0, reviewers=1, now=0.0)
    add_detector(store, threshold=AT)
    add_exchanges(store, [0.1] * 5, threshold=AT)
    draw_new(store, key, 1e5)
    assert kinds(store, Rules({}, audits=86400.0), 1e5 + 86000) == {}
    assert "5 exchanges await an audit" in kinds(store, Rules({}, audits=86400.0), 1e5 + 90000)["audits"]


def test_an_audit_is_awaited_until_as_many_agree_as_must(store: Store) -> None:
    key, ids = bytes(range(32)), add_exchanges(store, [0.1] * 3, threshold=AT)
    begin_design(store, key, ["insult"], random_slice=1.0, budget=1.0, reviewers=2, now=0.0)
    add_detector(store, threshold=AT)
    ids = add_exchanges(store, [0.1] * 3, threshold=AT, start=3000)
    draw_new(store, key, 1e5)

    def awaited() -> str:
        return kinds(store, Rules({}, audits=86400.0), 1e5 + 90000).get("audits", "none")[:1]

    for exchange, who, violation, left in (
        (0, "ann", True, "3"), (0, "ben", False, "3"), (0, "cyd", None, "2"),
        (1, "ann", None, "2"), (1, "ben", None, "1"), (2, "ann", True, "1"), (2, "ben", True, "n"),
    ):  # fmt: skip
        record(store, ids[exchange], who, {"insult": violation}, 1e5)
        assert awaited() == left, (exchange, who)


# -- telling ---------------------------------------------------------------------------------------------------------


@contextmanager
def endpoint(answer: Callable[[int], Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that answers as told, by the number of the request; its address and what it was sent."""
    seen: list[dict[str, Any]] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        seen.append({"path": request.path, "headers": dict(request.headers), "body": body})
        made = answer(len(seen) - 1)
        if asyncio.iscoroutine(made):
            made = await made
        return web.Response(status=made) if isinstance(made, int) else made

    with listening(handle) as (port, _, _):
        yield f"http://127.0.0.1:{port}", seen


def deliver(store: Store, to: Receiver, now: float) -> Delivered:
    return asyncio.run(deliver_due(store, [to], now))


def test_a_webhook_gets_what_is_signed_once_when_it_fires_and_once_when_it_is_over(store: Store) -> None:
    with endpoint(lambda n: 204) as (url, seen):
        to = Receiver("pager", "webhook", url + "/hook", b"secret")
        update(store, [GAP], 100.0, calm=CALM, receivers=[to])
        assert deliver(store, to, 100.0) == Delivered(1, 0, 0)
        assert deliver(store, to, 101.0) == Delivered(0, 0, 0)
        for now in (110.0, 170.0):
            update(store, [], now, calm=CALM, receivers=[to])
        deliver(store, to, 171.0)
    fired, over = (json.loads(each["body"]) for each in seen)
    assert (fired["event"], over["event"]) == ("firing", "resolved")
    assert fired["alert"]["id"] == over["alert"]["id"]
    assert over["alert"]["resolved"] == 170.0
    header, body = seen[0]["headers"][SIGNATURE], seen[0]["body"]
    assert header == "t=100,v1=" + hmac.new(b"secret", b"100." + body, hashlib.sha256).hexdigest()
    assert verified(b"secret", body, header, 120.0)
    for secret, said, signed, now in (
        (b"other", body, header, 120.0),
        (b"secret", body + b" ", header, 120.0),
        (b"secret", body, header, 900.0),
        (b"secret", body, "", 100.0),
        (b"secret", body, "t=x,v1=y", 100.0),
    ):
        assert not verified(secret, said, signed, now)
    assert undelivered(store) == {"pager": {"delivered": 2}}


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_one_that_fails_is_tried_again_ever_later_and_given_up_in_the_end_visibly(store: Store) -> None:
    with endpoint(lambda n: 500) as (url, seen):
        to, other = Receiver("pager", "webhook", url), Receiver("other", "webhook", url)
        update(store, [GAP], 0.0, calm=CALM, receivers=[to])
        now, waits = 0.0, []
        while store.query("SELECT due FROM deliveries WHERE ended = ''"):
            assert deliver(store, to, now - 1 if waits else now) in (Delivered(0, 0, 0), Delivered(0, 1, 0))
            if waits:
                deliver(store, to, now)
            [row] = store.query("SELECT due, ended, error FROM deliveries WHERE receiver = 'pager'")
            waits.append(row["due"] - now)
            now = row["due"]
    assert len(seen) == ATTEMPTS
    assert row["error"] == "status 500"
    assert row["ended"] == "given up"
    assert waits[:3] == [10, 20, 40]
    assert max(waits) <= LONGEST
    assert sorted(waits) == waits
    [told] = conditions(store, Rules({}), now)
    assert told.kind == "delivery"
    assert "pager took 1 alerts not at all: status 500" in told.summary
    update(store, [told], now, calm=CALM, receivers=[to, other])  # the one that fails is not told of its failing
    assert [row["receiver"] for row in store.query("SELECT receiver FROM deliveries WHERE ended = ''")] == ["other"]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_one_that_stalls_one_that_redirects_and_one_that_is_not_there_hold_up_nobody(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("caseback.watch.alerts.deliver.SECONDS", 0.5)

    async def stall() -> int:
        await asyncio.sleep(5)
        return 200

    with endpoint(lambda n: stall()) as (slow, _), endpoint(lambda n: 200) as (quick, got):
        away = web.Response(status=302, headers={"Location": quick})
        with endpoint(lambda n: away) as (moved, _):
            to = [Receiver("slow", "webhook", slow), Receiver("gone", "webhook", "http://127.0.0.1:9"),
                  Receiver("moved", "webhook", moved), Receiver("quick", "webhook", quick)]  # fmt: skip
            update(store, [GAP], 0.0, calm=CALM, receivers=to)
            begun = time.monotonic()
            assert asyncio.run(deliver_due(store, to, 0.0)) == Delivered(1, 3, 0)
    assert time.monotonic() - begun < 3
    assert len(got) == 1
    errors = {row["receiver"]: row["error"] for row in store.query("SELECT receiver, error FROM deliveries")}
    assert errors["slow"] == "no answer in 0.5 s"
    assert "302" in errors["moved"]
    assert "Connect" in errors["gone"]


def test_nothing_is_lost_between_two_processes(store: Store) -> None:
    with endpoint(lambda n: 500 if n == 0 else 200) as (url, seen):
        to = Receiver("pager", "webhook", url)
        update(store, [GAP], 0.0, calm=CALM, receivers=[to])
        deliver(store, to, 0.0)
        # Another process, at a time that a clock set back has made long ago.
        assert deliver(store, to, -1e6) == Delivered(1, 0, 0)
    assert len(seen) == 2
    assert len(alerts(store)) == 1


def test_alertmanager_gets_its_format_and_is_told_again_while_it_lasts(store: Store) -> None:
    with endpoint(lambda n: 200) as (url, seen):
        to = Receiver("am", "alertmanager", url)
        [made] = update(store, [COVERAGE], 1000.0, calm=CALM, receivers=[to])
        deliver(store, to, 1000.0)
        assert deliver(store, to, 1100.0) == Delivered(0, 0, 0)
        assert deliver(store, to, 2000.0) == Delivered(1, 0, 0)
        resolve(store, made.id, "ann", 2100.0, [to])
        assert deliver(store, to, 9000.0) == Delivered(1, 0, 0)
    assert [each["path"] for each in seen] == ["/api/v2/alerts"] * 3
    first, _, last = (json.loads(each["body"])[0] for each in seen)
    assert first["labels"] == last["labels"] == {"alertname": "caseback coverage", "severity": "page",
                                                 "caseback_alert": made.id, "detector": "insults"}  # fmt: skip
    assert (first["startsAt"], first["endsAt"]) == ("1970-01-01T00:16:40.000Z", "1970-01-01T01:16:40.000Z")
    assert last["endsAt"] == "1970-01-01T00:35:00.000Z"
    assert first["annotations"]["summary"] == "too little"
    odd = Condition("coverage", {"gap-kind é": "x"}, "page", "")
    [other] = update(store, [odd], 9000.0, calm=CALM)
    assert "gap_kind__" in json.loads(alertmanager_body(other, 0.0))[0]["labels"]


def open_many(store: Store, n: int, to: list[Receiver]) -> None:
    update(store, [Condition("gap", {"gap": str(at)}, "ticket", "") for at in range(n)], 0.0, calm=CALM, receivers=to)


def test_neither_a_receiver_that_was_taken_out_nor_one_with_much_to_be_told_holds_up_another(store: Store) -> None:
    with endpoint(lambda n: 200) as (url, seen):
        gone, full, quick = (Receiver(name, "webhook", f"{url}/{name}") for name in ("gone", "full", "quick"))
        open_many(store, AT_ONCE + 1, [gone])
        update(store, [], 0.5, calm=CALM)
        store.execute("DELETE FROM alerts")
        open_many(store, AT_ONCE + 1, [full])
        update(store, [COVERAGE], 1.0, calm=CALM, receivers=[quick])
        # What nobody is named for any more names alerts that are gone; it is not looked at.
        assert asyncio.run(deliver_due(store, [full, quick], 2.0)) == Delivered(AT_ONCE + 1, 0, 0)
        assert [each["path"] for each in seen].count("/quick") == 1
        assert deliver(store, full, 2.0) == Delivered(1, 0, 0)


@pytest.mark.parametrize("kind", ["webhook", "alertmanager"])
def test_that_it_is_over_is_told_after_that_it_fired_however_late_that_is_taken(store: Store, kind: Any) -> None:
    with endpoint(lambda n: 500 if n == 0 else 200) as (url, seen):
        to = Receiver("pager", kind, url)
        [made] = update(store, [COVERAGE], 1000.0, calm=CALM, receivers=[to])
        deliver(store, to, 1000.0)
        resolve(store, made.id, "ann", 1001.0, [to])
        assert deliver(store, to, 1002.0) == Delivered(0, 0, 0)
        assert deliver(store, to, 1010.0) == deliver(store, to, 1011.0) == Delivered(1, 0, 0)
        assert deliver(store, to, 9000.0) == Delivered(0, 0, 0)
    told = [json.loads(each["body"]) for each in seen]
    if kind == "webhook":
        assert [each["event"] for each in told] == ["firing", "firing", "resolved"]
    else:
        assert [each[0]["endsAt"] for each in told[1:]] == ["1970-01-01T00:16:41.000Z"] * 2


def test_a_step_that_fails_is_alerted_on_and_stops_no_other(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*given: Any) -> int:
        raise CasebackError("the key is another than the one committed to")

    monkeypatch.setattr("caseback.watch.alerts.round.draw_new", fails)
    minute_counts(store, 2000.0, clean=50, long=50)
    add_detector(store, threshold=AT, first_seen=900.0)
    done = asyncio.run(one_round(store, Rules({}), [], 2000.0, key=lambda: b"k"))
    assert {each.kind: each.summary for each in done.alerts}["round"] == (
        "drawing for audit failed: CasebackError: the key is another than the one committed to"
    )
    assert "coverage" in {each.kind for each in done.alerts}
    # While something cannot be told nothing is over.
    store.execute("DELETE FROM counts")
    for now in (2001.0, 9000.0):
        asyncio.run(one_round(store, Rules({}), [], now, key=lambda: b"k"))
    assert len(alerts(store)) == 2
    monkeypatch.undo()
    for now in (9001.0, 9700.0):
        assert asyncio.run(one_round(store, Rules({}), [], now)).alerts == ()
    assert alerts(store) == []


def test_a_condition_that_cannot_be_told_hides_no_other(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*given: Any) -> Any:
        raise ZeroDivisionError("no tasks")

    monkeypatch.setattr("caseback.watch.alerts.conditions.units", fails)
    add_detector(store, threshold=AT, first_seen=900.0)
    add_exchanges(store, [0.1], threshold=AT)
    found = kinds(store, Rules({}), 2000.0, lag=301.0)
    assert found["round"] == "telling the rate of insults failed: ZeroDivisionError: no tasks"
    assert "lag" in found


def test_a_store_that_is_away_ends_the_round(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*given: Any) -> int:
        raise StoreAwayError("the store is away")

    monkeypatch.setattr("caseback.watch.alerts.round.draw_new", away)
    with pytest.raises(StoreAwayError):
        asyncio.run(one_round(store, Rules({}), [], 2000.0, key=lambda: b"k"))


def test_a_round_does_all_of_it(store: Store) -> None:
    add_detector(store, threshold=AT, first_seen=900.0)
    keep_calibration(store, DIGEST, KNOWN)
    add_exchanges(store, [0.1, 2.0] * 100, threshold=AT, messages=[CHAT] * 200)
    done = asyncio.run(one_round(store, Rules({"insult": 0.001}), [], 2000.0))
    assert (done.incidents, [each.kind for each in done.alerts]) == (1, ["over budget"])
    again = asyncio.run(one_round(store, Rules({"insult": 0.001}), [], 2001.0))
    assert (again.incidents, again.alerts) == (0, ())


CHAT = [{"role": "user", "content": "hello you"}, {"role": "assistant", "content": "what a foolish thing to say to me"}]


# -- rules -----------------------------------------------------------------------------------------------------------


def test_rules_are_read_and_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER", "geheim")
    to = {"name": "pager", "kind": "webhook", "url": "https://h/x", "secret": "PAGER"}
    got = rules_of({"budgets": {"insult": 0.001}, "coverage": 0.9, "to": [to]})
    assert got == Rules(
        {"insult": 0.001}, coverage=0.9, receivers=(Receiver("pager", "webhook", "https://h/x", b"geheim"),)
    )
    assert rules_of({}) == Rules({})
    for table, said in (
        ({"budget": {}}, "alerts.budget: no such field"),
        ({"budgets": {"insult": 2}}, "alerts.budgets.insult is 2: give a rate between 0 and 1"),
        ({"budgets": 3}, "alerts.budgets is 3"),
        ({"coverage": 1.5}, "alerts.coverage is 1.5"),
        ({"calm": True}, "alerts.calm is True"),
        ({"to": "x"}, "must be a table of its own"),
        ({"to": [to, to]}, "two receivers have one name"),
        ({"to": [{**to, "url": "ftp://x"}]}, "alerts.to pager: url is 'ftp://x'"),
        ({"to": [{**to, "kind": "mail"}]}, "choose among webhook, alertmanager"),
        ({"to": [{**to, "secret": "NOT_THERE"}]}, "the environment has no NOT_THERE"),
        ({"to": [{**to, "more": 1}]}, "alerts.to.more: no such field"),
        ({"to": [{**to, "name": ""}]}, "give each receiver a name"),
    ):
        with pytest.raises(CasebackError, match=said.replace(".", "[.]")):
            rules_of(table)
