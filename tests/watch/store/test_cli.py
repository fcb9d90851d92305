"""``caseback watch store`` as a person types it."""

import json
import re
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
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


def typed(*words: str, status: int = 0) -> str:
    done = CliRunner().invoke(app, ["watch", "store", *words, "--store", "store.sqlite"])
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
