"""Passages: the token sequences that two models are compared on, each with the family that it belongs to."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caseback.errors import CasebackError
from caseback.subject.context import context_length
from caseback.subject.open_subject import OpenSubject
from caseback.world.situation import Situation


@dataclass(frozen=True)
class Passage:
    """Tokens that both models read. ``family`` is what the passage is one case of, for tables and intervals."""

    id: str
    family: str
    ids: tuple[int, ...]


def prompts(subject: OpenSubject, situations: Sequence[Situation]) -> list[Passage]:
    """The situations as the subject is prompted with them, up to the token before its reply."""
    return [Passage(item.id, item.family, tuple(subject.format.prompt(item.messages).ids)) for item in situations]


def read_texts(subject: OpenSubject, path: Path, most: int = 200, tokens: int = 256) -> list[Passage]:
    """Passages from a file: one text a line, or JSON lines with ``text`` or ``messages``, and perhaps ``family``.

    Args:
        subject: whose tokenizer and chat template make tokens of them.
        path: the file, in UTF-8.
        most: lines read.
        tokens: the length that longer texts are cut to.

    Raises:
        CasebackError: the file cannot be read, a line is malformed, or there is no text in it.
    """
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()][:most]
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not UTF-8"
        raise CasebackError(f"{path}: no texts to read ({why}); give a text file, one text a line") from None
    found = []
    for number, line in enumerate(lines, start=1):
        ids, family = _tokens(subject, line, path, number)
        if ids:
            found.append(Passage(f"{path.name}:{number}", family, tuple(ids[:tokens])))
    if not found:
        raise CasebackError(f"{path}: empty; give a text file, one text a line")
    return found


def check_lengths(subject: OpenSubject, passages: Sequence[Passage]) -> None:
    """Refuse passages that the model has no room for.

    Raises:
        CasebackError: naming the longest.
    """
    limit = context_length(subject.model)
    longest = max(passages, key=lambda passage: len(passage.ids), default=None)
    if longest and limit and len(longest.ids) > limit:
        raise CasebackError(
            f"the passage {longest.id} has {len(longest.ids)} tokens, and {subject.name} reads {limit}: shorten it"
        )


def _tokens(subject: OpenSubject, line: str, path: Path, number: int) -> tuple[list[int], str]:
    if not path.suffix.lower().startswith(".json"):
        return list(subject.tokenizer(line).input_ids), "text"
    try:
        row: Any = json.loads(line)
        family = str(row.get("family", "text"))
        if "messages" in row:
            return subject.format.prompt(row["messages"]).ids, family
        return list(subject.tokenizer(row["text"]).input_ids), family
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CasebackError(
            f"{path}, line {number}: no text in it ({type(error).__name__}: {error}); each line needs text or messages"
        ) from None
