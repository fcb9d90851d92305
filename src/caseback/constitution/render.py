"""Writes a constitution: in full, in our Markdown form, and compact, to stand whole in a system prompt."""

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from caseback.constitution.clause import TIERS, Clause, Constitution, Tier
from caseback.constitution.form import (
    BAD,
    BRIEF,
    FAMILIES,
    GOOD,
    ID,
    MANNER,
    OVER,
    QUESTIONS,
    REASON,
    canonical,
    escape,
    fence_end,
)
from caseback.errors import CasebackError

_SENTENCE_END = re.compile(r"(?<!\be\.g\.)(?<!\bi\.e\.)(?<=[.!?])[\"'”’)\]]*\s+")


@dataclass(frozen=True)
class Compact:
    """A compact rendering: its text, and the ids of the clauses that are in it and of those left out for length."""

    text: str
    included: tuple[str, ...]
    left_out: tuple[str, ...]


def full(constitution: Constitution) -> str:
    """The constitution in our Markdown form; ``parse`` reads back what ``form.canonical`` gives for it.

    Raises:
        CasebackError: an id of a clause, of precedence or of a family holds a space or comma, which the form cannot
            say.
    """
    constitution = canonical(constitution)
    paragraphs = [f"# {constitution.title}"] if constitution.title else []
    paragraphs += [escape(constitution.preamble)] if constitution.preamble else []
    tier: Tier | None = None
    for clause in constitution.clauses:
        if clause.tier != tier:
            tier = clause.tier
            paragraphs.append(f"## {tier.capitalize()}")
        paragraphs += _clause(clause)
    return "\n\n".join(paragraphs) + "\n" if paragraphs else ""


def compact(constitution: Constitution, count_tokens: Callable[[str], int], limit: int = 400) -> Compact:
    """The preamble's first two sentences, then ``- brief`` for each clause: what a model keeps in mind at work.

    Where that is longer than ``limit``, clauses are left out, of the lowest tier first, the last of it first.

    Args:
        constitution: the document.
        count_tokens: how many tokens of the model's tokenizer a text takes.
        limit: tokens the text may take.

    Raises:
        CasebackError: not even the opening fits.
    """
    clauses = constitution.clauses
    ranked = sorted(range(len(clauses)), key=lambda index: (TIERS.index(clauses[index].tier), index))

    def text_of(n: int) -> str:
        lines = [f"- {short(clauses[index])}" for index in sorted(ranked[:n])]
        return "\n".join([line for line in [opening_line(constitution)] if line] + lines)

    # The largest n of clauses that fits, by bisection: a text with one clause more is never shorter.
    n = bisect_right(range(len(clauses) + 1), limit, key=lambda n: count_tokens(text_of(n))) - 1
    if n < 0:
        raise CasebackError(
            f"{constitution.source or 'constitution'}: its opening alone takes {count_tokens(text_of(0))} tokens and "
            f"{limit} are allowed; begin the preamble with a shorter sentence"
        )
    included, left_out = sorted(ranked[:n]), sorted(ranked[n:])
    return Compact(text_of(n), tuple(clauses[i].id for i in included), tuple(clauses[i].id for i in left_out))


def short(clause: Clause) -> str:
    """The clause in one line: its brief wording, or else the first sentence of its text."""
    return " ".join((clause.brief or first_sentences(clause.text, 1)).split())


def opening_line(constitution: Constitution) -> str:
    """The first two sentences of the preamble's first paragraph, in one line."""
    return first_sentences(constitution.preamble.strip().split("\n\n")[0], 2)


def first_sentences(text: str, n: int) -> str:
    """The first ``n`` sentences of the text's first paragraph, in one line."""
    line = " ".join(text.strip().split("\n\n")[0].split())
    ends = [match.start() + len(match[0].rstrip()) for match in _SENTENCE_END.finditer(line)]
    return line[: ends[n - 1]] if len(ends) >= n else line


def sentences_of(text: str) -> list[str]:
    """The sentences of the text's first paragraph, each in one line."""
    line = " ".join(text.strip().split("\n\n")[0].split())
    starts = [0, *(match.end() for match in _SENTENCE_END.finditer(line))]
    return [part.strip() for start, end in pairwise([*starts, len(line)]) if (part := line[start:end]).strip()]


def estimate_tokens(text: str) -> int:
    """About how many tokens a small vocabulary (4,096) takes for English, where no tokenizer is at hand."""
    words, marks = re.findall(r"\w+", text), re.findall(r"[^\w\s]|\n", text)
    return round(1.3 * len(words)) + len(marks)


def _clause(clause: Clause) -> list[str]:
    """The paragraphs of one canonical clause."""
    for name in (clause.id, *clause.over, *clause.families, *clause.manner):
        if not ID.fullmatch(name):
            raise CasebackError(f"clause '{clause.id}': the name '{name}' holds a space or comma; write it without")
    paragraphs = [f"### {clause.id}"]
    if clause.text:
        paragraphs.append(escape(clause.text))
    if clause.reason:
        paragraphs.append(_reason(clause.reason))
    if clause.brief:
        paragraphs.append(f"{BRIEF} {clause.brief}")
    if clause.over:
        paragraphs.append(f"{OVER} {', '.join(clause.over)}")
    if clause.families:
        paragraphs.append(f"{FAMILIES} {', '.join(clause.families)}")
    if clause.manner:
        paragraphs.append(f"{MANNER} {', '.join(clause.manner)}")
    if clause.questions:
        paragraphs += [QUESTIONS, "\n".join(_item(question) for question in clause.questions)]
    for example in clause.examples:
        mark = GOOD if example.good else BAD
        paragraphs.append(f"{mark} {example.note}" if example.note else mark)
        paragraphs.append(_item(f"User: {example.request}") + "\n" + _item(f"Assistant: {example.reply}"))
    return paragraphs


def _reason(reason: str) -> str:
    """The reason after its mark; on lines of its own where it begins with a code fence."""
    lines = reason.split("\n")
    if fence_end(lines, 0) == 0:
        return f"{REASON} " + "\n".join([lines[0], *([escape("\n".join(lines[1:]))] if lines[1:] else [])])
    return f"{REASON}\n\n{escape(reason)}"


def _item(text: str) -> str:
    """A list item; its further lines are indented, so that nothing in it can be taken for a mark."""
    first, *rest = text.split("\n")
    return "\n".join([f"- {first}", *(f"  {line}" if line else "" for line in rest)])
