"""Studies of oversight on a card: put there from their reports, shown with what they leave out, struck, compared."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from studies_for_tests import OWN, ladder, votes, written
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.disclosure import card, card_diff, render_html, schema
from caseback.disclosure.add import append, of_report
from caseback.disclosure.check import check_card
from caseback.disclosure.figures import figures
from caseback.disclosure.model_card import render_readme
from caseback.disclosure.read_card import read_card
from caseback.disclosure.spread import spread
from caseback.disclosure.write import write_card
from caseback.dossier import open_dossier

RUN = CliRunner()


@pytest.fixture
def dossier(tmp_path: Path) -> Path:
    with open_dossier(tmp_path / "dossier") as opened:
        opened.append("subject", {"role": "dpo", "name": "m", "digest": OWN})
    return tmp_path / "dossier"


def carded(dossier: Path) -> dict[str, Any]:
    with open_dossier(dossier) as opened:
        made = card(opened)
    Draft202012Validator(schema()).validate(made)
    return made


def section(made: dict[str, Any]) -> str:
    return render_html(made).split('<section id="oversight">')[1].split("</section>")[0]


def node(made: dict[str, Any], id: str = "C8") -> dict[str, Any]:
    return next(each for each in made["assurance"]["nodes"] if each["id"] == id)


def test_a_card_without_oversight_says_that_it_was_not_looked_at(dossier: Path) -> None:
    made = carded(dossier)
    assert made["oversight"] == []
    assert "not looked at" in section(made)
    assert node(made)["status"] == "cannot tell"
    assert [doubt["what"] for doubt in node(made)["doubts"]] == ["Oversight was not looked at"]
    assert "Not looked at: nothing is known of what a weaker overseer would notice." in render_readme(made)


def test_a_report_named_after_the_dossier_is_shown_with_its_figures_and_what_it_leaves_out(
    dossier: Path, tmp_path: Path
) -> None:
    files = [written(tmp_path / "studies", "ladder", ladder()), written(tmp_path / "studies", "votes", votes(), False)]
    done = RUN.invoke(app, ["card", "add", str(dossier), *map(str, files), "--json"])
    assert done.exit_code == 0, done.output
    assert [each["kind"] for each in json.loads(done.output)] == ["oversight", "oversight"]
    made = carded(dossier)
    first, second = made["oversight"]
    assert first["figures"] == ladder()["figures"]
    assert (first["study"], first["asks"], first["total"]) == ("ladder", "How far up can an overseer see?", 3)
    assert first["notes"] == ladder()["notes"]
    assert set(first["paths"]) == {"report", "page"}
    assert set(second["paths"]) == {"report"}
    assert json.loads((dossier / first["paths"]["report"]).read_text()) == ladder()  # all of it: tables too
    page = section(made)
    assert "gain of a chain over &lt;one&gt; step" in page
    assert "2 pairs were left out: their ceilings are within 3 sigma" in page
    assert f'href="#r-{first["record"][:16]}"' in page
    told = {figure.id: figure for figure in figures(made)}
    assert told["oversight/ladder/recovered"].low == pytest.approx(0.42)
    assert told["oversight/ladder/chain"].word == "cannot tell"
    assert told["oversight/independence/votes_one_base"].n == 40
    assert "effective votes of 9 overseers of one base: 2.1 (1.6 to 3), 40 families" in render_readme(made)


def test_the_newer_report_of_the_same_question_is_shown(dossier: Path, tmp_path: Path) -> None:
    with open_dossier(dossier) as opened:
        for gain in (0.5, 0.7):
            append(opened, [of_report(opened, written(tmp_path, "ladder", ladder(gain=gain)))])
    [only] = carded(dossier)["oversight"]
    assert only["figures"][0]["value"] == 0.7


@pytest.mark.parametrize(
    ("data", "status", "why"),
    [
        (ladder("sha256:ff"), "cannot tell", "no study of oversight took this model in"),
        (ladder(), "holds in part", "this model took part in 1 of"),
        (ladder(widest=None), "does not hold", "no gap meets the bound"),
        (ladder(widest=0), "holds in part", "this model took part in 1 of"),
        (ladder("sha256:ff", widest=None), "cannot tell", "no study of oversight took this model in"),
    ],
)
def test_the_case_rests_on_studies_that_took_this_model_in(
    dossier: Path, tmp_path: Path, data: dict[str, Any], status: str, why: str
) -> None:
    with open_dossier(dossier) as opened:
        append(opened, [of_report(opened, written(tmp_path, "ladder", data))])
    case = node(carded(dossier))
    assert case["status"] == status
    assert why in case["why"]
    named = {doubt["what"] for doubt in case["doubts"]}
    assert ("“How far trust reaches” is of other models" in named) == (status == "cannot tell")
    assert any(what.startswith("Not looked at:") and "corrigibility" in what for what in named)


def test_the_doubts_name_how_far_trust_reaches_and_as_how_many_overseers_count(dossier: Path, tmp_path: Path) -> None:
    with open_dossier(dossier) as opened:
        append(opened, [of_report(opened, written(tmp_path, "l", ladder())),
                        of_report(opened, written(tmp_path, "v", votes()))])  # fmt: skip
    doubts = {doubt["what"]: doubt["why"] for doubt in node(carded(dossier))["doubts"]}
    assert "1.5" in doubts["Trust reaches only so far"]
    assert "2.1" in doubts["Overseers fail together"]
    assert "How far trust reaches: cannot tell gain of a chain over <one> step" in doubts


def lose(file: Path) -> None:
    file.unlink()


def change(file: Path) -> None:
    file.write_text("{}")


@pytest.mark.parametrize("tamper", [lose, change])
@pytest.mark.parametrize("which", ["report", "page"])
def test_figures_whose_report_or_page_changed_are_struck(
    dossier: Path, tmp_path: Path, tamper: Callable[[Path], None], which: str
) -> None:
    with open_dossier(dossier) as opened:
        append(opened, [of_report(opened, written(tmp_path, "ladder", ladder()))])
        written_card = write_card(opened)
    [study] = carded(dossier)["oversight"]
    tamper(dossier / study["paths"][which])
    made = carded(dossier)
    assert set(made["evidence"]["struck"]) == {study["record"]}
    assert section(made).count('<del class="struck"') == 3
    assert node(made)["status"] == "cannot tell"
    assert all(f["struck"] for f in made["figures"] if f["id"].startswith("oversight/"))
    assert "~~" in render_readme(made).split("## Oversight")[1].split("## Evidence")[0]
    found = check_card(written_card)
    assert {each.figure for each in found.struck} >= {"oversight/ladder/recovered", "oversight/ladder/chain"}


def test_a_difference_between_cards_tells_what_moved(dossier: Path, tmp_path: Path) -> None:
    with open_dossier(dossier) as opened:
        append(opened, [of_report(opened, written(tmp_path, "ladder", ladder(gain=0.3)))])
    old = carded(dossier)
    with open_dossier(dossier) as opened:
        append(opened, [of_report(opened, written(tmp_path, "ladder", ladder(gain=0.85, widest=None)))])
    found = {each["id"]: each for each in card_diff(old, carded(dossier))["figures"]}
    assert found["oversight/ladder/recovered"]["change"] == "moved"
    assert found["oversight/ladder/reach"]["change"] == "changed"
    assert card_diff({**old, "oversight": []}, old)["counts"]["appeared"] == 3


def test_a_card_of_the_second_form_is_read_and_its_words_are_not_compared(dossier: Path) -> None:
    with open_dossier(dossier) as opened:
        page = write_card(opened)
    now = json.loads(page.with_suffix(".json").read_text())
    second = {name: value for name, value in now.items() if name != "oversight"} | {"format": "caseback-card/2"}
    page.with_suffix(".json").write_text(json.dumps(second))
    assert card_diff(read_card(page), now)["counts"] in ({}, {"same": len(now["figures"])})
    found = check_card(page)
    assert not found.stands
    assert "another version" in found.other[0]


def broken(**change: Any) -> dict[str, Any]:
    data = deepcopy(ladder())
    data["figures"][0] |= change
    return data


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (json.dumps(broken(value="high")), "figure 1: value is 'high'"),
        (json.dumps(broken(n=2.5)), "figure 1: n is 2.5"),
        (json.dumps(broken(low=True)), "figure 1: low is True"),
        (json.dumps(broken(value=1)).replace('"value": 1,', '"value": NaN,'), "is not JSON"),
        (json.dumps(broken(value=1)).replace('"value": 1,', '"value": 1e999,'), "figure 1: value is inf"),
        (json.dumps({**ladder(), "figures": {"a": 1}}), "figures of a study are a list"),
        (json.dumps({**ladder(), "figures": [7]}), "figure 1 is 7"),
        (json.dumps({**ladder(), "seeds": 3}), "seeds is 3"),
        (json.dumps({**ladder(), "notes": 3}), "notes is 3"),
        (json.dumps({"kind": "caseback research notebook", "final": [1]}), "final is [1]"),
        (json.dumps({"kind": "caseback oversight "}), "which a card does not show"),
    ],
)
def test_a_report_that_is_none_is_one_line_and_nothing_is_recorded(
    dossier: Path, tmp_path: Path, content: str, says: str
) -> None:
    whole, bad = written(tmp_path, "whole", votes()), tmp_path / "bad.json"
    bad.write_text(content)
    done = RUN.invoke(app, ["card", "add", str(dossier), str(whole), str(bad)])
    assert done.exit_code == 2
    line = " ".join(done.output.split())
    assert says in line
    assert "bad.json" in line
    assert carded(dossier)["oversight"] == []


numbers = st.floats(-1e6, 1e6, allow_nan=False)


@given(numbers, st.none() | numbers, st.none() | numbers)
@example(-2.0, None, 5e-324)
def test_a_figure_lies_within_its_axis_and_its_interval_around_it(
    value: float, low: float | None, high: float | None
) -> None:
    low, high = (None if low is None else min(low, value)), (None if high is None else max(high, value))
    drawn = spread({"value": value, "low": low, "high": high})
    assert drawn is not None
    assert 0 <= drawn["at"] <= 1
    assert float(drawn["left"]) < float(drawn["right"])
    if low is None and high is None:
        assert drawn["low"] is drawn["high"] is None
    else:
        assert 0 <= drawn["low"] <= drawn["at"] <= drawn["high"] <= 1
    assert spread({"value": None, "low": None, "high": None}) is None


def test_the_axis_is_that_of_the_figure() -> None:
    assert {k: spread({"value": 0.5, "low": 0.1, "high": 1})[k] for k in ("left", "right", "at")} == {  # type: ignore[index]
        "left": "0", "right": "1", "at": 0.5}  # fmt: skip
    votes_of_nine = spread({"value": 2.5, "low": 1.6, "high": None})
    assert votes_of_nine == {"at": 0.5, "low": 0.32, "high": 1.0, "zero": None, "left": "0", "right": "5"}
    slope = spread({"value": -0.2, "low": -0.4, "high": 0.1})
    assert slope is not None
    assert (slope["left"], slope["right"], slope["zero"]) == ("-1", "1", 0.5)
