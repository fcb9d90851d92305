"""``caseback watch store`` as a person types it."""

import json
import re
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.cli.watch_opened import printed
from caseback.watch.entry import Missed
from caseback.watch.store.opening import open_store
from journals_for_tests import carried, journal_of, pattern_watch, written


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    store = open_store(tmp_path / "store.sqlite")
    now = time.time()
    entries = [carried(f"x{at}", f"reply-{at}-abcdefgh", time=now - 86400 * at, client=f"c{at}") for at in range(4)]
    journal_of(tmp_path / "j", [*entries, Missed(now - 9, now - 3, 2, "No space left on device")])
    written(tmp_path / "j", store, [pattern_watch("reply-0")])
    store.close()
    return tmp_path


def typed(*words: str, status: int = 0, store: str = "store.sqlite") -> str:
    done = CliRunner().invoke(app, ["watch", "store", *words, "--store", store])
    assert done.exit_code == status, done.output
    return done.output


def test_coverage(place: Path) -> None:
    said = typed("coverage", "--days", "30")
    assert "4 exchanges kept (4 whole)" in said
    assert "2 known to be missing" in said
    assert "says reply-0: 4 evaluated, 1 flagged" in said
    assert "missed: No space left on device" in said
    told = json.loads(typed("coverage", "--days", "30", "--json"))
    assert (told["kept"], told["missed"]) == (4, 2)
    assert told["gaps"]["missed"] == [1, 2]
    assert [gap["why"] for gap in told["each_gap"] if gap["kind"] == "missed"] == ["No space left on device"]


def test_hold_delete_lift(place: Path) -> None:
    id = typed("hold", "client", "c1", "--why", "case 7", "--who", "counsel").strip()
    assert f"{id}  client c1: case 7 (counsel" in typed("holds")
    assert typed("delete", "x1", "x2", "--rule", "asked").startswith(
        "1 texts deleted from the store and 0 from segments, 1"
    )
    typed("lift", id, "--who", "judge")
    assert json.loads(typed("holds", "--json"))[0]["lifted_by"] == "judge"
    assert "no hold" in typed("lift", id, "--who", "judge", status=2)
    assert typed("delete", "x1", "--rule", "asked").startswith("1 texts deleted")
    assert b"reply-1-abcdefgh" not in b"".join(path.read_bytes() for path in place.glob("store.sqlite*"))


def test_seal_verify_and_delete_from_segments(place: Path) -> None:
    assert re.search(r"[23] segments sealed", typed("seal"))  # yesterday is sealed a quarter of an hour after midnight
    assert typed("verify").strip() == "all as it was sealed"
    assert "1 texts deleted from the store and 1 from segments" in typed("delete", "x2", "--rule", "asked")
    assert typed("verify").strip() == "all as it was sealed"
    next(place.glob("segments/*/verdicts.parquet")).write_bytes(b"other")
    assert "changed since it was sealed" in typed("verify", status=2)


def test_what_is_sealed_elsewhere_is_said_and_not_passed_over(place: Path) -> None:
    typed("seal", "--segments", "kept")
    said = typed("delete", "x2", "x3", "--rule", "asked", status=2)
    assert "the sealed text of x2 and 1 more is not deleted" in said
    assert "--segments" in said
    typed("delete", "x2", "--rule", "asked", "--segments", "kept")
    assert "the sealed text of x3 is not deleted" in typed("delete", "x2", "x3", "--rule", "asked", status=2)
    id = typed("hold", "exchange", "x3", "--why", "case 7", "--who", "counsel").strip()
    assert "1 exchanges are held" in typed("delete", "x2", "x3", "--rule", "asked")
    typed("lift", id, "--who", "judge")
    assert b"reply-2" not in b"".join(path.read_bytes() for path in place.glob("kept/*/texts.parquet"))


def test_what_is_held_in_the_store_and_in_a_segment_is_one(place: Path) -> None:
    typed("seal")
    typed("hold", "client", "c2", "--why", "case 7", "--who", "counsel")
    assert "0 texts deleted from the store and 0 from segments, 1 exchanges are held" in typed(
        "delete", "x2", "--rule", "asked"
    )


def test_deletions_are_listed(place: Path) -> None:
    typed("seal")
    typed("delete", "x2", "--rule", "asked")
    said = typed("deletions", "x2")
    assert re.search(r"x2  text in segment \d: asked", said)
    assert "x2  text in store: asked" in said
    assert typed("deletions", "x1") == ""
    [one, other] = json.loads(typed("deletions", "--json"))
    assert (one["exchange"], one["rule"], one["digest"]) == ("x2", "asked", other["digest"])


def test_all_exchanges_are_asked_in_sql(place: Path) -> None:
    asked = "SELECT id, score, why FROM exchanges JOIN verdicts ON exchange = number WHERE id <= 'x1' ORDER BY id"
    assert typed("ask", asked) == "id\tscore\twhy\nx0\t1.0\t\nx1\t0.0\t\n"
    typed("seal")
    assert json.loads(typed("ask", asked, "--json")) == [
        {"id": "x0", "score": 1.0, "why": ""},
        {"id": "x1", "score": 0.0, "why": ""},
    ]
    typed("ask", "SELECT * FROM verdicts", "--json")
    assert "\x1b" not in typed("ask", "SELECT chr(27) || '[2J'")
    assert "SELECT nothing" in typed("ask", "SELECT nothing", status=2)


def test_the_folder_of_a_store_names_it(place: Path) -> None:
    assert "4 exchanges kept" in typed("coverage", "--days", "30", store=".")
    open_store(place / "other.sqlite").close()
    assert "4 exchanges kept" in typed("coverage", "--days", "30", store=".")


def test_a_key_for_pseudonyms_is_rotated(place: Path) -> None:
    (place / "watch.toml").write_text('upstream = "http://127.0.0.1:1"\n[writer]\nkey = "pseudonyms.key"\n')
    old = (place / "pseudonyms.key").read_bytes()
    done = CliRunner().invoke(app, ["watch", "store", "rotate"])
    assert done.exit_code == 0, done.output
    assert len(new := (place / "pseudonyms.key").read_bytes()) == 32
    assert new != old


def test_what_is_not_finite_is_null_in_json(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed({"a": [float("inf"), 1.0, (float("nan"),)], "b": "inf"})
    assert json.loads(capsys.readouterr().out) == {"a": [None, 1.0, [None]], "b": "inf"}


def test_any_shape_of_a_tool_call_is_shown(place: Path) -> None:
    calls = ["run\x1b[2J", {"function": None}, {"function": {"name": 3}}, {}]
    request = json.dumps({"messages": [{"role": "user", "content": ["a"], "tool_calls": calls}]}).encode()
    store = open_store("store.sqlite")
    journal_of(place / "j", [carried("odd", request=request)], gateway="g2")
    written(place / "j", store)
    store.close()
    done = CliRunner().invoke(app, ["watch", "audit", "read", "odd", "--store", "store.sqlite"])
    assert done.exit_code == 0, done.output
    assert "\x1b" not in done.output
    assert "run" in done.output
