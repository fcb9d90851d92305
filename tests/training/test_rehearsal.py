"""Answers of an earlier model, learnt again: whose they are, and what the control gets instead."""

from dataclasses import replace

from caseback.subject.subject import Sampling
from caseback.training.constitutional import ConstitutionalData
from caseback.training.control import TOLERANCE
from caseback.training.datum import Datum
from caseback.training.improve import Critic
from caseback.training.journal import Journal
from caseback.training.rehearsal import with_rehearsal
from training.scripted_subjects import CONSTITUTION, REFUSAL, Scoring, harmless

NOTHING = ConstitutionalData([], [], [], [], {"notes": []})
EARLIER = Scoring(name="earlier", digest="e" * 64)


class Knows(Scoring):
    def answer(self, chat: object, seed: int) -> str:
        return "The earlier model knew it at once."


class Refuses(Scoring):
    """Refuses what has an even number."""

    def answer(self, chat: list[dict[str, str]], seed: int) -> str:  # type: ignore[override]
        even = int(chat[-1]["content"].rstrip(".")[-1]) % 2 == 0
        return REFUSAL if even else super().answer(chat, seed)  # type: ignore[arg-type]


def rehearsed(data: ConstitutionalData = NOTHING, earlier: Scoring = EARLIER, n: int = 40) -> ConstitutionalData:
    subject = Scoring(name="present", digest="p" * 64)
    critic = Critic(earlier, Journal())
    return with_rehearsal(data, critic, subject, CONSTITUTION, harmless(n), seed=0, sampling=Sampling(16, 0.5))


def words(data: list[Datum]) -> int:
    return sum(len(f"{row.chosen} {row.rejected}".split()) for row in data)


def test_the_earlier_models_answers_are_learnt_and_the_present_ones_are_the_controls() -> None:
    made = rehearsed(earlier=Knows(name="earlier", digest="e" * 64))
    assert len(made.sft) == 40
    assert {row.chosen for row in made.sft} == {"The earlier model knew it at once."}
    assert {row.generator for row in made.sft} == {"e" * 64 + "/plain"}
    assert {row.generator.split("/")[0] for row in made.control} == {"p" * 64}
    assert {row.origin for row in made.sft} == {"rehearsed"}
    assert {row.origin for row in made.control} == {"control"}
    assert not any(row.clauses for row in made.sft)
    assert made.preferences == []  # both help


def test_a_needless_refusal_of_the_earlier_model_is_not_learnt_again() -> None:
    """The earlier model refuses every other act; its critic knows a refusal where it sees one."""
    made = rehearsed(earlier=Refuses(name="earlier", digest="e" * 64))
    assert len(made.sft) == 20
    assert not any(row.chosen.startswith("I will not") for row in [*made.sft, *made.preferences])


def test_an_answer_is_preferred_to_a_needless_refusal_of_the_present_model() -> None:
    present = Refuses(name="present", digest="p" * 64)
    made = with_rehearsal(
        NOTHING, Critic(EARLIER, Journal()), present, CONSTITUTION, harmless(40), seed=0, sampling=Sampling(16, 0.5)
    )
    assert len(made.sft) == 40
    assert len(made.preferences) == 20
    assert all(row.rejected == REFUSAL and row.chosen.startswith("Here is how") for row in made.preferences)


def test_the_control_gets_as_many_tokens() -> None:
    made = rehearsed(earlier=Knows(name="earlier", digest="e" * 64))
    longest = max(words([row]) for row in made.control)
    assert abs(words(made.control) - words(made.sft)) <= max(TOLERANCE * words(made.sft), longest)


def test_where_nothing_else_is_learnt_the_models_own_good_answers_keep_it_up() -> None:
    own = Datum(({"role": "user", "content": "?"},), "Yes.", origin="plain", clauses=("no-harm",))
    made = rehearsed(replace(NOTHING, kept=[own]))
    assert own in made.sft
    assert own in made.control
    learnt = replace(own, origin="revised")
    assert own not in rehearsed(replace(NOTHING, sft=[learnt], kept=[own])).sft


def test_what_was_there_stays_and_the_report_counts_all_of_it() -> None:
    old = Datum(({"role": "user", "content": "?"},), "Yes.", origin="revised", clauses=("no-harm",))
    made = rehearsed(replace(NOTHING, sft=[old], control=[replace(old, origin="control", clauses=())]))
    assert old in made.sft
    assert made.report["sft"] == {"rehearsed": 40, "revised": 1}
    assert made.report["rehearsed"]["by"] == "e" * 64
    assert made.report["notes"] == []


def test_every_text_can_be_traced() -> None:
    made = rehearsed()
    kept = {text["digest"] for text in made.texts}
    parts = [*made.sft, *made.preferences, *made.control, *made.control_preferences]
    assert {digest for row in parts for digest in row.parents} <= kept


def test_without_questions_the_data_are_left_alone() -> None:
    assert rehearsed(n=0) is NOTHING
