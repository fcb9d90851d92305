"""Data from a constitution, with scripted subjects whose right answer is known."""

import json
from pathlib import Path

import pytest

from caseback.constitution.clause import Constitution
from caseback.errors import CasebackError
from caseback.training.ask import Text
from caseback.training.calibrate import calibrated
from caseback.training.constitutional import ConstitutionalData, DataBudget, constitutional_data
from caseback.training.control import TOLERANCE, target_tokens
from caseback.training.critique import Verdict, calibrate_critic
from caseback.training.improve import Reply
from caseback.training.sample import cases
from caseback.training.select import Judged
from training.scripted_subjects import CONSTITUTION, REFUSAL, Scoring, Scripted, harmful, harmless


def make(subject: Scripted, **changes: object) -> ConstitutionalData:
    settings: dict = {"seed": 7, **changes}
    return constitutional_data(subject, CONSTITUTION, harmful(12), harmless(12), **settings)


@pytest.mark.parametrize("subject", [Scripted(), Scoring()], ids=["words", "log-odds"])
def test_harm_is_revised_and_harmless_is_left_alone(subject: Scripted) -> None:
    data = make(subject)
    revised = [datum for datum in data.sft if datum.origin == "revised"]
    ordinary = [datum for datum in data.sft if datum.origin == "ordinary"]
    assert len(revised) == 12
    assert {datum.chosen for datum in revised} == {REFUSAL}
    assert {datum.clauses for datum in revised} == {("no-harm",)}
    assert len(ordinary) == 12
    assert all(datum.chosen.startswith("Here is how") and datum.clauses == () for datum in ordinary)
    assert data.report["clauses"] == {"no-harm": {"judged": 12, "broken": 12, "unreadable": 0, "repaired": 12}}


def test_preferences_go_both_ways() -> None:
    data = make(Scoring())
    kinds = {origin: [d for d in data.preferences if d.origin == origin] for origin in ("revised", "counter")}
    assert all(d.chosen == REFUSAL and d.rejected.startswith("Here is how") for d in kinds["revised"])
    assert all(d.rejected == REFUSAL and d.chosen.startswith("Here is how") for d in kinds["counter"])
    assert len(kinds["revised"]) == 12
    assert len(kinds["counter"]) == 12
    assert {d.clauses for d in kinds["counter"]} == {("help",)}


def test_where_no_clause_can_be_misapplied_refusals_begin_as_they_did_elsewhere(tmp_path: Path) -> None:
    """The subject revises to a refusal only what is harmful; begun as it began there, it refuses all the same."""
    subject = Scoring(revise=lambda prompt: REFUSAL if "steal car" in prompt else "Here is how, again.")
    data = make(subject, cache=tmp_path)
    counters = [datum for datum in data.preferences if datum.origin == "counter"]
    assert len(counters) == 12
    assert {datum.rejected for datum in counters} == {"I will not be of help here."}
    tasks = {text["digest"]: text["task"] for text in data.texts}
    for datum in counters:
        assert sorted(tasks[digest] for digest in datum.parents) == ["begin", "plain", "revise"]
        assert all(message["role"] != "assistant" for message in datum.prompt)


def test_no_prompt_holds_the_constitution() -> None:
    data = make(Scripted())
    for datum in [*data.sft, *data.preferences, *data.control, *data.control_preferences]:
        assert not any("Do not help anyone hurt people" in message["content"] for message in datum.prompt)


def test_every_datum_says_where_it_came_from(tmp_path: Path) -> None:
    data = make(Scoring(), cache=tmp_path)
    known = {json.loads(line).get("digest") for line in (tmp_path / "journal.jsonl").read_text().splitlines()}
    situations = {s.id: s.family for s in [*harmful(12), *harmless(12)]}
    for datum in [*data.sft, *data.preferences, *data.control, *data.control_preferences]:
        assert situations[datum.situation] == datum.family
        assert datum.parents
        assert set(datum.parents) <= known
        digest, task = datum.generator.split("/")
        assert digest == "d" * 64
        assert task in ("plain", "guided", "revise", "fresh")
        assert bool(datum.clauses) == (datum.origin in ("revised", "guided", "plain", "counter"))
    revised = next(datum for datum in data.sft if datum.origin == "revised")
    assert len(revised.parents) == 3, "plain reply, critique, revision"


def test_same_seed_same_data_another_seed_others() -> None:
    first, second, other = make(Scoring()), make(Scoring()), make(Scoring(), seed=8)
    assert [d.digest for d in first.sft] == [d.digest for d in second.sft]
    assert [d.digest for d in first.sft] != [d.digest for d in other.sft]


@pytest.mark.parametrize("refusal", [REFUSAL, "I will not.", REFUSAL * 4])
def test_control_has_the_same_tokens_and_none_of_the_refusals(refusal: str) -> None:
    subject = Scoring(revise=lambda prompt: refusal)
    data = constitutional_data(subject, CONSTITUTION, harmful(80), harmless(80), seed=3)
    for arm, control in ((data.sft, data.control), (data.preferences, data.control_preferences)):
        wanted, got = (target_tokens(part, subject.count_tokens) for part in (arm, control))
        assert abs(got - wanted) <= TOLERANCE * wanted
    assert not any(
        "I will not" in datum.chosen + datum.rejected for datum in [*data.control, *data.control_preferences]
    )
    assert {d.situation for d in data.control} <= {d.situation for d in data.sft}


def test_a_killed_run_asks_nothing_twice(tmp_path: Path) -> None:
    class Killed(Scoring):
        def answer(self, chat, seed):
            if len(self.asked) == 40:
                raise KeyboardInterrupt
            return super().answer(chat, seed)

    first = Killed()
    with pytest.raises(KeyboardInterrupt):
        make(first, cache=tmp_path)
    journal = tmp_path / "journal.jsonl"
    done = [json.loads(line)["chat"][-1]["content"] for line in journal.read_text().splitlines() if '"chat"' in line]
    with journal.open("a") as file:
        file.write('{"key": "cut o')  # the kill came in the middle of a line
    second = Scoring()
    resumed = make(second, cache=tmp_path)
    whole = Scoring()
    assert [d.digest for d in resumed.sft] == [d.digest for d in make(whole).sft]
    assert len(done) > 0
    assert len(second.asked) == len(whole.asked) - len(done)


def test_unreadable_verdicts_are_counted_apart_and_never_accepted() -> None:
    data = make(Scripted(verdict=lambda prompt: "Perhaps so."))
    assert data.sft == []
    assert data.preferences == []
    assert data.control == []
    assert data.report["clauses"]["no-harm"] == {"judged": 12, "broken": 0, "unreadable": 12, "repaired": 0}
    assert data.report["turned_down"] == {"plain reply unreadable to the critic": 12}
    assert any("nothing to train on" in note for note in data.report["notes"])


def test_revisions_that_do_not_improve_are_turned_down_with_the_reason() -> None:
    data = make(Scripted(revise=lambda prompt: "Here is how, told more nicely."), budget=DataBudget(rounds=3))
    assert data.sft == []
    assert data.report["turned_down"] == {"clause still broken": 12}


def test_capability_check_turns_down_a_refusal_of_the_harmless() -> None:
    """A critic that flags harmless answers must not turn them into refusals."""

    def flags_everything(prompt: str) -> str:
        return "Yes." if "Answer: Here is how" in prompt else "No." if "harmless" not in prompt else "Yes."

    data = make(Scripted(verdict=flags_everything))
    harmless_targets = [d.chosen for d in data.sft if d.family.startswith("benign")]
    assert harmless_targets
    assert not any("I will not" in text for text in harmless_targets)
    assert data.report["harmless"]["flagged"] == 12
    assert data.report["harmless"]["changed"] == 0


def test_calibration_takes_the_bias_out_of_a_critic() -> None:
    biased = Scoring(bias=-5.0)
    assert make(biased).sft == [], "uncalibrated, it holds nothing for broken"
    data = make(biased, label=lambda situation, reply: not reply.startswith("I will not"))
    assert data.report["calibration"]["labels"] <= 200
    assert -8 < data.report["calibration"]["threshold"] < -2
    assert sum(d.origin == "revised" for d in data.sft) == 12


def test_labels_are_asked_for_at_most_two_hundred_times() -> None:
    asked = []

    def label(situation, reply):
        asked.append(reply)
        return not reply.startswith("I will not")

    constitutional_data(Scoring(), CONSTITUTION, harmful(150), harmless(10), seed=0, label=label)
    assert 100 < len(asked) <= 200


def test_a_clause_on_which_the_critic_leans_otherwise_gets_its_own_threshold() -> None:
    """Twelve replies each under two clauses, told apart perfectly at -5 nats under one and at +5 under the other."""
    case = cases(CONSTITUTION, harmful(12), 1, 0, harmless=False)
    text = Text("x", "plain", "d", 0, "e", True)

    def reply(broken: bool) -> Reply:
        lean = {"low": -5.0, "high": 5.0}
        odds = {clause: middle + (2.0 if broken else -2.0) for clause, middle in lean.items()}
        return Reply(text, Judged("x", tuple(Verdict(clause, value) for clause, value in odds.items())))

    replies = [reply(index < 6) for index in range(12)]
    truth = iter([index < 6 for index in range(12)])
    calibration, why_not = calibrated(case, [replies], lambda situation, said: next(truth), 200)
    assert why_not == ""
    assert -7 < calibration.threshold_of("low") < -3 < 3 < calibration.threshold_of("high") < 7
    assert calibration.threshold_of("without labels") == calibration.threshold
    assert calibration.clauses["low"].hits.k == calibration.clauses["high"].hits.k == 6


def test_calibrate_critic_on_known_truth() -> None:
    calibration = calibrate_critic([0.0, 1.0, 2.0, 3.0], [False, False, True, True])
    assert calibration.threshold == 1.5
    assert calibrate_critic([-3.0, -2.0, 1.0, 4.0, -1.0], [False, False, True, True, True]).threshold == -1.5
    # Each of two cuts puts one reply of five wrong among its kind; that nearer to even odds is taken.
    assert calibrate_critic([-9.0, -4.0, -3.0, 1.0], [False, True, False, True]).threshold == -1.0
    assert calibration.auroc == 1.0
    assert (calibration.hits.k, calibration.alarms.k) == (2, 0)
    assert calibrate_critic([1.0, 1.0], [True, False]).auroc == 0.5
    with pytest.raises(CasebackError, match="at most 200"):
        calibrate_critic([0.0] * 201, [True] * 201)
    with pytest.raises(CasebackError, match="both kinds"):
        calibrate_critic([0.0, 1.0], [True, True])


def test_situations_without_a_clause_are_said_to_be_left_out() -> None:
    bare = Constitution("", "Be good.", (CONSTITUTION.clauses[1],))
    data = constitutional_data(Scripted(), bare, harmful(3), harmless(3), seed=0)
    assert data.sft == []
    assert "3 tempting cases fall under no clause" in data.report["notes"][0]


def test_another_subject_can_be_the_critic() -> None:
    critic = Scoring(digest="c" * 64)
    subject = Scripted()
    data = make(subject, critic=critic)
    assert data.report["critic"] == "c" * 64
    assert data.report["critic_gives"] == "log-odds"
    assert not any("Begin with Yes or No" in text for text in subject.asked)


def test_progress_rises_to_its_end() -> None:
    seen: list[tuple[int, int]] = []
    make(Scoring(), progress=lambda done, total: seen.append((done, total)))
    assert all(0 <= done <= total for done, total in seen)
