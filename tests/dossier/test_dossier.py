"""The record keeps what it is given, in a chain, and finds it again."""

import hashlib
import json
import sqlite3
from pathlib import Path

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseback.dossier import Dossier, digest, open_dossier, put_samples, read_dossier, samples
from caseback.dossier.record import sealed
from caseback.errors import CasebackError


@pytest.fixture
def dossier(tmp_path: Path):
    with open_dossier(tmp_path / "dossier") as opened:
        yield opened


def test_what_is_appended_is_read_back(dossier: Dossier) -> None:
    first = dossier.append("subject", {"name": "ref-base", "parts": (1, 2.5, None, "ä")}, seed=7)
    samples_digest = dossier.put(b"hello")
    second = dossier.append("measurement", {"k": 3}, parents=[first.id], artefacts={"samples": samples_digest}, key="k")
    assert first.body == {"name": "ref-base", "parts": [1, 2.5, None, "ä"]}
    assert list(dossier.records()) == [first, second]
    assert dossier.record(second.id) == dossier.record(second.id[:10]) == second
    assert (first.seed, second.seed, second.number, second.parents) == (7, None, 2, (first.id,))
    assert dossier.head() == second.id
    assert dossier.verify() == []


def test_the_id_is_the_hash_of_canonical_json(dossier: Dossier) -> None:
    record = dossier.append("run", {"b": 1, "a": "x"}, seed=3)
    written = {"kind": "run", "body": {"b": 1, "a": "x"}, "parents": [], "artefacts": {}, "key": None, "seed": 3}
    written |= {"time": record.time, "previous": ""}
    assert record.id == hashlib.sha256(rfc8785.dumps(written)).hexdigest()
    assert dossier.append("run", {}).previous == record.id


def test_records_are_chosen_by_kind_and_value(dossier: Dossier) -> None:
    for arm in ("before", "sft", "before"):
        dossier.append("measurement", {"arm": arm, "n": 3})
    dossier.append("capability", {"arm": "before"})
    assert [r.number for r in dossier.records("measurement", arm="before")] == [1, 3]
    assert [r.number for r in dossier.records(arm="before")] == [1, 3, 4]
    assert [r.number for r in dossier.records("nothing")] == []


def test_finished_work_is_found_by_its_key(dossier: Dossier) -> None:
    key = digest({"stage": "measure", "model": "abc", "seed": 1})
    assert key == digest({"seed": 1, "model": "abc", "stage": "measure"})
    assert dossier.find("measurement", key) is None
    dossier.append("measurement", {"n": 1}, key=key)
    latest = dossier.append("measurement", {"n": 2}, key=key)
    assert dossier.find("measurement", key) == latest
    assert dossier.find("capability", key) is None


def test_appending_while_reading_ends(dossier: Dossier) -> None:
    for n in range(3):
        dossier.append("a", {"n": n})
    for record in dossier.records("a"):
        dossier.append("a", dict(record.body))
    assert len(list(dossier.records("a"))) == 6


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    # Any text that UTF-8 can hold.
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=12,
)


@given(body=st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), json_values, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
def test_any_json_survives(dossier: Dossier, body: dict) -> None:
    record = dossier.append("any", body)
    assert dossier.record(record.id).body == json.loads(json.dumps(body))
    assert sealed(dossier.record(record.id)) == record.id


def test_large_floats_survive(dossier: Dossier) -> None:
    """Canonical JSON writes them as whole numbers that it would then refuse."""
    dossier.append("a", {"x": 6.106288021362065e16})
    assert dossier.verify() == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**60, object(), {1: 2}, "\ud800", b"x"])
def test_what_json_cannot_hold_is_refused_in_one_line(dossier: Dossier, value: object) -> None:
    dossier.append("fine", {})
    with pytest.raises(CasebackError, match=r"^record of kind odd: not storable as JSON: .*$"):
        dossier.append("odd", {"value": value})
    assert [r.kind for r in dossier.records()] == ["fine"]
    assert dossier.append("fine", {}).number == 2


def test_parents_and_artefacts_must_be_there(dossier: Dossier) -> None:
    with pytest.raises(CasebackError, match="parent 1234 is not in this dossier"):
        dossier.append("a", {}, parents=["1234"])
    with pytest.raises(CasebackError, match=r"artefact samples .* has not been put"):
        dossier.append("a", {}, artefacts={"samples": "0" * 64})
    with pytest.raises(CasebackError, match="not the SHA-256"):
        dossier.append("a", {}, artefacts={"samples": "../../etc/passwd"})
    assert dossier.head() == ""


def test_an_unknown_or_ambiguous_id_is_named(dossier: Dossier) -> None:
    for n in range(40):
        dossier.append("a", {"n": n})
    with pytest.raises(CasebackError, match="no record has the id 'zz'"):
        dossier.record("zz")
    with pytest.raises(CasebackError, match="several records"):  # 40 ids, 16 first digits
        dossier.record(max("0123456789abcdef", key=lambda c: sum(r.id[0] == c for r in dossier.records())))
    with pytest.raises(CasebackError):
        dossier.record("")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records SET kind = 'x'",
        "DELETE FROM records WHERE number = 1",
        "INSERT OR REPLACE INTO records SELECT * FROM records WHERE number = 1",
        "INSERT INTO records SELECT 9, 'id', kind, key, seed, time, 'p', body, parents, artefacts FROM records LIMIT 1",
    ],
)
def test_rows_are_never_altered(dossier: Dossier, statement: str) -> None:
    dossier.append("a", {})
    dossier.append("b", {})
    before = list(dossier.records())
    with pytest.raises(sqlite3.IntegrityError):
        dossier.connection.execute(statement)
    assert list(dossier.records()) == before


def test_the_database_flushes_every_commit(dossier: Dossier) -> None:
    assert dossier.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert dossier.connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_artefacts_come_as_bytes_files_and_streams(dossier: Dossier, tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000  # more than one chunk
    (tmp_path / "file").write_bytes(content)
    digests = {dossier.put(content), dossier.put(tmp_path / "file"), dossier.put(content[i::1] for i in [0])}
    assert digests == {hashlib.sha256(content).hexdigest()}
    (only,) = digests
    assert dossier.get(only) == content
    assert dossier.artefact(only).relative_to(dossier.path).as_posix() == f"artefacts/{only[:2]}/{only}"
    assert sum(p.is_file() for p in (dossier.path / "artefacts").rglob("*")) == 1
    assert dossier.get(dossier.put(b"")) == b""


def test_samples_come_back_as_they_went_in(dossier: Dossier) -> None:
    rows = [{"reply": {"text": "<script>\u2028\ud800 line\nbreak ä"}, "n": 1}, {}, {"x": None}]
    stored = put_samples(dossier, rows)
    assert samples(dossier, stored) == rows
    assert dossier.get(stored).count(b"\n") == 3
    with pytest.raises(CasebackError, match="row 2 is not storable"):
        put_samples(dossier, [{}, {"x": float("nan")}])


def test_a_dossier_is_opened_again_and_read_only(dossier: Dossier) -> None:
    record = dossier.append("a", {})
    with read_dossier(dossier.path) as reader:
        assert list(reader.records()) == [record]
        with pytest.raises(CasebackError, match="opened for reading"):
            reader.append("b", {})
        dossier.append("c", {})  # while the reader is open
        assert len(list(reader.records())) == 2
    dossier.close()
    with open_dossier(dossier.path) as again:
        assert again.append("d", {}).number == 3
    with read_dossier(dossier.path / "dossier.sqlite") as reader:
        assert reader.verify() == []
