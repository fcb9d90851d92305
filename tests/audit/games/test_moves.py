"""The record of moves: all submissions kept, nothing after the reveal, nothing altered."""

import sqlite3
from pathlib import Path

import pytest

from caseback.audit.games.moves import moves_of, reveal, submit
from caseback.errors import CasebackError


def test_all_submissions_are_kept_and_the_same_one_not_twice(tmp_path: Path) -> None:
    assert moves_of(tmp_path) == ([], None)
    first, second = submit(tmp_path, {"by": "a"}), submit(tmp_path, {"by": "b"})
    assert submit(tmp_path, {"by": "b"}).id == second.id
    assert [move.id for move in moves_of(tmp_path)[0]] == [first.id, second.id]


def test_the_first_reveal_is_the_only_one_and_ends_it(tmp_path: Path) -> None:
    with pytest.raises(CasebackError, match="nothing was submitted yet"):
        reveal(tmp_path, {"labels": 1})
    submit(tmp_path, {"by": "a"})
    before, end = reveal(tmp_path, {"labels": 1})
    with pytest.raises(CasebackError, match="have been revealed"):
        submit(tmp_path, {"by": "late"})
    again = reveal(tmp_path, {"labels": 2})
    assert again[1].id == end.id
    assert [move.id for move in again[0]] == [move.id for move in before]


def test_a_submission_written_past_us_after_the_reveal_does_not_count(tmp_path: Path) -> None:
    from caseback.dossier.dossier import open_dossier

    submit(tmp_path, {"by": "a"})
    reveal(tmp_path, {"labels": 1})
    with open_dossier(tmp_path / "record") as record:
        record.append("submission", {"by": "late"})
    assert [move.body["by"] for move in reveal(tmp_path, {"labels": 1})[0]] == ["a"]
    assert [move.body["by"] for move in moves_of(tmp_path)[0]] == ["a"]


def test_a_submission_that_was_altered_is_found(tmp_path: Path) -> None:
    submit(tmp_path, {"by": "a"})
    with sqlite3.connect(tmp_path / "record" / "dossier.sqlite") as connection:
        connection.execute("DROP TRIGGER never_updated")
        connection.execute("""UPDATE records SET body = '{"by":"b"}'""")
    with pytest.raises(CasebackError, match="is not what was written"):
        reveal(tmp_path, {"labels": 1})
