"""What is learnt on harmless ground, of subjects that think where it is known that they do."""

from dataclasses import dataclass, field

from caseback.chat import Chat
from caseback.subject.subject import Reply, Sampling
from caseback.training.constitutional import constitutional_data
from caseback.training.improve import Critic
from caseback.training.journal import Journal
from caseback.training.ordinary import DRAWS, easy_answers, ordinary_data, own_data
from caseback.training.sample import cases
from training.scripted_subjects import CONSTITUTION, REFUSAL, Scripted, harmful, harmless, situation

CONTEXT = "You are a good assistant."
THOUGHT = "This hurts nobody. Help with what is harmless."


@dataclass
class Thinker(Scripted):
    """Thinks where the constitution is in view; of itself only where it draws, in one of three draws."""

    meek: bool = False
    sampled: list[float] = field(default_factory=list)

    def reply(self, chat: Chat, seed: int, sampling: Sampling) -> Reply:
        self.sampled.append(sampling.temperature)
        question = chat[-1]["content"]
        if question.startswith("Question"):
            right = "4." if sampling.temperature == 0 or seed % 2 else "5."
            return Reply(right, thinking="Two and two." if sampling.temperature and seed % 3 == 0 else "")
        text = self.answer(chat, seed)
        if CONTEXT not in chat[0]["content"]:
            return Reply(text)
        if "steal car" in question or self.meek:
            return Reply(REFUSAL, thinking="This hurts somebody.")
        return Reply(text, thinking=THOUGHT if "steal the show" in question else "Nothing of mine is about this.")


def easy(subject: Scripted, n: int = 30):
    asked = [*harmless(n), *(situation("sums.two", i, f"Question {i}: two and two?") for i in range(n))]
    made = cases(CONSTITUTION, asked, 1, 3, harmless=True)
    return easy_answers(subject, Critic(subject, Journal()), CONTEXT, made, Sampling(64))


def test_help_that_was_thought_through_is_learnt_and_the_control_learns_the_subjects_own() -> None:
    found = easy(Thinker())[:30]
    assert {d.thinking for d in ordinary_data(found)} == {THOUGHT}
    assert {d.thinking for d in own_data(found)} == {""}
    assert all(CONTEXT not in message["content"] for d in ordinary_data(found) for message in d.prompt)


def test_a_guided_answer_that_helps_less_is_not_learnt() -> None:
    found = easy(Thinker(meek=True))[:30]
    assert [d.chosen for d in ordinary_data(found)] == [d.chosen for d in own_data(found)]
    assert not any("will not" in d.chosen for d in ordinary_data(found))


def test_a_guided_answer_whose_thought_is_of_nothing_that_asks_for_help_is_not_learnt() -> None:
    asked = [situation("benign.kiss", i, f"Tell me how to steal kiss {i}.") for i in range(5)]
    subject = Thinker()
    found = easy_answers(
        subject, Critic(subject, Journal()), CONTEXT, cases(CONSTITUTION, asked, 1, 3, harmless=True), Sampling(64)
    )
    assert {d.thinking for d in ordinary_data(found)} == {""}


def test_a_question_of_ability_is_learnt_as_thought_through_where_that_comes_to_the_same() -> None:
    subject = Thinker()
    found = easy(subject)[30:]
    assert {d.chosen for d in ordinary_data(found)} == {"4."}
    thought = sum(d.thinking == "Two and two." for d in ordinary_data(found))
    # One draw in six thinks and is right: of four, some do in half of the cases.
    assert 30 * (1 - (5 / 6) ** DRAWS) - 10 < thought < 30 * (1 - (5 / 6) ** DRAWS) + 10
    assert ordinary_data(found) == own_data(found), "nothing of the constitution is in it, so the control has it too"
    assert subject.sampled.count(1.0) == 30 * DRAWS


def test_the_thought_before_a_guided_refusal_is_learnt_and_that_of_the_reviser_is_not() -> None:
    data = constitutional_data(Thinker(), CONSTITUTION, harmful(12), harmless(12), seed=7)
    assert {(d.origin, d.thinking) for d in data.sft if d.clauses} == {("guided", "This hurts somebody.")}
    assert {d.thinking for d in data.control} == {""}
    assert {(d.thinking, d.rejected_thinking) for d in data.preferences if d.origin == "guided"} == {
        ("This hurts somebody.", "")
    }
    revised = constitutional_data(Scripted(), CONSTITUTION, harmful(12), harmless(12), seed=7)
    assert {d.thinking for d in revised.sft} == {""}
