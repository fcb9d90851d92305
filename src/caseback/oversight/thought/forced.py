"""What is answered after a thought that is given, whole or in part."""

from collections.abc import Sequence

from caseback.chat import Chat, assistant, user
from caseback.errors import CasebackError
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Reply, Sampling

SAMPLING = Sampling(max_new_tokens=24)


def thought_tokens(subject: OpenSubject, chat: Chat, thought: str) -> list[int]:
    """A finished thinking section that stands after the chat, as tokens of its own template; empty thinking too.

    Raises:
        CasebackError: the model's template knows no thinking section.
    """
    format = subject.format
    if not format.thinks:
        raise CasebackError(f"{subject.name} has no thinking section: only models that think can be studied so")
    prompt = format.prompt(chat)
    given = thought or "-"
    shown = format.prompt([*chat, {**assistant("X"), "reasoning_content": given}]).text
    if format.tags[0] not in shown[len(prompt.text) :] or not shown.endswith("X"):
        raise CasebackError(f"the template of {subject.name} does not show the thinking of a message: it cannot be set")
    section = shown[len(prompt.text) : -1]
    if not thought:
        before, _, rest = section.partition(given)
        section = before + rest
    return list(subject.tokenizer(section, add_special_tokens=False).input_ids)


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
