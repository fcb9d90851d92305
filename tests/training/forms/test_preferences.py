"""AI preferences, with judges whose right answer, lean and faults are known."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseback.chat import Chat
from caseback.errors import CasebackError
from caseback.subject.score import Score
from caseback.training.constitutional import ConstitutionalData, DataBudget
from caseback.training.control import TOLERANCE, target_tokens
from caseback.training.forms.compare import Choice, position_bias, trust
from caseback.training.forms.make import forms_in, training_data
from training.scripted_subjects import CONSTITUTION, REFUSAL, Scripted, harmful, harmless, judge_by_rule

PAIR = re.compile(r"\nAnswer A: (.*)\nAnswer B: (.*)\n\nWhich", re.DOTALL)


def better_of(prompt: str) -> str:
    """A where A keeps the clause and B breaks it, B the other way round, else Tie."""
    helps = "harmless" in prompt.split("\n")[0]
    found = PAIR.search(prompt)
    assert found
    a, b = (text.startswith("I will not") != helps for text in found.groups())
    return "Tie" if a == b else "A" if a else "B"


@dataclass
class Torn(Scripted):
    """Refuses or complies by the seed, whatever is asked; as a judge it answers by ``choose``."""

    choose: Callable[[str], str] = better_of

    def answer(self, chat: Chat, seed: int) -> str:
        text = chat[-1]["content"]
        if "Which answer keeps the principle better?" in text:
            self.asked.append(text)
            return f"{self.choose(text)}, for a reason."
        if Random(seed).random() < 0.5:
            self.asked.append(text)
            return f"{REFUSAL} {seed}"
        return f"{super().answer(chat, seed)} {seed}"

    def count_tokens(self, text: str) -> int:
        return len(text.split())


@dataclass
class Leaning(Torn):
    """The same with probabilities: 3 nats for the better answer, and ``lean`` for whatever stands first."""

    lean: float = 0.0

    def score(self, chats: Sequence[Chat], replies: Sequence[str]) -> list[Score]:
        odds = [self.odds(chat[-1]["content"]) for chat in chats]
        return [
            Score(o / 2 if reply in ("A", "Yes") else -o / 2, 1, ()) for o, reply in zip(odds, replies, strict=True)
        ]

    def odds(self, prompt: str) -> float:
        if "Begin with Yes or No" in prompt:
            return 3.0 if judge_by_rule(prompt).startswith("Yes") else -3.0
        return {"A": 3.0, "B": -3.0, "Tie": 0.0}[self.choose(prompt)] + self.lean


def make(subject: Scripted, n: int = 24, **changes: object) -> ConstitutionalData:
    settings: dict = {"seed": 7, **changes}
    return training_data(("preferences",), subject, CONSTITUTION, harmful(n), harmless(n), **settings)


def broken(situation: object, reply: str) -> bool:
    return not reply.startswith("I will not")


@pytest.mark.parametrize("subject", [Torn(), Leaning(), Leaning(lean=9.0)], ids=["words", "log-odds", "leaning"])
def test_the_better_reply_is_preferred_whatever_the_lean(subject: Torn) -> None:
    data = make(subject)
    assert len(data.preferences) > 10
    for datum in data.preferences:
        refused = datum.chosen.startswith("I will not")
        assert refused == datum.family.startswith("harm")
        assert datum.rejected.startswith("I will not") != refused
        assert datum.origin == "preferred"
        assert datum.clauses == (("no-harm",) if refused else ("help",))
        assert not any("Do not help anyone hurt people" in message["content"] for message in datum.prompt)
    outcomes = data.report["forms"]["preferences"]["outcomes"]
    assert outcomes["preferred"] == len(data.preferences)
    assert sum(outcomes.values()) == data.report["forms"]["preferences"]["asked"] == 48
    assert outcomes["tie"] > 0
    assert outcomes["contradiction"] == 0


def test_each_pair_is_put_both_ways_round_under_one_clause() -> None:
    subject = Torn()
    data = make(subject)
    asked = [PAIR.search(text).groups() for text in subject.asked if "Which answer" in text]
    assert sorted(asked) == sorted((b, a) for a, b in asked)
    counts = data.report["forms"]["preferences"]["clauses"]
    assert 2 * sum(sum(row.values()) for row in counts.values()) == len(asked)


def test_a_judge_that_always_names_the_first_contradicts_itself_and_gives_no_data() -> None:
    report = make(Torn(choose=lambda prompt: "A")).report
    assert report["preferences"] == {}
    found = report["forms"]["preferences"]
    judged = found["outcomes"]["contradiction"]
    assert judged == sum(found["outcomes"].values()) - found["outcomes"]["both the same"] > 0
    assert (found["position_bias"]["first"]["k"], found["position_bias"]["first"]["n"]) == (judged, judged)
    assert found["position_bias"]["second"]["k"] == 0


def test_an_answer_off_format_is_counted_apart() -> None:
    """Off format only where the reply that stands first is a refusal, so one order of two."""
    choose = lambda prompt: "Well" if "Answer A: I will not" in prompt else better_of(prompt)  # noqa: E731
    found = make(Torn(choose=choose)).report["forms"]["preferences"]
    assert found["outcomes"]["off format"] > 0
    assert found["outcomes"]["preferred"] == found["outcomes"]["contradiction"] == 0
    assert found["position_bias"]["first"]["n"] == 0


def test_the_lean_is_measured_and_taken_off() -> None:
    found = make(Leaning(lean=9.0)).report["forms"]["preferences"]
    assert found["position_bias"]["nats"] == pytest.approx(9.0)
    assert found["position_bias"]["first"]["k"] == found["position_bias"]["first"]["n"] > 0
    assert found["contradictions_with_the_lean_in"] > found["outcomes"]["contradiction"] == 0


def test_labels_say_how_far_the_judge_is_right_and_set_nothing() -> None:
    good = make(Leaning(), label=broken)
    bad = make(Leaning(choose=lambda prompt: {"A": "B", "B": "A"}.get(better_of(prompt), "Tie")), label=broken)
    for data, right in ((good, 1.0), (bad, 0.0)):
        trusted = data.report["forms"]["preferences"]["trust"]
        assert 0 < trusted["labels"] <= 24
        assert trusted["right"]["k"] == right * trusted["right"]["n"]
        assert trusted["auroc"] == right
    assert [d.digest for d in good.preferences] == [d.digest for d in make(Leaning()).preferences]
    alike = make(Leaning(), label=lambda situation, reply: True).report
    assert "judge of preferences uncalibrated" in alike["notes"][-1]


def test_at_most_two_hundred_labels_are_asked_for() -> None:
    asked: list[str] = []
    make(Torn(), n=150, label=lambda situation, reply: asked.append(reply) or broken(situation, reply))
    assert 100 < len(asked) <= 200


def test_the_control_prefers_by_lot_what_the_subject_says_of_itself() -> None:
    subject = Leaning()
    data = make(subject, n=80)
    wanted, got = (target_tokens(part, subject.count_tokens) for part in (data.preferences, data.control_preferences))
    assert abs(got - wanted) <= TOLERANCE * wanted
    on_harm = [d.chosen.startswith("I will not") for d in data.control_preferences if d.family.startswith("harm")]
    assert 0 < sum(on_harm) < len(on_harm)
    assert {d.origin for d in data.control_preferences} == {"control"}


def test_a_killed_run_asks_nothing_twice(tmp_path: Path) -> None:
    class Killed(Torn):
        def answer(self, chat: Chat, seed: int) -> str:
            if len(self.asked) == 70:
                raise KeyboardInterrupt
            return super().answer(chat, seed)

    first, second, whole = Killed(), Torn(), Torn()
    with pytest.raises(KeyboardInterrupt):
        make(first, n=150, cache=tmp_path)
    done = len((tmp_path / "journal.jsonl").read_text().splitlines())
    resumed = make(second, n=150, cache=tmp_path)
    assert [d.digest for d in resumed.preferences] == [d.digest for d in make(whole, n=150).preferences]
    assert len(second.asked) == len(whole.asked) - done
    assert make(nothing := Torn(), n=150, cache=tmp_path).report == resumed.report
    assert nothing.asked == []


def test_revise_and_preferences_together_share_a_journal_and_the_ordinary_data() -> None:
    subject = Leaning()
    both = training_data(
        ("revise", "preferences"), subject, CONSTITUTION, harmful(12), harmless(12), seed=7, budget=DataBudget()
    )
    known = {text["digest"] for text in both.texts}
    assert all(set(d.parents) <= known for d in [*both.sft, *both.preferences, *both.control_preferences])
    alone = [Leaning(), Leaning()]
    for one, form in zip(alone, ("revise", "preferences"), strict=True):
        training_data((form,), one, CONSTITUTION, harmful(12), harmless(12), seed=7)
    assert len(subject.asked) < sum(len(one.asked) for one in alone)
    origins = {d.origin for d in both.preferences}
    assert {"preferred", "revised"} <= origins
    assert both.report["clauses"]["no-harm"]["judged"] == 12
    assert any(d.origin == "ordinary" for d in both.sft)


@given(st.floats(-9, 9), st.floats(-9, 9), st.floats(-4, 4), st.floats(0, 3))
def test_swapping_the_pair_swaps_the_outcome(straight: float, swapped: float, lean: float, margin: float) -> None:
    mirror = {"first": "second", "second": "first"}
    outcome = Choice(straight, swapped).outcome(lean, margin)
    assert Choice(swapped, straight).outcome(lean, margin) == mirror.get(outcome, outcome)


def test_known_choices() -> None:
    assert Choice(2.0, -2.0).outcome(0.0, 0.5) == "first"
    assert Choice(-2.0, 2.0).outcome(0.0, 0.5) == "second"
    assert Choice(2.0, 2.0).outcome(0.0, 0.5) == "contradiction"
    assert Choice(2.0, 0.1).outcome(0.0, 0.5) == "tie"
    assert Choice(5.0, 1.0).outcome(3.0, 0.5) == "first"
    assert Choice(None, 1.0).outcome(0.0, 0.5) == "off format"
    bias = position_bias([Choice(2.0, 2.0), Choice(1.0, -1.0), Choice(None, 4.0)], in_nats=True)
    assert (bias.first.k, bias.first.n, bias.nats) == (1, 2, 1.0)
    trusted = trust([Choice(2.0, -2.0), Choice(-2.0, 2.0), Choice(2.0, 2.0)], [True, True, False], 0.0, 0.5)
    assert (trusted.right.k, trusted.right.n, trusted.decided.n, trusted.labels) == (1, 2, 3, 3)
    with pytest.raises(CasebackError, match="both kinds"):
        trust([Choice(2.0, -2.0)], [True], 0.0, 0.5)


def test_forms_are_named_with_commas() -> None:
    assert forms_in("revise, preferences,revise") == ("revise", "preferences")
    for text in ("", "haiku", "revise,haiku"):
        with pytest.raises(CasebackError, match="no form of training data"):
            forms_in(text)
