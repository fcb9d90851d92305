"""Templates, the plain form, system roles, thinking, ends of turn."""

from dataclasses import replace

import pytest

from caseback.chat import assistant, system, user
from caseback.errors import CasebackError
from caseback.subject.chat_format import chat_format
from caseback.subject.stops import Ends, cut, held_back
from models_for_tests import CHAT_TEMPLATE, tiny_tokenizer

NO_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    + CHAT_TEMPLATE
)
ALTERNATING = (
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}{% endfor %}" + CHAT_TEMPLATE
)
OPENS_THINKING = CHAT_TEMPLATE + "{% if add_generation_prompt and enable_thinking is not false %}<think>\n{% endif %}"


def format_of(template=CHAT_TEMPLATE, **options):
    return replace(chat_format(tiny_tokenizer(template), frozenset()), options=options)


def test_template_is_used_with_one_beginning_of_text():
    made = format_of()
    prompt = made.prompt([system("be kind"), user("hello")])
    assert prompt.text == "<|bos|><|system|>be kind<|end|><|user|>hello<|end|><|assistant|>"
    assert prompt.ids.count(made.tokenizer.bos_token_id) == 1
    assert made.has_template
    assert made.has_system_role
    assert made.stops == ()


def test_last_assistant_message_is_continued():
    assert format_of().prompt([user("hello"), assistant("Dear")]).text.endswith("<|assistant|>Dear")
    assert format_of(None).prompt([user("hello"), assistant("Dear")]).text == "User: hello\n\nAssistant: Dear"


def test_plain_form_without_a_template():
    made = format_of(None)
    chat = [system("Be kind."), user("hello"), assistant("hi"), user("bye")]
    assert made.prompt(chat).text == "Be kind.\n\nUser: hello\n\nAssistant: hi\n\nUser: bye\n\nAssistant:"
    assert not made.has_template
    assert made.stops == ("\nUser:",)
    assert made.split(" so be it \n", False) == ("", "so be it")


def test_system_text_goes_to_the_user_where_there_is_no_system_role():
    made = format_of(NO_SYSTEM)
    assert not made.has_system_role
    assert made.prompt([system("be kind"), user("hello")]).text == (
        "<|bos|><|user|>be kind\n\nhello<|end|><|assistant|>"
    )
    silent = format_of(
        CHAT_TEMPLATE.replace(
            "{% for message in messages %}", "{% for message in messages if message['role'] != 'system' %}"
        )
    )
    assert "be kind" in silent.prompt([system("be kind"), user("hello")]).text


def test_turns_are_joined_where_they_must_alternate():
    text = format_of(ALTERNATING).prompt([user("one"), user("two")]).text
    assert "<|user|>one\n\ntwo<|end|>" in text


@pytest.mark.parametrize("chat", [[], [{"role": "wizard", "content": "x"}], [{"role": "user", "content": None}]])
def test_chats_that_are_none_are_refused(chat):
    with pytest.raises(CasebackError):
        format_of().prompt(chat)


def test_a_template_that_refuses_is_named():
    with pytest.raises(CasebackError, match=r"template refuses.*user.*: no thanks"):
        format_of("{{ raise_exception('no thanks') }}").prompt([user("hello")])


def test_thinking_is_set_apart():
    made = format_of()
    assert made.split("<think>why\n</think>\n\nbecause<|end|>", False) == ("why", "because")
    assert made.split("well <think>why</think> because", False) == ("why", "well  because")
    assert made.split("<think>never closed", False) == ("never closed", "")
    assert made.split("why</think>because", True) == ("why", "because")
    assert made.split("why</think>because", False) == ("why", "because")
    assert made.split("no thinking at all", False) == ("", "no thinking at all")


def test_a_prompt_that_opens_the_thinking_is_noticed():
    assert format_of(OPENS_THINKING).prompt([user("hello")]).thinking
    assert not format_of(OPENS_THINKING, enable_thinking=False).prompt([user("hello")]).thinking
    assert not format_of().prompt([user("hello")]).thinking


def test_earlier_thinking_is_given_to_templates_that_take_it():
    turn = {"role": "assistant", "content": "4", "reasoning_content": "2+2"}
    assert "<think>2+2</think>4" in format_of().prompt([user("2+2?"), turn, user("sure?")]).text


def test_other_marks_of_thinking_are_known():
    made = format_of(CHAT_TEMPLATE.replace("<think>", "[THINK]").replace("</think>", "[/THINK]"))
    assert made.split("[THINK]why[/THINK]because", False) == ("why", "because")


def test_end_of_turn_of_the_template_ends_a_reply():
    tokenizer = tiny_tokenizer(CHAT_TEMPLATE.replace("{{ eos_token }}", "<|pad|>"))
    made = chat_format(tokenizer, frozenset({99}))
    assert made.end_ids == {99, tokenizer.eos_token_id, tokenizer.pad_token_id}


def test_stop_strings_are_found_across_tokens_and_characters():
    tokenizer = tiny_tokenizer(None)
    for stop in ("\nUser:", "日本", " x ", "é"):
        ends = Ends(tokenizer, frozenset(), (stop,))
        tokens = tokenizer(f"before{stop}after", add_special_tokens=False).input_ids
        first = next(i for i in range(1, len(tokens) + 1) if ends(tokens[:i]))
        assert stop in tokenizer.decode(tokens[:first])
        assert stop not in tokenizer.decode(tokens[: first - 1])
    assert not Ends(tokenizer, frozenset({2}), ("zzz",))([5, 6, 7])
    assert Ends(tokenizer, frozenset({2}), ())([5, 2])


def test_cut_and_held_back():
    assert cut("one stop two end", ("end", "stop")) == "one "
    assert cut("nothing", ("stop",)) == "nothing"
    assert held_back("text\nUs", ("\nUser:",)) == 3
    assert held_back("text", ("\nUser:",)) == 0
    assert held_back("half �", ()) == 1
    assert held_back("a<", ("<think>", "</think>")) == 1
