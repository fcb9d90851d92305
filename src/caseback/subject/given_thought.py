"""A thinking section that is given to a model rather than thought by it."""

from caseback.chat import Chat, assistant
from caseback.errors import CasebackError
from caseback.subject.open_subject import OpenSubject


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
