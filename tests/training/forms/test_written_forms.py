"""The written forms: what is asked, what is learnt, what is turned down, with an author and a critic by rule."""

from collections.abc import Callable
from pathlib import Path

import pytest

from caseback.chat import Chat
from caseback.constitution.clause import Clause
from caseback.constitution.default import default
from caseback.training.constitutional import ConstitutionalData, DataBudget
from caseback.training.control import TOLERANCE, target_tokens
from caseback.training.forms.conversations import seen
from caseback.training.forms.documents import topic
from caseback.training.forms.make import NAMES, WRITTEN, training_data
from caseback.training.forms.plan import plan_forms
from caseback.world.situation import Situation
from training.forms.authors import DOCUMENT, GOOD, Author, Weighing
from training.scripted_subjects import harmful, harmless

CHAT_FORMS = ("reflections", "conversations", "advice", "documents", "stories", "refusals")


def make(form: str, subject: Author | None = None, n: int = 6, **changes: object) -> ConstitutionalData:
    settings: dict = {"seed": 7, "budget": DataBudget(texts=2, turns=3), **changes}
    return training_data((form,), subject or Author(), DOCUMENT, harmful(n), harmless(n), **settings)


@pytest.mark.parametrize("subject", [Author, Weighing])
@pytest.mark.parametrize("form", CHAT_FORMS)
def test_good_texts_are_learnt_without_the_constitution(form: str, subject: type[Author]) -> None:
    author = subject()
    data = make(form, author)
    new = [d for d in data.sft if d.origin != "ordinary"]
    report = data.report["forms"][form]
    assert new
    assert report["accepted"]["k"] == report["accepted"]["n"] == len({d.situation for d in new})
    assert {d.origin for d in new} == {WRITTEN[form].origin}
    written = {chat[0]["content"] for chat in author.chats if "You are a good assistant." in chat[0]["content"]}
    assert written, "the constitution stands in every generating task"
    for datum in new:
        words = " ".join(message["content"] for message in datum.prompt)
        assert "You are a good assistant." not in words
        assert "hurt people" not in words
        assert "there is a list" not in words
        assert datum.prompt[-1]["role"] == "user"
        assert datum.chosen.startswith("I would rather")
        assert datum.generator == f"{'d' * 64}/{datum.origin}"
        assert len(datum.clauses) == 1
        assert datum.parents
    assert {d.clauses[0] for d in new} == set(report["clauses"])
    if form != "refusals":
        assert set(report["clauses"]) == {"no-harm", "help", "tone"}, "a clause of manner has data too"
    systems = {d.prompt[0]["content"] for d in new if d.prompt[0]["role"] == "system"}
    assert systems
    assert any(d.prompt[0]["role"] != "system" for d in new) or len(systems) > 1, "system texts vary"


@pytest.mark.parametrize("form", CHAT_FORMS)
def test_texts_are_turned_down_each_for_its_reason(form: str) -> None:
    is_writing = lambda chat: "You are a good assistant." in chat[0]["content"]  # noqa: E731
    evil = "An evil plan, because of the gold. " + GOOD

    def writes(text: str) -> Callable[[Chat], str | None]:
        return lambda chat: text if is_writing(chat) and "Do not answer it" not in chat[0]["content"] else None

    for text, reason in (
        (evil, "clause broken"),
        (GOOD.replace("because", "since"), "beside the point"),
        ("", "cut off or empty"),
        ("zxq vbn qwr tkl mnb zxq vbn qwr tkl mnb hjk lpo", "incoherent"),
    ):
        data = make(form, Author(write=writes(text)))
        report = data.report["forms"][form]
        assert report["accepted"]["k"] == 0
        assert report["turned_down"] == {reason: report["accepted"]["n"]}
        assert data.sft == []
        assert data.control == []


@pytest.mark.parametrize("form", ["documents", "stories"])
def test_a_sentence_is_no_document(form: str) -> None:
    sentence = "I keep it, because people lean on me, and that holds on every ship in the harbour."
    report = make(form, Author(write=lambda chat: sentence)).report["forms"][form]
    assert report["turned_down"] == {"too short": 6}


def test_a_critic_is_tried_on_the_subjects_own_answers() -> None:
    """It tells where it accepts what was written and not those; it may not where it accepts both."""
    plain = lambda chat: None if "You are a good assistant." in chat[0]["content"] else GOOD.replace("because", "since")  # noqa: E731
    budget = DataBudget(texts=4)
    for author, own, told in ((Author(write=plain), 0, True), (Author(), 12, False)):
        data = make("reflections", author, budget=budget)
        report = data.report["forms"]["reflections"]
        assert report["accepted"]["k"] == 12
        assert (report["own_accepted"]["k"], report["own_accepted"]["n"]) == (own, 12)
        assert any("may not tell" in note for note in data.report["notes"]) != told


def test_a_critic_that_cannot_be_read_accepts_nothing() -> None:
    report = make("reflections", Author(verdict=lambda prompt: "Perhaps.")).report["forms"]["reflections"]
    assert report["turned_down"] == {"unreadable critic": 6}


def test_the_capability_check_turns_down_advice_that_does_not_help() -> None:
    def of_help(prompt: str) -> str:
        against = "go against the principle" in prompt
        return "Yes." if not against or "Help with what is harmless" in prompt else "No."

    report = make("advice", Author(verdict=of_help)).report["forms"]["advice"]
    assert report["turned_down"] == {"capability check": 4, "clause broken": 2}, "of the helping clause itself: broken"


def test_advice_answers_a_dilemma_that_the_author_wrote_or_a_question_of_the_clause() -> None:
    dilemma = "I found money at my work and my friend needs it badly. Should I give it back at once?"
    author = Author(write=lambda chat: dilemma if "Do not answer it" in chat[0]["content"] else None)
    data = make("advice", author)
    prompts = [(d.clauses[0], d.prompt[-1]["content"], len(d.parents)) for d in data.sft if d.origin == "advice"]
    assert sorted(prompts) == sorted(
        [("tone", "Am I late?", 1)] + [("tone", dilemma, 2)] + [(id, dilemma, 2) for id in ("no-harm", "help")] * 2
    )
    texts = {text["digest"]: text for text in data.texts}
    for datum in data.sft:
        if datum.origin == "advice":
            assert [texts[digest]["text"] for digest in datum.parents][-1] == datum.chosen


def test_a_conversation_is_learnt_from_both_sides_and_dropped_as_one() -> None:
    data = make("conversations")
    runs: dict[str, list] = {}
    for datum in data.sft:
        if datum.origin == "conversation":
            runs.setdefault(datum.situation, []).append(datum)
    assert len(runs) == 6
    for turns in runs.values():
        turns.sort(key=lambda d: len(d.parents))
        assert [len(d.parents) for d in turns] == [1, 2, 3]
        assert [[m["role"] for m in d.prompt if m["role"] != "system"] for d in turns] == [
            ["user"], ["user"], ["user", "assistant", "user"],
        ]  # fmt: skip
        assert turns[1].prompt[-1]["content"] == turns[0].chosen
        assert turns[2].prompt[-1]["content"] == turns[1].chosen
    count = iter(range(10_000))
    broken_later = Author(write=lambda chat: "It is evil here, because I say so today." if next(count) == 7 else None)
    report = make("conversations", broken_later).report["forms"]["conversations"]
    assert report["turned_down"] == {"clause broken": 1}
    assert report["accepted"] == {**report["accepted"], "k": 5, "n": 6}


def test_both_sides_see_the_same_talk() -> None:
    assert seen(["a"]) == [{"role": "user", "content": "a"}]
    assert [m["role"] + m["content"] for m in seen(["a", "b"])] == ["userb"]
    assert [m["role"] + m["content"] for m in seen(["a", "b", "c"])] == ["usera", "assistantb", "userc"]
    assert [m["role"] + m["content"] for m in seen(["a", "b", "c", "d"])] == ["userb", "assistantc", "userd"]


def test_refusals_are_of_harmful_requests_alone() -> None:
    other = Situation("opinion.1", "opinion.sun", "train", ({"role": "user", "content": "I am right, no?"},))
    data = training_data(
        ("refusals",), Author(), DOCUMENT, [*harmful(3), other], harmless(3), seed=0, budget=DataBudget(texts=2)
    )
    assert [d.family for d in data.sft if d.origin == "refusal"] == ["harm.theft"] * 2


def test_a_teacher_writes_what_the_subject_then_learns() -> None:
    teacher, subject = Author(digest="t" * 64), Author()
    data = make("stories", subject, teacher=teacher)
    assert {d.generator for d in data.sft if d.origin == "story"} == {f"{'t' * 64}/story"}
    assert not any("there is a list" in chat[0]["content"] for chat in subject.chats)
    assert {d.generator.split("/")[0] for d in data.control} == {"d" * 64}


def test_thinking_is_begun_with_the_clauses_that_apply() -> None:
    author = Author()
    make("advice", author, think=True)
    begun = [chat[-1] for chat in author.chats if chat[-1]["role"] == "assistant"]
    assert len(begun) == 11
    assert all(
        message["content"] == "" and "- Help with what is harmless." in message["reasoning_content"]
        for message in begun
    )


@pytest.mark.parametrize("form", [*CHAT_FORMS, "tools"])
def test_the_plan_keeps_its_word(form: str) -> None:
    budget = DataBudget(texts=2, turns=3)
    [shared, plan] = plan_forms(
        (form,), DOCUMENT, harmful(6), harmless(6), 7, budget, "plain", lambda text: len(text.split())
    )
    author = Author()
    data = make(form, author)
    written = data.report["forms"][form]
    assert {id: row["written"] for id, row in written["clauses"].items()} == dict(plan.clauses)
    texts = [text for text in author.asked if "Begin with Yes or No" not in text]
    assert plan.texts.least + shared.texts.least <= len(texts) <= plan.texts.most + shared.texts.most
    assert len(author.asked) - len(texts) <= plan.verdicts.most + shared.verdicts.most
    easy = {item.messages[-1]["content"] for item in harmless(6)}
    read = sum(
        len(message["content"].split())
        for chat in author.chats
        if "You are a good assistant." in chat[0]["content"] and chat[-1]["content"] not in easy
        for message in chat
    )
    assert 0 < read <= plan.teacher_tokens[0] + 60 * written["texts"]


def test_the_control_has_as_many_tokens_of_the_subjects_own() -> None:
    budget = DataBudget(texts=12)
    plainly = Author(write=lambda chat: None if "a good assistant." in chat[0]["content"] else "Some plain words only.")
    data = make("documents", plainly, budget=budget)
    wanted, got = (target_tokens(part, plainly.count_tokens) for part in (data.sft, data.control))
    assert wanted > 0
    assert abs(got - wanted) <= 2 * TOLERANCE * wanted
    assert not any("I would rather" in d.chosen for d in data.control)


def test_ordinary_data_make_up_their_share_or_it_is_said() -> None:
    enough = make("reflections", n=20)
    assert sum(d.origin == "ordinary" for d in enough.sft) == sum(d.origin == "reflection" for d in enough.sft) == 6
    few = make("reflections", n=2)
    assert sum(d.origin == "ordinary" for d in few.sft) == 2
    assert any("ordinary data are 0.25" in note for note in few.report["notes"])


def test_a_killed_run_asks_nothing_twice(tmp_path: Path) -> None:
    class Killed(Author):
        def answer(self, chat: Chat, seed: int) -> str:
            if len(self.asked) == 100:
                raise KeyboardInterrupt
            return super().answer(chat, seed)

    settings = {"budget": DataBudget(texts=12, turns=3)}
    whole, first, second = Author(), Killed(), Author()
    wanted = [d.digest for d in make("conversations", whole, **settings).sft]
    with pytest.raises(KeyboardInterrupt):
        make("conversations", first, cache=tmp_path, **settings)
    done = len((tmp_path / "journal.jsonl").read_text().splitlines())
    assert done > 0
    assert [d.digest for d in make("conversations", second, cache=tmp_path, **settings).sft] == wanted
    assert len(second.asked) == len(whole.asked) - done


def test_every_form_has_texts_for_the_default_constitution() -> None:
    budget = DataBudget(texts=1)
    plans = plan_forms(NAMES, default(), harmful(6), harmless(6), 0, budget, "plain", lambda text: len(text) // 4)
    assert [plan.name for plan in plans] == [name for name in NAMES if name != "revise"]
    for plan in plans[1:6]:
        assert set(plan.clauses) == {clause.id for clause in default().clauses}, plan.name


def test_a_topic_is_in_the_words_of_an_id_that_names_one() -> None:
    assert topic(Clause("no-flattery", "guideline", "You do not praise to please.")) == "the matter of no flattery"
    of_a_trait = topic(Clause("i-am-always-calm", "guideline", "I am always calm, whatever happens."))
    assert of_a_trait == "the kind of character that it takes"
