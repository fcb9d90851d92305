"""What a user types: from traffic in the journal to rates, audits, incidents, findings, alerts."""

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from caseback.cli.main import app
from caseback.detectors.calibrate import calibrate
from caseback.detectors.files import save_detector
from caseback.detectors.kinds import with_known
from caseback.detectors.pattern import PatternDetector
from caseback.detectors.transcript import transcript_of
from caseback.dossier.dossier import read_dossier
from caseback.training.data_file import read_data
from caseback.watch.configuration import read_configuration, watching
from caseback.watch.entry import Closed, Opened
from caseback.watch.journal import Journal
from caseback.watch.store.opening import open_store
from caseback.watch.writer.keeping import Keeping
from caseback.watch.writer.run import run
from journals_for_tests import carried

runner = CliRunner(env={"COLUMNS": "200", "CASEBACK_WHO": "ann"})
BAD = "You are a fool, and so is whoever sent you."


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A watch with a calibrated detector, and 1,200 exchanges in its store, 60 of them bad."""
    made = PatternDetector("insults", "insult", ("fool",))
    good = [transcript_of({"messages": [{"role": "assistant", "content": f"good day {at}"}]}) for at in range(2000)]
    bad = [transcript_of({"messages": [{"role": "assistant", "content": f"you fool {at}"}]}) for at in range(300)]
    known = with_known(made, calibration=calibrate(made, bad, good, (0.01,)), clauses=("kind",))
    save_detector(known, tmp_path / "insults")
    file = tmp_path / "watch.toml"
    file.write_text(
        'upstream = "http://127.0.0.1:9"\nfolder = "watched"\nstore = "store.sqlite"\n'
        '[[detector]]\nfolder = "insults"\n[alerts.budgets]\ninsult = 0.01\n'
    )
    open_store(tmp_path / "store.sqlite").close()
    return file


def traffic(config: Path, n: int = 1200, every: int = 20) -> None:
    settings = read_configuration(config)
    journal, now = Journal(settings.journal, "g"), time.time() - n
    journal.append(Opened("g", now, settings.upstream))
    for at in range(n):
        journal.append(carried(f"x{at:05d}", BAD if at % every == 0 else f"good day {at}", time=now + at))
    journal.append(Closed(now + n))
    journal.close()
    store = open_store(settings.store)
    detectors = [watching(each, config) for each in settings.detectors]
    until = time.monotonic() + 60

    def stop() -> bool:
        assert time.monotonic() < until
        return store.query("SELECT COUNT(*) AS n FROM exchanges")[0]["n"] == n

    run(settings.journal, store, detectors, Keeping(config.parent / "pseudonyms.key"), stop)
    store.close()


def typed(config: Path, *words: str, code: int = 0) -> Result:
    got = runner.invoke(app, ["watch", *words, "-c", str(config)])
    assert got.exit_code == code, got.output
    return got


def test_from_traffic_to_rates_to_a_finding(config: Path, tmp_path: Path) -> None:
    begun = typed(config, "audit", "begin", "insult", "--slice", "0.05", "--budget", "0.1")
    key = tmp_path / "watched" / "audit.key"
    assert f"design 1, from exchange 1 on; key {key}" in begun.output
    assert key.stat().st_mode & 0o777 == 0o600
    traffic(config)

    said = json.loads(typed(config, "alerts", "check", "--json").stdout)
    assert said["incidents"] == 1
    assert "over budget" in [each["kind"] for each in said["alerts"]]
    assert "0 decisions are not what the key gives" in typed(config, "audit", "prove").output

    waiting = json.loads(typed(config, "audit", "queue", "-n", "1000", "--json").stdout)
    assert len(waiting) == said["drawn"]
    assert waiting[0]["behaviours"] == ["insult"]
    text = typed(config, "audit", "read", waiting[0]["exchange"]).output
    found = "violation" if "fool" in text else "clean"
    assert f"kept: {found} of insult, by ann" in typed(config, "audit", "record", waiting[0]["exchange"], found).output
    left = json.loads(typed(config, "audit", "queue", "-n", "1000", "--json").stdout)
    assert [each["exchange"] for each in left] == [each["exchange"] for each in waiting[1:]]
    assert "nobody has looked" not in typed(config, "audit", "agreement").output

    [row] = json.loads(typed(config, "rates", "--json").stdout)
    assert row["flags"]["low"] < 0.05 < row["flags"]["high"] < 0.1
    assert (row["coverage"], row["counts"]["flagged"], row["counts"]["exchanges"]) == (1.0, 60, 1200)
    shown = typed(config, "rates").output
    assert "insults" in shown
    assert "100.0%" in shown
    assert len(json.loads(typed(config, "rates", "--by", "client", "--every", "hour", "--json").stdout)) in (1, 2)

    [one] = json.loads(typed(config, "incidents", "list", "--json").stdout)["incidents"]
    assert (one["exchanges"], one["clauses"], one["state"]) == (60, ["kind"], "open")
    assert "breaks kind" in typed(config, "incidents", "show", one["id"][:5]).output
    typed(config, "incidents", "take", one["id"])
    ids = json.loads(typed(config, "incidents", "show", one["id"], "-n", "3", "--json").stdout)["exchanges"]
    named = {each["listed"]["id"] for each in ids} | ({waiting[0]["exchange"]} if found == "violation" else set())
    looked = [word for each in ids for word in ("--looked", each["listed"]["id"])]
    assert "confirmed" in typed(config, "incidents", "review", one["id"], "confirmed", *looked).output

    typed(config, "incidents", "finding", one["id"], "--dossier", str(tmp_path / "dossier"))
    with read_dossier(tmp_path / "dossier") as dossier:
        [record] = dossier.records("live_finding")
    assert record.body["clauses"] == ["kind"]
    assert record.body["violations"] == len(named)  # the key is drawn anew, and so what was looked at before
    better = tmp_path / "better.jsonl"
    better.write_text(json.dumps({"exchange": ids[0]["listed"]["id"], "answer": "Good day."}) + "\n")
    typed(config, "incidents", "train", one["id"], "--out", str(tmp_path / "live"), "--better", str(better))
    [preferred] = read_data(tmp_path / "live" / "preferences.jsonl")
    assert (preferred.chosen, preferred.rejected) == ("Good day.", BAD)
    assert len(read_data(tmp_path / "live" / "prompts.jsonl")) == len(named) - 1
    facts = json.loads(typed(config, "incidents", "advisory", one["id"]).stdout)
    assert facts["observed"]["rate"]["high"] < 0.1
    assert facts["observed"]["violations"] == len(named)

    [alert, *_] = json.loads(typed(config, "alerts", "list", "--json", code=1).stdout)["alerts"]
    assert "taken on by ann" in typed(config, "alerts", "ack", alert["id"]).output
    assert "resolved by ann" in typed(config, "alerts", "resolve", alert["id"]).output
    assert alert["id"] in typed(config, "alerts", "list", "--all", code=0 if len(said["alerts"]) == 1 else 1).output


def test_script_in_a_transcript_steers_no_terminal(config: Path) -> None:
    store = open_store(config.parent / "store.sqlite")
    from watch_traffic_for_tests import add_detector, add_exchanges

    add_detector(store)
    evil = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "\x1b[2Jgone \x07 you fool"}]
    [id] = add_exchanges(store, [2.0], messages=[evil])
    store.close()
    assert "\x1b" not in typed(config, "audit", "read", id).output
    listed = typed(config, "incidents", "list").output
    assert "\x1b" not in listed
    assert "1 incidents" in listed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rates", "--detector", "nope"], "no detector 'nope' has had its say"),
        (["audit", "draw"], "no key of the draw"),
        (["audit", "begin", "insult", "--slice", "0.5", "--budget", "0.1"], "give 0 < slice <= budget <= 1"),
        (["audit", "read", "nope"], "no exchange 'nope' in the store"),
        (["audit", "record", "nope", "clean"], "needs the name of who looked, and a verdict"),
        (["incidents", "show", "zz"], "no incident has the id 'zz'"),
        (["incidents", "train", "zz", "--out", "x", "--better", "not-there"], "not-there: cannot be read"),
        (["alerts", "ack", "zz"], "no alert has the id 'zz'"),
    ],
)
def test_bad_input_is_one_line_and_status_2(config: Path, words: list[str], said: str) -> None:
    got = typed(config, *words, code=2)
    assert said in got.output
    assert len(got.output.strip().splitlines()) == 1


def test_a_store_that_is_not_there_and_both_ways_to_name_one(config: Path, tmp_path: Path) -> None:
    got = runner.invoke(app, ["watch", "rates", "--store", str(tmp_path / "nothing.sqlite")])
    assert got.exit_code == 2
    assert "no store there" in got.output
    got = runner.invoke(app, ["watch", "rates", "--store", "x", "-c", str(config)])
    assert got.exit_code == 2
    assert "give either --config or --store" in got.output
    got = runner.invoke(app, ["watch", "rates", "--store", str(tmp_path)])
    assert got.exit_code == 0
    assert "no detector has had its say yet" in got.output
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(config.read_text() + "pages = 3\n")
    got = runner.invoke(app, ["watch", "alerts", "check", "-c", str(wrong)])
    assert got.exit_code == 2
    assert "alerts.budgets.pages is 3" in got.output
