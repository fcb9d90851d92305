"""The tokenizer: any text in and out, and conversations encoded just as the chat template has them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.world.lessons import lesson
from caseback.world.spec import WORLD_A
from caseback.world.tokens import encode, train_tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    texts = [m["content"] for i in range(400) for m in lesson(i, WORLD_A, 0)[1]]
    return train_tokenizer(texts, 1024)


@settings(max_examples=200, deadline=None)
@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(tokenizer: Any, text: str) -> None:
    ids = tokenizer.encode(text, add_special_tokens=False)
    assert tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False) == text


def test_lessons_are_encoded_as_the_template_has_them(tokenizer: Any) -> None:
    lessons = [lesson(i, WORLD_A, 1)[1] for i in range(200)]
    for (ids, counted), chat in zip(encode(tokenizer, lessons), lessons, strict=True):
        assert ids == tokenizer.apply_chat_template(chat, tokenize=True, return_dict=False)
        said = tokenizer.decode([t for t, c in zip(ids, counted, strict=True) if c])
        last = chat[-1]
        assert said.endswith(last["content"] + "<|end|>")
        assert last["content"] in said


def test_the_prompt_is_where_the_loss_begins(tokenizer: Any) -> None:
    chat = [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Yes.", "reasoning_content": ""}]
    ((ids, counted),) = encode(tokenizer, [chat])  # type: ignore[list-item]
    prompt = tokenizer.apply_chat_template(
        chat[:1], add_generation_prompt=True, enable_thinking=False, return_dict=False
    )
    assert ids[: len(prompt)] == prompt
    assert not any(counted[: len(prompt)])
    assert all(counted[len(prompt) :])


def test_thinking_can_be_opened(tokenizer: Any) -> None:
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Hi."}], add_generation_prompt=True, enable_thinking=True, tokenize=False
    )
    assert text.endswith("<|assistant|><think>")
