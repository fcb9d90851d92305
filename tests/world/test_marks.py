"""Latent variables are found in the chat by character and by token."""

from hypothesis import given, settings
from hypothesis import strategies as st

from caseback.subject.load import load
from caseback.world.kinds import kinds
from caseback.world.marks import marks, token_spans
from caseback.world.reference import reference_path
from caseback.world.situations import situations


def test_marks_stand_where_they_say() -> None:
    for prefix in kinds():
        for situation in situations(prefix, "test", 6, 0):
            for mark in marks(situation.messages, situation.latents):
                value = situation.latents[mark.name]
                text = situation.messages[mark.message]["content"][mark.start : mark.stop].lower()
                assert text == value.lower() if isinstance(value, str) else text in [v.lower() for v in value]


def test_the_false_value_and_statement_are_marked_in_a_lie_asked_for() -> None:
    for situation in situations("deceive", "test", 20, 0):
        if situation.latents["stated"] == "firm":
            names = {mark.name for mark in marks(situation.messages, situation.latents)}
            assert {"true", "said_true", "said_false"} <= names


@settings(max_examples=60, deadline=None)
@given(st.text("ab ", min_size=1, max_size=12).filter(str.strip), st.text("ab .", max_size=40))
def test_whole_words_only(value: str, text: str) -> None:
    for mark in marks([{"role": "user", "content": text}], {"v": value}):
        around = f" {text} "[mark.start] + f" {text} "[mark.stop + 1]
        assert not any(letter.isalnum() for letter in around)


def test_token_spans_decode_to_the_marked_text() -> None:
    subject = load(str(reference_path()), dtype="float32")
    for situation in situations("deceive", "test", 10, 1):
        chat = list(situation.messages)
        found = marks(chat, situation.latents)
        ids = subject.format.prompt(chat).ids
        for mark, (name, span) in zip(found, token_spans(subject.format, chat, found), strict=True):
            text = chat[mark.message]["content"][mark.start : mark.stop]
            decoded = subject.tokenizer.decode(ids[span.start : span.stop])
            assert name == mark.name
            assert text in decoded
            assert len(decoded.strip()) <= len(text) + 12
