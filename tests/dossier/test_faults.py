"""Killed, full, truncated, altered, crowded: the dossier stays whole or says what is wrong, in one line."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from caseback.dossier import open_dossier, put_samples, read_dossier, samples
from caseback.errors import CasebackError


def start(script: str, *args: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


WRITES_FOR_EVER = """
import sys
from caseback.dossier import open_dossier
dossier = open_dossier(sys.argv[1])
print("ready", flush=True)
n = 0
while True:
    dossier.append("a", {"n": n, "text": "x" * 5000}, artefacts={"data": dossier.put(b"y" * 300_000 + str(n).encode())})
    print(n, flush=True)
    n += 1
"""


@pytest.mark.parametrize("wait", [0.0, 0.013, 0.05, 0.11])
def test_a_killed_writer_leaves_all_that_it_finished(tmp_path: Path, wait: float) -> None:
    process = start(WRITES_FOR_EVER, tmp_path / "d")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert process.stdout.readline() == "0\n"
    time.sleep(wait)
    process.send_signal(signal.SIGKILL)
    acknowledged = len(process.communicate()[0].splitlines()) + 1
    with open_dossier(tmp_path / "d") as dossier:
        assert dossier.verify() == []
        written = [record.body["n"] for record in dossier.records()]
        assert written == list(range(len(written)))
        assert len(written) >= acknowledged
        assert dossier.append("a", {"n": "after"}).number == len(written) + 1


def test_a_writer_killed_while_creating_leaves_a_folder_that_opens(tmp_path: Path) -> None:
    for wait in (0.0, 0.002, 0.004, 0.008):
        process = start("import sys\nfrom caseback.dossier import open_dossier\nprint()\nsys.stdout.flush()\n"
                        "open_dossier(sys.argv[1])", tmp_path / str(wait))  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(wait)
        process.kill()
        process.communicate()
        with open_dossier(tmp_path / str(wait)) as dossier:
            assert dossier.append("a", {}).number == 1


def test_two_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    script = """
import sys
from caseback.dossier import open_dossier
with open_dossier(sys.argv[1]) as dossier:  # both may be the one that creates it
    for n in range(60):
        dossier.append(sys.argv[2], {"n": n}, artefacts={"data": dossier.put(b"the same for both")})
"""
    writers = [start(script, tmp_path / "d", name) for name in ("left", "right", "third")]
    for writer in writers:
        assert (writer.communicate()[1], writer.returncode) == ("", 0)
    with read_dossier(tmp_path / "d") as dossier:
        assert dossier.verify() == []
        for name in ("left", "right", "third"):
            assert [record.body["n"] for record in dossier.records(name)] == list(range(60))


FILLS = """
import resource, sys
from caseback.dossier import open_dossier
from caseback.errors import CasebackError
dossier = open_dossier(sys.argv[1])
dossier.append("a", {"n": -1})
limit = int(sys.argv[2])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    for n in range(10_000):
        if sys.argv[3] == "records":
            dossier.append("a", {"n": n, "text": "x" * 20_000})
        else:
            dossier.append("a", {"n": n}, artefacts={"data": dossier.put(b"z" * 60_000 * n)})
except CasebackError as error:
    print(n, error)
"""


def check_filled(folder: Path, output: tuple[str, str]) -> None:
    assert output[1] == ""
    count, message = output[0].strip().split(" ", 1)
    assert "\n" not in message
    assert str(folder) in message
    assert "full" in message or "No space" in message or "too large" in message
    assert "free some space" in message or "raise the limit" in message
    assert "another disk" in message
    with read_dossier(folder) as dossier:
        assert dossier.verify() == []
        assert [record.body["n"] for record in dossier.records()] == list(range(-1, int(count)))
    assert list(folder.rglob(".writing-*")) == []


@pytest.mark.parametrize("what", ["records", "artefacts"])
def test_a_limit_on_file_size_is_one_line(tmp_path: Path, what: str) -> None:
    check_filled(tmp_path / "d", start(FILLS, tmp_path / "d", 1_000_000, what).communicate())


@pytest.mark.parametrize("what", ["records", "artefacts"])
def test_a_full_disk_is_one_line(small_disk: Path, what: str) -> None:
    check_filled(small_disk / "d", start(FILLS, small_disk / "d", 0, what).communicate())


def test_a_place_where_nothing_can_be_made_is_one_line_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file" / "dossier", Path("/proc/none/dossier")):
        with pytest.raises(CasebackError, match=r"name another folder \(--out\)") as caught:
            open_dossier(place)
        assert "\n" not in str(caught.value)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_dossier_on_read_only_media_is_read(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        dossier.append("a", {"n": 1})
    media = tmp_path / "media"
    media.mkdir()
    if subprocess.run(["mount", "--bind", str(tmp_path / "d"), str(media)], capture_output=True).returncode:
        pytest.skip("needs the right to mount (root)")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(media)], check=True)
        with read_dossier(media) as dossier:
            assert [record.body for record in dossier.records()] == [{"n": 1}]
            assert dossier.verify() == []
        with pytest.raises(CasebackError), open_dossier(media) as dossier:
            dossier.append("a", {})
    finally:
        subprocess.run(["umount", str(media)], check=True)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    with open_dossier(tmp_path / "d") as dossier:
        for n in range(30):
            dossier.append("a", {"n": n, "text": "x" * 1000}, artefacts={"data": dossier.put(str(n).encode() * 50)})
    return tmp_path / "d"


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9])
def test_a_truncated_database_is_named(written: Path, share: float) -> None:
    file = written / "dossier.sqlite"
    os.truncate(file, int(file.stat().st_size * share))

    def read_all() -> None:
        with read_dossier(written) as dossier:
            assert dossier.verify() != []
            list(dossier.records())

    with pytest.raises(CasebackError, match=r"^\S*dossier\.sqlite.*$") as caught:
        read_all()
    assert "\n" not in str(caught.value)


def test_bytes_overwritten_in_the_database_are_found(written: Path) -> None:
    file = written / "dossier.sqlite"
    content = file.read_bytes()
    file.write_bytes(content.replace(b'"n":17', b'"n":71'))
    with read_dossier(written) as dossier:
        assert ["record 18" in problem.where for problem in dossier.verify()] == [True]


def tamper(folder: Path, statement: str) -> None:
    """Alter the table as somebody would who removes the triggers first."""
    with sqlite3.connect(folder / "dossier.sqlite") as connection:
        for name in ("only_appended", "never_updated", "never_deleted"):
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("UPDATE records SET body = '{\"n\":99}' WHERE number = 5", "record 5"),
        ("UPDATE records SET seed = 1 WHERE number = 5", "record 5"),
        ("UPDATE records SET time = '2001-01-01' WHERE number = 5", "record 5"),
        ("UPDATE records SET kind = 'b' WHERE number = 30", "record 30"),
        ("UPDATE records SET body = '{' WHERE number = 5", "record 5"),
        ("UPDATE records SET body = '{\"n\":1e999}' WHERE number = 5", "record 5"),
        ("DELETE FROM records WHERE number = 5", "record 6"),
        ('UPDATE records SET artefacts = \'{"data":"../.."}\' WHERE number = 5', "record 5"),
    ],
)
def test_alterations_are_found(written: Path, statement: str, where: str) -> None:
    tamper(written, statement)
    with read_dossier(written) as dossier:
        assert where in {" ".join(problem.where.split()[:2]) for problem in dossier.verify()}


def test_records_cut_off_at_the_end_are_found_by_the_head(written: Path) -> None:
    with read_dossier(written) as dossier:
        head = dossier.head()
    tamper(written, "DELETE FROM records WHERE number > 20")
    with read_dossier(written) as dossier:
        assert dossier.verify() == []
        assert ["cut off" in problem.what for problem in dossier.verify(head)] == [True]


def test_malformed_json_in_a_record_is_one_line(written: Path) -> None:
    tamper(written, "UPDATE records SET body = '{\"n\": oops}' WHERE number = 5")
    with read_dossier(written) as dossier, pytest.raises(CasebackError, match=r"^record 5 .* malformed JSON"):
        list(dossier.records())


@pytest.mark.parametrize(
    ("spoil", "says"), [("missing", "missing"), ("altered", "altered"), ("truncated", "truncated")]
)
def test_spoiled_artefacts_are_found_and_never_returned(written: Path, spoil: str, says: str) -> None:
    with read_dossier(written) as dossier:
        digest = next(dossier.records("a", n=7)).artefacts["data"]
        path = dossier.artefact(digest)
        content = path.read_bytes()
        if spoil == "missing":
            path.unlink()
        else:
            path.write_bytes(content[:10] if spoil == "truncated" else b"X" + content[1:])
        (problem,) = dossier.verify()
        assert digest[:12] in problem.where
        assert says in problem.what
        with pytest.raises(CasebackError, match=says):
            dossier.get(digest)
    with open_dossier(written) as dossier:
        dossier.put(content)  # putting the content again mends it
        assert dossier.verify() == []


def test_malformed_rows_are_named(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        good = put_samples(dossier, [{"n": 1}])
        for bad, says in ((b'{"n":', "malformed"), (b"\xff\xfe", "malformed"), (b"[1]", "not a JSON object")):
            stored = dossier.put(dossier.get(good) + bad)
            with pytest.raises(CasebackError, match=rf"line 2: {says}"):
                samples(dossier, stored)


def test_what_is_not_a_dossier_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "thesis.tex").write_text("years of work")
    (tmp_path / "other").mkdir()
    sqlite3.connect(tmp_path / "other" / "dossier.sqlite").execute("CREATE TABLE t (x)")
    (tmp_path / "garbage").mkdir()
    (tmp_path / "garbage" / "dossier.sqlite").write_bytes(os.urandom(5000))
    for name in ("text", "folder", "other", "garbage"):
        for opener in (open_dossier, read_dossier):
            with pytest.raises(CasebackError, match="not a dossier"):
                opener(tmp_path / name)
    with pytest.raises(CasebackError, match="there is no dossier"):
        read_dossier(tmp_path / "nowhere")
    assert os.listdir(tmp_path / "folder") == ["thesis.tex"]
    assert not (tmp_path / "nowhere").exists()


def test_an_unreadable_source_is_one_line(tmp_path: Path) -> None:
    with open_dossier(tmp_path / "d") as dossier:
        with pytest.raises(CasebackError, match="No such file"):
            dossier.put(tmp_path / "nowhere")
        assert not list((dossier.path / "artefacts").rglob(".*"))


def test_a_form_from_the_future_is_refused(written: Path) -> None:
    with sqlite3.connect(written / "dossier.sqlite") as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(CasebackError, match="update caseback"):
        read_dossier(written)


def test_the_limit_helper_is_not_inherited() -> None:
    """The file-size limit is set in the child only: were it ours, every later test would lie."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
