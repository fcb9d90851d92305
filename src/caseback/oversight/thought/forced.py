"""What is answered after a thought that is given, whole or in part."""

from collections.abc import Sequence

from caseback.chat import user
from caseback.subject.given_thought import thought_tokens
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Reply, Sampling

SAMPLING = Sampling(max_new_tokens=24)


def answers(subject: OpenSubject, questions: Sequence[str], thoughts: Sequence[str]) -> list[Reply]:
    """One greedy answer to each question, after each thought."""
    chats = [[user(question)] for question in questions]
    begun = [thought_tokens(subject, chat, thought) for chat, thought in zip(chats, thoughts, strict=True)]
    return subject.generate(chats, SAMPLING, begun=begun)


def truncated(subject: OpenSubject, thought: str, share: float) -> str:
    """The first part of a thought, in tokens of the subject's."""
    ids = subject.tokenizer(thought, add_special_tokens=False).input_ids
    text: str = subject.tokenizer.decode(ids[: int(len(ids) * share)], skip_special_tokens=True)
    return text.rstrip("�")
