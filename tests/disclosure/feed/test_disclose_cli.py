"""``caseback disclose`` and ``caseback feed`` as a user types them: from a dossier to a detector in shadow."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from fixture_dossier import audited
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.detectors.files import save_detector
from caseback.dossier import Dossier
from detectors.chats import lit
from disclosure.bundle.making import ROWS, text_detector
from interp.directions.subjects import tiny_subject


def run(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, done.output + repr(done.exception)
    return done.stdout if code != 2 else done.output


def told(*words: object, code: int = 0) -> Any:
    return json.loads(run(*words, "--json", code=code))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    save_detector(text_detector(), Path("praise"))
    Path("contrast.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    Path("secret.txt").write_text("what was said")
    run("disclose", "key", "new", "keys/lab", "--name", "Example Lab")
    return tmp_path


def test_the_whole_way(here: Path, filled: Dossier) -> None:
    new = ("disclose", "new", filled.path, "draft", "--behaviour", "sycophancy", "--publisher", "Example Lab")
    more = ("--detector", "praise", "--contrast", "contrast.jsonl", "--withhold", "secret.txt", "--tlp", "GREEN")
    made = told(*new, *more)
    assert Path("draft.withheld.json").stat().st_mode & 0o777 == 0o600
    assert not list(Path("draft").rglob("secret*"))
    assert told("disclose", "check", "draft")["wrong"] == []
    run("feed", "new", "feed", "--title", "Lab", "--key", "keys/lab")
    run("disclose", "publish", "draft", "--feed", "feed", "--key", "keys/lab")
    assert "1 bundles" in run("feed", "verify", "feed")
    key = json.loads(Path("keys/lab.pub.json").read_text())["id"]
    assert "as you gave it" in run("feed", "subscribe", "feed", "sub", "--key", key)
    assert [each["id"] for each in told("feed", "sync", "sub")["new"]] == [made["id"]]
    assert [each["id"] for each in told("feed", "list", "sub", "--behaviour", "sycophancy")] == [made["id"]]
    [imported] = told("feed", "import", "sub")
    assert imported["route"] == "text fallback"
    run("feed", "watch", "imported.toml")
    [entry] = tomllib.loads(Path("imported.toml").read_text())["detector"]
    assert (entry["policy"], Path(entry["folder"]).name) == ("record", "praise")
    id = next(each["landed"]["id"] for each in imported["detectors"] if each["landed"]["id"])
    rows = [{"detector": id, "flagged": False, "shown": False}] * 900
    Path("audits.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [each["state"] for each in told("feed", "review", "audits.jsonl")] == ["promoted"]
    run("feed", "watch", "imported.toml")
    assert tomllib.loads(Path("imported.toml").read_text())["detector"][0]["policy"] == "flag"
    assert told("feed", "coverage", "--subscription", "sub")[0]["watched"]
    counts = {
        "screened": 900,
        "flagged": 3,
        "audited": 200,
        "confirmed": 0,
        "users": 60,
        "flagged_users": 3,
        "confirmed_users": 0,
    }
    Path("counts.json").write_text(json.dumps(counts))
    run(
        "feed",
        "sighting",
        made["id"],
        "seen.json",
        "--counts",
        "counts.json",
        "--key",
        "keys/lab",
        "--from",
        "2026-11-01T00:00:00Z",
    )
    seen = json.loads(run("feed", "picture", "seen.json", "--subscription", "sub", "--key", "keys/lab.pub.json"))
    assert seen["behaviours"][0]["sightings"]["rate"]["trials"] == 200
    proof = run("feed", "prove", "feed", made["id"])
    Path("proof.json").write_text(proof)
    assert f"{made['id']}, revision 1, is entry 0" in run("feed", "verify", "feed", "--proof", "proof.json")
    run("disclose", "withdraw", made["id"], "--feed", "feed", "--key", "keys/lab", "--why", "the judge was wrong")
    run("feed", "sync", "sub")
    assert [each["state"] for each in told("feed", "import", "sub")[0]["detectors"]] == ["withdrawn"] * 2
    assert "withdrawn" in run("feed", "list", "sub")


def test_a_latent_goes_along_and_one_among_the_highest_is_told_why_not(here: Path, filled: Dossier) -> None:
    subject = tiny_subject(here)
    for name, threshold in (("jump", 0.3), ("topk", None)):
        save_detector(lit(subject, Path(f"sae-{name}"), threshold=threshold), Path(name))
    new = ("--behaviour", "sycophancy", "--publisher", "Example Lab", "--detector")
    run("disclose", "new", filled.path, "draft", *new, "jump", "--contrast", "contrast.jsonl")
    assert told("disclose", "check", "draft")["wrong"] == []
    [listed] = json.loads(Path("draft/advisory.json").read_text())["detectors"]
    assert (listed["kind"], listed["recipe"]) == ("latent", "recipes/lit.json")
    assert sum(path.stat().st_size for path in Path("draft/tensors").iterdir()) < 1_000
    refused = " ".join(run("disclose", "new", filled.path, "other", *new, "topk", code=2).split())
    assert "only the 8 highest of its 40 latents are active (TopK)" in refused
    assert not Path("other").exists()


def test_salts_of_files_of_one_name_are_all_kept_and_never_written_over(here: Path, filled: Dossier) -> None:
    Path("more").mkdir()
    Path("more/secret.txt").write_text("what else was said")
    new = ("--behaviour", "sycophancy", "--publisher", "Example Lab", "--withhold", "secret.txt")
    run("disclose", "new", filled.path, "draft", *new, "--withhold", "more/secret.txt")
    withheld = json.loads(Path("draft/advisory.json").read_text())["handling"]["withheld"]
    salts = Path("draft.withheld.json").read_text()
    assert set(json.loads(salts)) == {each["sha256"] for each in withheld}
    Path("draft").rename("first")
    assert "never written over" in run("disclose", "new", filled.path, "draft", *new, code=2)
    assert Path("draft.withheld.json").read_text() == salts
    assert not Path("draft").exists()


def test_one_that_cannot_be_imported_keeps_no_other_back(here: Path, filled: Dossier) -> None:
    run("feed", "new", "feed", "--title", "Lab", "--key", "keys/lab", "--tlp", "AMBER")
    for name, id in (("one", "LAB-2026-0001"), ("two", "LAB-2026-0002")):
        new = ("disclose", "new", filled.path, name, "--behaviour", "sycophancy", "--publisher", "Lab", "--id", id)
        run(*new, "--detector", "praise")
        run("disclose", "publish", name, "--feed", "feed", "--key", "keys/lab")
    run("feed", "subscribe", "feed", "sub")
    run("feed", "sync", "sub")
    Path("imports/LAB-2026-0001").mkdir(parents=True)
    assert [each["advisory"] for each in told("feed", "import", "sub", code=3)] == ["LAB-2026-0002"]
    assert "is a subscription" in run("feed", "import", "sub", "--key", "keys/lab.pub.json", code=2)
    assert "is no subscription" in run("feed", "import", "two", "LAB-2026-0002", code=2)


def test_keys_are_handed_over_and_taken_back(here: Path) -> None:
    run("feed", "new", "feed", "--title", "Lab", "--key", "keys/lab")
    run("feed", "subscribe", "feed", "sub")
    run("disclose", "key", "new", "keys/next", "--name", "Example Lab")
    run("disclose", "key", "rotate", "--feed", "feed", "--old", "keys/lab", "--new", "keys/next")
    old = json.loads(Path("keys/lab.pub.json").read_text())["id"]
    run("disclose", "key", "revoke", old, "--feed", "feed", "--key", "keys/next", "--why", "laptop stolen")
    assert told("feed", "sync", "sub")["size"] == 2
    run("feed", "publish", "feed", "--key", "keys/next")
    assert "good until" in run("feed", "verify", "feed")[-200:]


def test_good_news_from_an_audit_goes_out_signed_as_one_file(here: Path) -> None:
    Path("audit.json").write_text(json.dumps(audited()))
    new = ("disclose", "new", "audit.json", "good", "--behaviour", "sycophancy", "--publisher", "Example Lab")
    run(*new, "--tlp", "CLEAR")
    run("disclose", "sign", "good", "--key", "keys/lab", "--tar", "good.tar")
    assert "looked for" in run("disclose", "show", "good.tar")
    run("feed", "new", "feed", "--title", "Lab", "--key", "keys/lab")
    run("feed", "publish", "feed", "good.tar", "--key", "keys/lab")
    assert told("feed", "import", "good.tar", "--key", "keys/lab.pub.json")[0]["kind"] == "negative"
    assert run("disclose", "diff", "good.tar", "good", code=0) == ""
    exported = json.loads(run("disclose", "export", "good.tar", "--as", "osv"))
    assert exported["id"].startswith("x_CBA-")
    rows = told("disclose", "deadlines", "good.tar", "--since", "2026-11-01T00:00:00Z")
    assert rows["deadlines"][0]["due"] == "2026-11-02T00:00:00Z"


def test_what_looks_personal_is_not_signed_unless_it_may(here: Path, filled: Dossier) -> None:
    Path("note.txt").write_text("ask jo@example.org")
    new = ("disclose", "new", filled.path, "draft", "--behaviour", "sycophancy", "--publisher", "Example Lab")
    run(*new, "--evidence", "note.txt")
    assert told("disclose", "check", "draft")["personal"]
    assert "e-mail" in run("disclose", "sign", "draft", "--key", "keys/lab", code=2)
    run("disclose", "sign", "draft", "--key", "keys/lab", "--personal-ok")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("disclose new none draft --behaviour x --publisher L", "none"),
        ("disclose check none", "no bundle"),
        ("disclose show none", "no bundle"),
        ("disclose sign none --key keys/lab", "no bundle"),
        ("disclose key new keys/lab --name L", "never written over"),
        ("feed sync none", "no subscription"),
        ("feed list none", "no subscription"),
        ("feed coverage --subscription none", "no subscription"),
        ("feed verify none", "cannot be read"),
        ("feed publish none", "--key"),
        ("feed prove none", "prove what"),
        ("feed import none", "whose is it"),
        ("feed review none", "no audits"),
        ("feed subscribe ftp://x sub", "a feed is a folder"),
    ],
)
def test_bad_input_ends_in_one_line(here: Path, words: str, why: str) -> None:
    out = run(*words.split(), code=2).strip()
    assert why in out
    assert out.count("\n") == 0
    assert not Path("none").exists()


def test_a_draft_that_was_broken_by_hand_is_told(here: Path, filled: Dossier) -> None:
    run("disclose", "new", filled.path, "draft", "--behaviour", "sycophancy", "--publisher", "Example Lab")
    path = Path("draft/advisory.json")
    path.write_text(path.read_text().replace('"finding"', '"rumour"'))
    assert "rumour" in run("disclose", "check", "draft", code=1)
    assert "rumour" in run("disclose", "sign", "draft", "--key", "keys/lab", code=2)
