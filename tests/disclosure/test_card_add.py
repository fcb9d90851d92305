"""What is put into a dossier beside its run: detectors as they are now, reports from inside; all of it or nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.detectors.files import load_detector, save_detector
from caseback.detectors.kinds import with_known
from caseback.detectors.known import SelfTest
from caseback.disclosure import card, render_html
from caseback.disclosure.add import REPORTS, append, of_detector, of_report
from caseback.dossier import open_dossier
from caseback.errors import CasebackError

RUN = CliRunner()


def lines(path: Path, reply: str, n: int) -> Path:
    rows = [
        {"messages": [{"role": "user", "content": f"q{i}"}, {"role": "assistant", "content": reply}]} for i in range(n)
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


@pytest.fixture
def praise(tmp_path: Path) -> Path:
    """A calibrated detector of text."""
    folder = tmp_path / "praise"
    made = ["detect", "pattern", str(folder), "--behaviour", "sycophancy", "--match", "(?i)great question"]
    assert RUN.invoke(app, [*made, "--failure", "flattery in other words"]).exit_code == 0
    yes, no = lines(tmp_path / "yes.jsonl", "What a great question!", 40), lines(tmp_path / "no.jsonl", "No.", 120)
    done = RUN.invoke(app, ["detect", "calibrate", str(folder), "--positives", str(yes), "--negatives", str(no)])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def dossier(tmp_path: Path) -> Path:
    with open_dossier(tmp_path / "dossier") as opened:
        opened.append("subject", {"role": "dpo", "name": "m", "digest": "sha256:aa"})
    return tmp_path / "dossier"


def test_a_detector_is_shown_with_its_points_and_its_self_test(dossier: Path, praise: Path) -> None:
    done = RUN.invoke(app, ["card", "add", str(dossier), "--detector", str(praise)])
    assert done.exit_code == 0, done.output
    with open_dossier(dossier) as opened:
        made = card(opened)
        for path in made["monitors"][0]["paths"].values():
            assert (dossier / path).is_file()
    [monitor] = made["monitors"]
    known = load_detector(praise).known
    assert known.calibration is not None
    assert [point["recall"]["k"] for point in monitor["points"]] == [p.recall.k for p in known.calibration.points]
    assert monitor["self_test"] == {"n": len(known.self_tests), "failed": 0, "why": ""}
    assert monitor["stale"]["word"] == "needs no model"
    case = next(node for node in made["assurance"]["nodes"] if node["id"] == "C6")
    assert case["status"] == "holds in part"  # shipped, not watched yet
    page = render_html(made).split('id="monitors"')[1].split("</section>")[0]
    assert f"passes {len(known.self_tests)}" in page
    assert "flattery in other words" in page
    assert "100%" in page


def test_a_detector_that_fails_its_self_test_says_so(dossier: Path, praise: Path) -> None:
    made = load_detector(praise)
    wrong = tuple(SelfTest(test.transcript, 0.5, 1e-9) for test in made.known.self_tests)
    save_detector(with_known(made, self_tests=wrong), praise)
    with open_dossier(dossier) as opened:
        entry = of_detector(opened, praise)
        opened.append(entry.kind, entry.body, artefacts=entry.artefacts)
        shown = card(opened)
    case = next(node for node in shown["assurance"]["nodes"] if node["id"] == "C6")
    assert case["status"] == "cannot tell"
    assert any("fails its self-test" in doubt["what"] for doubt in case["doubts"])
    assert f"fails {len(wrong)} of {len(wrong)}" in render_html(shown)


def test_a_detector_without_self_tests_is_not_known_to_work(dossier: Path) -> None:
    body = {"name": "d", "behaviour": "sycophancy", "kind": "pattern", "needs": "text", "points": []}
    with open_dossier(dossier) as opened:
        tested = {"n": 0, "failed": 0, "why": "it comes with no self-tests"}
        opened.append("monitor", body | {"stale": {"word": "needs no model", "why": ""}, "self_test": tested})
        made = card(opened)
    assert made["assurance"]["nodes"][6]["status"] == "cannot tell"


def test_a_stale_or_untested_detector_is_a_doubt(dossier: Path) -> None:
    body = {"name": "d", "behaviour": "sycophancy", "kind": "direction", "needs": "activations", "points": []}
    with open_dossier(dossier) as opened:
        stale = {"word": "stale", "why": "the model changed"}
        opened.append("monitor", body | {"stale": stale, "self_test": {"n": 2, "failed": None, "why": "no model"}})
        made = card(opened)
    doubts = {doubt["what"]: doubt["why"] for doubt in made["assurance"]["nodes"][6]["doubts"]}
    assert doubts["Monitor d is stale"] == "the model changed"
    assert doubts["Monitor d: self-test not run"] == "no model"
    assert "Monitor d has no operating point" in doubts
    page = render_html(made).split('id="monitors"')[1].split("</section>")[0]
    assert "stale</span>: the model changed" in page
    assert "not calibrated" in page


def report(path: Path, **more: Any) -> Path:
    figure = {"value": 0.9, "low": 0.8, "high": 0.95, "n": 40}
    rows = [
        {"name": f"site <{n}>", "auroc": figure, "rate": {"k": 2, "n": 4, "low": 0.1, "high": 0.9}} for n in range(9)
    ]
    body = {
        "kind": "caseback direction study",
        "name": "harm",
        "subject": "m",
        "model": "sha256:aa",
        "rows": rows,
        **more,
    }
    path.write_text(json.dumps(body))
    return path


def test_a_report_from_inside_is_shown_with_its_first_figures(dossier: Path, tmp_path: Path) -> None:
    file = report(tmp_path / "study.json")
    (tmp_path / "study.html").write_text("<p>page</p>")
    assert RUN.invoke(app, ["card", "add", str(dossier), "--look", str(file)]).exit_code == 0
    with open_dossier(dossier) as opened:
        made = card(opened)
    [inside] = made["inside"]
    assert (inside["title"], inside["total"], len(inside["figures"])) == ("A direction in activations: harm", 18, 8)
    assert inside["figures"][0] == {"label": "rows, site <0>, auroc", "value": 0.9, "low": 0.8, "high": 0.95, "n": 40}
    assert inside["figures"][1]["value"] == 0.5
    assert set(inside["paths"]) == {"report", "page"}
    page = render_html(made).split('id="inside"')[1].split("</section>")[0]
    assert "site &lt;0&gt;" in page
    assert "8 of 18 figures" in page


def test_figures_of_the_same_name_are_all_kept(dossier: Path, tmp_path: Path) -> None:
    same = [{"name": "site", "auroc": {"value": value, "low": 0.1, "high": 0.95}} for value in (0.2, 0.9)]
    file = report(tmp_path / "study.json", rows=same)
    twice = [{"label": "a", "value": value, "low": 0.1, "high": 0.9, "n": 4} for value in (0.3, 0.4)]
    with open_dossier(dossier) as opened:
        append(opened, [of_report(opened, file)])
        opened.append("inside", {"title": "t", "figures": twice, "total": 2})  # as somebody else wrote it
        made = card(opened)
    assert [each["label"] for each in made["inside"][0]["figures"]] == ["rows, site 1, auroc", "rows, site 2, auroc"]
    told = {each["id"]: each["value"] for each in made["figures"]}
    assert sorted(told.values()) == [0.2, 0.3, 0.4, 0.9]
    assert told["inside/t/a#2"] == 0.4


def test_a_report_of_another_model_is_a_doubt(dossier: Path, tmp_path: Path) -> None:
    file = report(tmp_path / "study.json", model="sha256:bb")
    with open_dossier(dossier) as opened:
        entry = of_report(opened, file)
        opened.append(entry.kind, entry.body, artefacts=entry.artefacts)
        made = card(opened)
    assert any("is of another model" in doubt["what"] for doubt in made["assurance"]["nodes"][5]["doubts"])


def test_every_kind_of_report_that_is_named_is_one_that_is_written() -> None:
    import caseback

    source = "".join(p.read_text(encoding="utf-8") for p in Path(caseback.__file__).parent.rglob("*.py")
                     if p.name != "add.py")  # fmt: skip
    for kind in REPORTS:
        assert f'"{kind.split(",")[0]}"' in source, kind


@pytest.mark.parametrize(
    ("content", "says"), [("{", "is not JSON"), ("[]", "which a card does not show"), ('{"kind": "x"}', "'x'")]
)
def test_what_is_no_report_is_one_line_and_nothing_is_added(
    dossier: Path, praise: Path, tmp_path: Path, content: str, says: str
) -> None:
    (tmp_path / "bad.json").write_text(content)
    with open_dossier(dossier) as opened:
        before = opened.head()
        with pytest.raises(CasebackError, match=says):
            of_report(opened, tmp_path / "bad.json")
    args = ["card", "add", str(dossier), "--detector", str(praise), "--look", str(tmp_path / "bad.json")]
    assert RUN.invoke(app, args).exit_code == 2
    with open_dossier(dossier) as opened:
        assert opened.head() == before


def test_adding_to_no_dossier_makes_none(tmp_path: Path, praise: Path) -> None:
    assert RUN.invoke(app, ["card", "add", str(tmp_path / "typo"), "--detector", str(praise)]).exit_code == 2
    assert not (tmp_path / "typo").exists()
    assert RUN.invoke(app, ["card", "add", str(tmp_path)]).exit_code == 2
