"""A teacher behind a real address on this machine: its cost, its thinking, its breaking off half-way."""

import json
from collections import Counter
from pathlib import Path

import pytest

from caseback.chat import assistant, user
from caseback.errors import CasebackError
from caseback.subject.closed import connect
from caseback.subject.load import load
from caseback.subject.subject import Sampling
from caseback.training.ask import ask
from caseback.training.constitutional import DataBudget
from caseback.training.forms.make import training_data
from caseback.training.journal import Journal
from models_for_tests import save_tiny
from server_for_tests import answer, problem, serving
from training.forms.authors import DOCUMENT, GOOD, Author, rule
from training.forms.test_preferences import Torn, better_of
from training.scripted_subjects import harmful, harmless

THOUGHT = {"role": "assistant", "content": "", "reasoning_content": "What do I hold?"}


def teacher_at(address: str, cache: Path | None = None, **settings):
    teacher = connect(address, "teacher", api_key="", cache=cache, **{"max_concurrency": 1, "retries": 0, **settings})
    teacher.first_delay = 0.01
    return teacher


def make(teacher, folder: Path, **changes):
    settings = {"seed": 3, "budget": DataBudget(texts=8), **changes}
    return training_data(
        ("stories",), Author(), DOCUMENT, harmful(8), harmless(8), teacher=teacher, cache=folder, **settings
    )


def test_a_teacher_that_stops_half_way_is_asked_for_the_rest_alone(tmp_path: Path) -> None:
    asked: Counter[str] = Counter()

    def behave(limit: int):
        def reply(number: int, body: dict):
            if number >= limit:
                return problem(503, "gone")
            asked[json.dumps([body["messages"], body["seed"]])] += 1
            return answer(GOOD.format(body["seed"]))

        return reply

    with serving(lambda number, body: behave.current(number, body)) as (address, seen):
        behave.current = behave(10)
        first = make(teacher_at(address), tmp_path)
        report = first.report["forms"]["stories"]
        assert report["accepted"]["k"] == 10
        assert report["turned_down"] == {"no answer": 14}
        assert "14 texts got no answer" in " ".join(first.report["notes"])
        refused = len(seen) - 10
        assert refused >= 14
        begun = len(seen)
        behave.current = behave(10**6)
        second = make(teacher_at(address), tmp_path)
        assert len(seen) - begun == 14
        again = make(teacher_at(address), tmp_path)
        assert len(seen) - begun == 14, "a third run asks for nothing"
    assert set(asked.values()) == {1}
    assert len(asked) == 24
    assert second.report["forms"]["stories"]["accepted"]["k"] == 24
    assert [d.digest for d in second.sft] == [d.digest for d in again.sft]
    assert len({(d.situation, d.chosen) for d in second.sft if d.origin == "story"}) == 24
    assert {d.digest for d in first.sft if d.origin == "story"} < {d.digest for d in second.sft}


def test_a_teacher_that_never_answers_is_one_line_and_keeps_what_there_was(tmp_path: Path) -> None:
    silent = serving(lambda number, body: problem(503, "gone"))
    with silent as (address, _), pytest.raises(CasebackError, match="has answered none of"):
        make(teacher_at(address), tmp_path)
    with serving(lambda number, body: answer(GOOD.format(number))) as (address, _):
        assert make(teacher_at(address), tmp_path).report["forms"]["stories"]["accepted"]["k"] == 24


def test_replies_kept_by_the_cache_are_not_paid_for_again_where_the_journal_lost_them(tmp_path: Path) -> None:
    with serving(lambda number, body: answer(GOOD.format(number))) as (address, seen):
        first = teacher_at(address, tmp_path / "teacher.sqlite", price=(1.0, 10.0))
        make(first, tmp_path)
        assert first.usage.cost == pytest.approx(24 * (7 * 1 + 2 * 10) / 1e6)
        (tmp_path / "journal.jsonl").unlink()
        second = teacher_at(address, tmp_path / "teacher.sqlite", price=(1.0, 10.0))
        make(second, tmp_path)
    assert second.usage.cost == 0.0
    assert second.usage.from_cache == 24
    assert len(seen) == 24


def test_an_unanswered_question_is_asked_again_and_an_answered_one_is_not(tmp_path: Path) -> None:
    with serving(lambda number, body: problem(500, "no") if number == 1 else answer(f"said {number}")) as (
        address,
        seen,
    ):
        teacher, chats = teacher_at(address), [[user(f"question {i}")] for i in range(3)]
        for expected in (["said 0", "", "said 2"], ["said 0", "said 3", "said 2"], ["said 0", "said 3", "said 2"]):
            journal = Journal(tmp_path / "journal.jsonl")
            texts = ask(teacher, "x", chats, Sampling(8), [0, 0, 0], journal)
            assert [text.text for text in texts] == expected
            assert [text.answered for text in texts] == [bool(text) for text in expected]
    assert len(seen) == 4


def test_thinking_is_begun_in_the_request_and_cut_from_the_reply(tmp_path: Path) -> None:
    replies = iter(["I hold this.</think>\n\nSo I say it.", "I never came to an end"])

    def behave(number: int, body: dict):
        text = next(replies)
        made = answer(text)
        if "</think>" not in text:
            data = json.loads(made.text)
            data["choices"][0]["finish_reason"] = "length"
            made.text = json.dumps(data)
        return made

    with serving(behave) as (address, seen):
        teacher = teacher_at(address)
        good, endless = teacher.generate([[user("Well?"), THOUGHT]] * 2, Sampling(9), seeds=[0, 1])
        assert seen[0]["body"]["messages"][-1] == {"role": "assistant", "content": "<think>\nWhat do I hold?"}
        assert seen[0]["body"]["continue_final_message"] is True
        assert seen[0]["body"]["add_generation_prompt"] is False
    assert (good.text, good.thinking) == ("So I say it.", "I hold this.")
    assert (endless.text, endless.finish) == ("", "length")


def test_a_reply_that_speaks_of_the_mark_is_left_whole_where_no_thinking_was_begun() -> None:
    with serving(lambda number, body: answer("Close it with </think> in the end.")) as (address, _):
        [reply] = teacher_at(address).generate([[user("How?"), assistant("Well")]])
    assert reply.text == "Close it with </think> in the end."


def test_thinking_is_begun_in_the_prompt_of_an_open_subject(tmp_path: Path) -> None:
    template = (
        "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>{{ opening }}{% endif %}"
    )
    for opening, expected in (("", "<think>\n"), ("<think>\n", "<think>\n"), ("<think>", "<think>")):
        folder = save_tiny(tmp_path / str(len(opening)), chat_template=template.replace("{{ opening }}", opening))
        prompt = load(str(folder)).format.prompt([user("Well?"), THOUGHT])
        assert prompt.text == f"<|user|>Well?<|end|><|assistant|>{expected}What do I hold?"
        assert prompt.thinking
    bare = load(str(save_tiny(tmp_path / "bare", chat_template=None)))
    with pytest.raises(CasebackError, match="no thinking section"):
        bare.generate([[user("Well?"), THOUGHT]])


def test_a_judge_behind_an_address_chooses_in_words(tmp_path: Path) -> None:
    def judge(number: int, body: dict):
        text = body["messages"][-1]["content"]
        return answer(better_of(text) if "Which answer" in text else rule(text))

    with serving(judge) as (address, seen):
        data = training_data(
            ("preferences",), Torn(), DOCUMENT, harmful(12), harmless(12), seed=7, critic=teacher_at(address)
        )
    report = data.report["forms"]["preferences"]
    assert report["judge_gives"] == "words"
    assert report["outcomes"]["preferred"] == len(data.preferences) > 4
    assert len(seen) == 2 * sum(sum(row.values()) for row in report["clauses"].values())
