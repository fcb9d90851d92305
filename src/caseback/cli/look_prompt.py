"""Prompts that ``caseback look`` computes on as they stand, token by token."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from caseback.cli.models import load_named
from caseback.errors import CasebackError

if TYPE_CHECKING:  # torch and its kin are loaded only where they are needed
    from caseback.subject.open_subject import OpenSubject

Model = Annotated[str, typer.Argument(help="Model folder or hub id; [cyan]ref-base[/] for the embedded one.")]
Begun = Annotated[str, typer.Option(help="How the reply begins; what comes next is explained.")]
Raw = Annotated[bool, typer.Option("--raw", help="Take the prompt as plain text, without the chat template.")]
Thinking = Annotated[
    bool, typer.Option("--thinking/--no-thinking", help="Leave the thinking section open, where there is one.")
]


def load_in_float32(model: str, thinking: bool = True) -> "OpenSubject":
    """The subject in float32 whatever its weights are stored in, for what is found is sums of many small terms; its
    thinking section closed unless it is to stay open."""
    subject = load_named(model, dtype="float32")
    if not thinking:
        subject.template_options = {"enable_thinking": False, "thinking": False}
    return subject


def ids_of(subject: "OpenSubject", prompt: str, begun: str, raw: bool) -> list[int]:
    """The tokens of a prompt, and of how its reply begins."""
    if raw:
        return list(subject.tokenizer(prompt + begun).input_ids)
    made = subject.format.prompt([{"role": "user", "content": prompt}])
    return [*made.ids, *(subject.continuation_ids(made, begun) if begun else [])]


def first_token(subject: "OpenSubject", ids: list[int], text: str) -> int:
    """The first token of a text as it would follow the prompt."""
    before = subject.tokenizer.decode(ids)
    together = subject.tokenizer(before + text, add_special_tokens=False).input_ids
    found = together[len(ids) :] if together[: len(ids)] == ids else []
    found = found or subject.tokenizer(text, add_special_tokens=False).input_ids
    if not found:
        raise CasebackError(f"{text!r} has no token, so it has no logit: give a word to tell answers by")
    return int(found[0])


def slug_of(prompt: str) -> str:
    """A prompt as the name of a file."""
    return re.sub(r"[^a-z0-9]+", "-", prompt.lower()).strip("-")[:60] or "graph"
