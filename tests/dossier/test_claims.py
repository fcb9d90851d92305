"""The ledger lists, measures and renders claims, and names what is malformed."""

import json
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from caseback.cli.claims import app
from caseback.dossier.claims import Claim, load_claim, load_claims
from caseback.dossier.claims_page import render_claims
from caseback.dossier.measure import measure
from caseback.errors import CasebackError

ROOT = Path(__file__).parents[2]


def write(folder: Path, id: str = "stats.speed", **changes: object) -> Path:
    keys = {"id": id, "statement": "It is fast.", "target": ">= 2.0 on two cores", "unit": "times", "seeds": [1, 2]}
    keys |= {"command": "python speed.py --value 2.5", **changes}
    folder.mkdir(exist_ok=True)
    path = folder / f"{id}.yaml"
    path.write_text(yaml.safe_dump({key: value for key, value in keys.items() if value is not None}))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "claims")
    (tmp_path / "docs").mkdir()
    (tmp_path / "speed.py").write_text(
        "import json, sys\n"
        "value = float(sys.argv[2])\n"
        "print('working\\n', flush=True)\n"
        "print(json.dumps(dict(value=value, low=value - 1, high=value + 1, n=9, holds=True, note='on\\nit')))\n"
        "print()\n"
    )
    return tmp_path / "claims"


def test_measuring_runs_the_command_and_keeps_the_result(folder: Path) -> None:
    shown: list[str] = []
    measured = measure(load_claim(folder, "stats.speed"), folder, shown.append)
    assert shown[0] == "working"
    assert measured.result is not None
    result = measured.result
    assert (result.value, result.low, result.high, result.n, result.holds) == (2.5, 1.5, 3.5, 9, True)
    assert result.note == "on it"
    assert "cores" in result.machine
    assert load_claims(folder) == [measured]
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_a_value_that_misses_its_target_does_not_hold_whatever_its_command_says(folder: Path) -> None:
    write(folder, command="python speed.py --value 1.9")
    result = measure(load_claim(folder, "stats.speed"), folder, print).result
    assert result is not None
    assert not result.holds
    assert "misses the target" in result.note


@pytest.mark.parametrize(
    ("target", "value", "meets"),
    [
        (">= 2.0", 2.0, True),
        ("> 2", 2.0, False),
        ("below 5%: < 0.05", 0.049, True),
        ("<= 1e-3", 0.01, False),
        ("== 1", 1.0, True),
        (">= -0.5", -0.6, False),
        ("as fast as can be", 3.0, None),
        (">= 2.0", None, False),
    ],
)
def test_targets_are_compared(target: str, value: float | None, meets: bool | None) -> None:
    assert Claim("stats.x", "", target, "", (), "true").meets(value) is meets


@pytest.mark.parametrize(
    ("prints", "says"),
    [
        ("print('done')", "is not JSON: 'done'"),
        ("pass", "is not JSON"),
        ("print([1])", "not a JSON object"),
        ("print('{\"value\": 1}')", "low must be a number"),
        ('print(\'{"value": true, "low": 1, "high": 1, "n": 1, "holds": true}\')', "value must be a number or null"),
        ('print(\'{"value": NaN, "low": 1, "high": 1, "n": 1, "holds": true}\')', "value is nan"),
        ('print(\'{"value": 1, "low": 1, "high": 1, "n": 1, "holds": "yes"}\')', "holds must be true or false"),
        ("raise SystemExit(3)", "status 3"),
    ],
)
def test_a_command_that_gives_no_figures_keeps_the_last_result(folder: Path, prints: str, says: str) -> None:
    measured = measure(load_claim(folder, "stats.speed"), folder, print)
    (folder.parent / "speed.py").write_text(prints)
    with pytest.raises(CasebackError, match=says) as caught:
        measure(measured, folder, print)
    assert "stats.speed" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert load_claim(folder, "stats.speed") == measured


def test_no_shell_reads_the_command(folder: Path) -> None:
    write(folder, command="echo x > out; touch made")
    with pytest.raises(CasebackError, match="is not JSON: 'x > out; touch made'"):
        measure(load_claim(folder, "stats.speed"), folder, print)
    assert not (folder.parent / "made").exists()
    write(folder, command="no-such-program")
    with pytest.raises(CasebackError, match="cannot run no-such-program"):
        measure(load_claim(folder, "stats.speed"), folder, print)
    write(folder, command="echo 'open")
    with pytest.raises(CasebackError, match=r"stats\.speed\.yaml: command .*quotation"):
        load_claims(folder)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"statement": None}, "statement must be text"),
        ({"target": 2.0}, r"target must be text \(put it in quotes\)"),
        ({"seeds": ["a"]}, "seeds must be a list of whole numbers"),
        ({"seeds": [True]}, "seeds must be a list"),
        ({"owner": "me"}, "owner is not a key of a claim"),
        ({"command": " "}, "command must be text"),
    ],
)
def test_a_malformed_claim_names_file_and_key(folder: Path, changes: dict, says: str) -> None:
    write(folder, **changes)
    with pytest.raises(CasebackError, match=rf"stats\.speed\.yaml: {says}"):
        load_claims(folder)


@pytest.mark.parametrize("content", [b"", b"- a\n- b\n", b"id: [", b"\xff\xfe\x00", b"!!python/object:os.system {}"])
def test_what_is_not_a_claim_is_one_line(folder: Path, content: bytes) -> None:
    (folder / "stats.speed.yaml").write_bytes(content)
    with pytest.raises(CasebackError, match=r"stats\.speed\.yaml: not ") as caught:
        load_claims(folder)
    assert "\n" not in str(caught.value)


def test_ids_begin_with_a_package_and_name_their_file(folder: Path) -> None:
    write(folder, id="nothing.speed")
    with pytest.raises(CasebackError, match=r"nothing\.speed\.yaml: id must begin with a package .*constitution"):
        load_claims(folder)
    (folder / "nothing.speed.yaml").rename(folder / "stats.other.yaml")
    with pytest.raises(CasebackError, match="not the name of its file"):
        load_claims(folder)


@pytest.mark.parametrize("content", ["{", "[]", '{"value": 1}'])
def test_a_malformed_result_is_named(folder: Path, content: str) -> None:
    (folder / "stats.speed.result.json").write_text(content)
    with pytest.raises(CasebackError, match=r"stats\.speed\.result\.json.*measure the claim again"):
        load_claims(folder)


def test_the_command_line_lists_measures_and_renders(folder: Path) -> None:
    run = CliRunner(env={"COLUMNS": "160"})
    options = ["--dir", str(folder)]
    assert "not measured yet" in run.invoke(app, options).output
    listed = json.loads(run.invoke(app, [*options, "--json"]).output)
    assert [(claim["id"], claim["value"], claim["holds"]) for claim in listed] == [("stats.speed", None, None)]
    done = run.invoke(app, [*options, "measure", "stats.speed"])
    assert done.exit_code == 0
    assert "working" in done.output
    listed = json.loads(run.invoke(app, [*options, "--json"]).output)
    assert set(listed[0]) >= {"id", "statement", "target", "value", "low", "high", "holds", "measured_at"}
    assert (listed[0]["low"], listed[0]["holds"]) == (1.5, True)
    assert "holds" in run.invoke(app, options).output
    assert run.invoke(app, [*options, "render"]).exit_code == 0
    page = (folder.parent / "docs" / "claims.md").read_text()
    assert "`stats.speed`: holds" in page
    assert "**2.5** [1.5, 3.5], n = 9" in page
    unknown = run.invoke(app, [*options, "measure", "stats.nothing"])
    assert isinstance(unknown.exception, CasebackError)
    assert "it holds stats.speed" in str(unknown.exception)


def test_markup_in_a_claim_stays_text(folder: Path) -> None:
    write(folder, statement="<script>alert(1)</script> *bold* [red]x[/]")
    page = render_claims(load_claims(folder))
    assert "\\<script\\>" in page
    assert "[red]x[/]" in CliRunner(env={"COLUMNS": "200"}).invoke(app, ["--dir", str(folder)]).output


def test_an_interrupted_measurement_stops_its_command(folder: Path) -> None:
    (folder.parent / "speed.py").write_text("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n")
    started: list[int] = []

    def stop(line: str) -> None:
        started.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(load_claim(folder, "stats.speed"), folder, stop)
    assert not Path(f"/proc/{started[0]}").exists() or sys.platform != "linux"


def test_our_claims_are_well_formed_and_their_page_is_fresh() -> None:
    folder, page = ROOT / "claims", ROOT / "docs" / "claims.md"
    claims = load_claims(folder) if folder.is_dir() else []
    if not claims:
        pytest.skip("nothing is claimed yet")
    assert page.exists(), "docs/claims.md is missing: run `caseback claims render`"
    assert page.read_text(encoding="utf-8") == render_claims(claims), "run `caseback claims render`"
