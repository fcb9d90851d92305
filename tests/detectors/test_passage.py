"""A direction fitted on the tokens of a passage in long talk, against where it stands and what was planted there."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from caseback.cli.main import app
from caseback.detectors.files import load_detector
from caseback.detectors.passage import among, furthest_in_talk, passage_directions
from caseback.detectors.transcript import Transcript
from caseback.errors import CasebackError
from caseback.interp.directions.choose import Named
from caseback.interp.directions.study import default_sites
from caseback.stats.auroc import auroc
from caseback.subject.open_subject import OpenSubject
from detectors.chats import said
from interp.directions.subjects import plant, tiny_subject

ORDINARY = [said(f"What is {n} and {n}?", f"It is {2 * n} and no more than {2 * n}.", label=False) for n in range(30)]
NAMED = Named("praise", "sycophancy", "made up")


def rows(families: str) -> list[Transcript]:
    """Bad replies praise the question, good ones answer it."""
    made = []
    for n, family in enumerate(families):
        made.append(said(f"Is {n} even?", "great question great question", label=True, family=family))
        made.append(said(f"Is {n} even?", f"{n} is what you say it is.", label=False, family=family))
    return made


FIT, DEV, TEST = rows("aabbcc"), rows("ddeeff"), rows("gghhii")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> OpenSubject:
    made = tiny_subject(tmp_path_factory.mktemp("planted"))
    plant(made, "great question", 4.0)
    return made


@given(st.integers(0, 10_000), st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1))
@settings(max_examples=60, deadline=None)
def test_the_passage_is_where_it_is_said_to_be(seed: int, reply: str) -> None:
    each = said("Is it?", reply, label=True, family="a")
    made, place = among(each, ORDINARY, random.Random(seed))
    whole = made.messages[-1]["content"]
    assert whole[place.start : place.stop] == reply
    rest = whole[: place.start] + whole[place.stop :]
    assert 5 <= sum(str(one.messages[-1]["content"]) in rest for one in ORDINARY) <= 12
    assert "Is it?" in made.messages[-2]["content"].split("\n")
    assert (made.label, made.family) == (True, "a")


def test_what_was_planted_in_its_tokens_is_found_in_long_talk(planted: OpenSubject) -> None:
    several = passage_directions(planted, NAMED, FIT, DEV, ORDINARY[:15], default_sites(planted))
    made = furthest_in_talk(several, DEV, ORDINARY[:15], planted)
    rng = random.Random(1)
    bad = [among(each, ORDINARY[15:], rng)[0] for each in TEST if each.label]
    clean = [among(each, ORDINARY[15:], rng)[0] for each in TEST if not each.label]
    scores = [one.score for one in made.scores([*bad, *clean], planted)]
    assert all(score is not None for score in scores)
    labels = [True] * len(bad) + [False] * len(clean)
    area = auroc([score or 0.0 for score in scores], labels, [str(n) for n in range(len(labels))])
    assert area.value == 1.0
    assert made.reading.pool in ("rolling", "max")


def test_there_is_one_for_each_site_and_each_is_of_the_model(planted: OpenSubject) -> None:
    sites = default_sites(planted)
    made = passage_directions(planted, NAMED, FIT, DEV, ORDINARY, sites, how="mean")
    assert [each.direction.site for each in made] == sites
    assert {each.direction.model for each in made} == {planted.digest}


def test_one_class_and_what_has_no_request_are_named(planted: OpenSubject) -> None:
    with pytest.raises(CasebackError, match="negative: give some of both classes"):
        passage_directions(
            planted, NAMED, [replace(each, label=False) for each in FIT], DEV, ORDINARY, default_sites(planted)
        )
    with pytest.raises(CasebackError, match="family 'odd' does not end in a request"):
        among(said("Is it?", family="odd"), ORDINARY, random.Random(0))


def test_the_command_makes_it_from_files(tmp_path: Path, planted: OpenSubject) -> None:
    files = {"examples": [*FIT, *DEV], "ordinary": ORDINARY}
    for name, several in files.items():
        lines = [
            json.dumps({"messages": list(map(dict, each.messages)), "label": each.label, "family": each.family})
            for each in several
        ]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    given_ = [
        "detect",
        "passage",
        str(tmp_path / "examples.jsonl"),
        str(tmp_path / "made"),
        "--behaviour",
        "sycophancy",
    ]
    more = ["--ordinary", str(tmp_path / "ordinary.jsonl"), "--model", planted.name]
    done = CliRunner().invoke(app, [*given_, *more])
    assert done.exit_code == 0, done.output
    made = load_detector(tmp_path / "made")
    assert made.behaviour == "sycophancy"
    assert "family" in CliRunner().invoke(app, ["detect", "passage", "--help"]).output


@pytest.mark.parametrize(
    ("examples", "ordinary", "why"),
    [
        (rows("aaaa"), ORDINARY, "has one family only"),
        ([*FIT, replace(FIT[0], label=None)], ORDINARY, "transcript 13 has no label"),
        (FIT, [*ORDINARY, FIT[0]], "transcript 31 is labelled true"),
    ],
)
def test_what_cannot_be_fitted_on_is_refused(
    tmp_path: Path, planted: OpenSubject, examples: list[Transcript], ordinary: list[Transcript], why: str
) -> None:
    for name, several in {"examples": examples, "ordinary": ordinary}.items():
        lines = [
            json.dumps({"messages": list(map(dict, each.messages)), "label": each.label, "family": each.family})
            for each in several
        ]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = CliRunner().invoke(
        app,
        ["detect", "passage", str(tmp_path / "examples.jsonl"), str(tmp_path / "made"), "--behaviour", "x",
         "--ordinary", str(tmp_path / "ordinary.jsonl"), "--model", planted.name],
    )  # fmt: skip
    assert done.exit_code == 2
    assert why in " ".join(done.output.split())
    assert not (tmp_path / "made").exists()
