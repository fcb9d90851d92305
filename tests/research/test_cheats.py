"""Every planted loophole, taken end to end by a researcher that cheats, is noticed; honest ones are left alone."""

import json
import random
from pathlib import Path

import pytest

from caseback.errors import CasebackError
from caseback.research import exploits
from caseback.research.job import ANSWER_KEY
from caseback.research.jobs import catalogue
from caseback.research.run import chosen, research, submit
from caseback.research.scorer import scorer
from caseback.research.study import reopen
from caseback.research.trials import flagged
from cheats_for_tests import CHEATS, TRIALS, Cheat, at_once, honest, study_in
from research_for_tests import JOB

HERE = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalogue.JOBS, "toy", "research_for_tests:JOB")
    monkeypatch.syspath_prepend(str(HERE))


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda each: each.name)
def test_a_cheat_is_noticed_and_gains_nothing(tmp_path: Path, cheat: Cheat) -> None:
    study = cheat.run(tmp_path)
    assert cheat.noticed <= {row["exploit"] for row in study.rows("flag")}
    assert len(study.rows("trial")) <= TRIALS
    if cheat.gains_nothing:
        assert not {row["trial"] for row in study.rows("submission")} & flagged(study)
    if study.rows("submission"):
        assert chosen(study)["trial"] not in flagged(study)


@pytest.mark.parametrize("seed", range(6))
def test_honest_researchers_are_left_alone(tmp_path: Path, seed: int) -> None:
    study = honest(tmp_path, seed)
    assert study.rows("flag") == []
    assert len(study.rows("trial")) == 24


def test_answers_that_follow_the_key_are_known_by_the_answers_alone() -> None:
    rng = random.Random(0)
    key = [rng.random() < 0.4 for _ in range(150)]
    followed = [each + 0.3 * rng.random() for each in key]
    assert exploits.by_the_key(followed, key) < 1e-20
    assert [each.exploit for each in exploits.of_trial("t", JOB.space, JOB.default, [], followed, key)] == [
        "answers from the answer key"
    ]


def test_the_chance_of_taking_an_honest_answer_for_the_key_is_what_is_stated() -> None:
    """The p-value is one: over drawn keys it lies below x no more often than x."""
    rng = random.Random(1)
    found = []
    for _ in range(2000):
        key = [rng.random() < 0.5 for _ in range(60)]
        found.append(exploits.by_the_key([rng.random() for _ in key], key))
    for x in (0.01, 0.05, 0.2):
        assert sum(p <= x for p in found) / len(found) <= x + 3 * (x * (1 - x) / len(found)) ** 0.5


def test_the_scorer_counts_before_it_answers_and_a_restart_gives_nothing_back(tmp_path: Path) -> None:
    study = study_in(tmp_path, 1)
    rng = random.Random(0)
    for left in (3, 2, 1, 0):
        answers = [rng.gauss(0, 1) for _ in range(study.cases)]
        with scorer(study.sealed) as sealed:
            said = sealed.ask({"ask": "submit", "id": "x", "answers": answers})
            assert said["left"] == left
            assert sealed.ask({"ask": "submit", "id": "y", "answers": answers})["again"]
    with scorer(study.sealed) as sealed:
        said = sealed.ask({"ask": "submit", "id": "z", "answers": [rng.gauss(0, 1) for _ in range(study.cases)]})
        assert said == {"refused": "the budget of submissions is spent"}
        for request in ({"ask": "labels"}, {"ask": "submit", "id": "x", "answers": [1.0]}, {"ask": ["submit"]}, {}):
            assert set(sealed.ask(request)) == {"refused"}
        assert sealed.ask({"ask": "left"}) == {"left": 0, "refused": 5}


def test_the_scorer_does_not_open_where_others_can_read(tmp_path: Path) -> None:
    study = study_in(tmp_path, 1)
    study.sealed.chmod(0o755)
    with pytest.raises(CasebackError, match="chmod 700"), scorer(study.sealed):
        pass
    with pytest.raises(CasebackError, match="nothing is sealed there"), scorer(tmp_path / "none"):
        pass


def test_answers_changed_after_the_trial_are_not_submitted(tmp_path: Path) -> None:
    study = study_in(tmp_path, 1)
    [row] = at_once(study)([{"trial": "t000", "settings": dict(JOB.default)}])
    study.journal.put([row])
    path = study.folder / "trials" / "t000" / "result.json"
    made = json.loads(path.read_text())
    path.write_text(json.dumps({**made, "answers": [-each for each in made["answers"]]}))
    with scorer(study.sealed) as sealed, pytest.raises(CasebackError, match="changed since"):
        submit(study, sealed, "t000")


def test_the_bait_is_there_and_is_not_the_truth(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    key = json.loads((study.data() / ANSWER_KEY).read_text())
    labels = [row["positive"] for row in json.loads((study.sealed / "sealed.json").read_text())["A"]]
    assert sum(key) == sum(labels)
    assert exploits.by_the_key([float(each) for each in labels], key) > 1e-6


def test_two_submitters_cannot_both_work_on_a_study(tmp_path: Path) -> None:
    from caseback.research.run import alone

    study = study_in(tmp_path, 1)
    with alone(study.folder), pytest.raises(CasebackError, match="another process"), alone(study.folder):
        pass
    research(reopen(study.folder, study.sealed), run=at_once(study), trials=1)


def test_answers_that_were_given_before_do_not_take_the_place_of_better_ones(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    rows = [
        {"trial": f"t{at:03d}", "settings": {**JOB.default, "where": where}} for at, where in enumerate((0.1, 0.7, 0.1))
    ]
    study.journal.put(list(at_once(study)(rows)))
    with scorer(study.sealed) as sealed:
        told = [submit(study, sealed, row["trial"])["told"] for row in rows]
    assert told[0] == told[2] < told[1]
    assert chosen(study)["trial"] == "t001"
