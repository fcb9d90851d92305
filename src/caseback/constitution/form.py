"""The marks of our Markdown form, and how free text that looks like a mark is kept apart from one.

The form itself is described in ``docs/howto/constitution.md``. ``parse`` reads it and ``render`` writes it; both take
their marks from here. Text is *canonical* when it has one kind of line ending and no blank space around it: nothing
else about a text is changed by being written and read back.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from caseback.constitution.clause import Clause, Constitution, Example

HEADING = re.compile(r"(#{1,3})(?: (.*))?$", re.DOTALL)
REASON = "*Because*"
BRIEF, OVER, FAMILIES, MANNER = "Brief:", "Over:", "Situations:", "Manner:"
QUESTIONS, GOOD, BAD = "Questions:", "Good:", "Bad:"
FIELDS = (REASON, BRIEF, OVER, FAMILIES, MANNER, QUESTIONS, GOOD, BAD)
ID = re.compile(r"[^\s,]+")

_HEAD = re.compile(r"\A[\s\ufeff]+")  # at the head of a file U+FEFF would be taken for a byte order mark

_FENCE = re.compile(r"(?:(`{3,})[^`]*|(~{3,}).*)$", re.DOTALL)


def field_of(line: str) -> str | None:
    """The field mark that this line begins with, if it begins with one."""
    return next((field for field in FIELDS if line == field or line.startswith(field + " ")), None)


def fence_end(lines: Sequence[str], start: int) -> int | None:
    """Where the code fence that opens at ``lines[start]`` closes.

    Returns:
        The index of its closing line; ``start`` itself where that line opens none; None where it is never closed.
    """
    opening = _FENCE.match(lines[start])
    if not opening:
        return start
    fence: str = opening[1] or opening[2]
    for index in range(start + 1, len(lines)):
        closing = lines[index].rstrip(" ")
        if len(closing) >= len(fence) and closing == fence[0] * len(closing):
            return index
    return None


def escape(text: str) -> str:
    """The text with a backslash before every line that would be read as a mark. Closed code fences stay as they are."""
    lines, out, index = text.split("\n"), [], 0
    while index < len(lines):
        end = fence_end(lines, index)
        if end is not None and end > index:
            out += lines[index : end + 1]
            index = end + 1
            continue
        out.append("\\" + lines[index] if _is_mark(lines[index].lstrip("\\")) else lines[index])
        index += 1
    return "\n".join(out)


def unescape(line: str) -> str:
    """One line, outside a code fence, without the backslash that ``escape`` put before it."""
    return line[1:] if line.startswith("\\") and _is_mark(line.lstrip("\\")) else line


def _is_mark(line: str) -> bool:
    return bool(HEADING.match(line) or field_of(line) or _FENCE.match(line))


def canonical(constitution: Constitution) -> Constitution:
    """The constitution with its texts canonical, and without what only says where it was read (lines, source)."""
    return Constitution(
        title=_one_line(constitution.title),
        preamble=_text(constitution.preamble),
        clauses=tuple(_canonical_clause(clause) for clause in constitution.clauses),
    )


def _canonical_clause(clause: Clause) -> Clause:
    return replace(
        clause,
        text=_text(clause.text),
        reason=_text(clause.reason),
        brief=_one_line(clause.brief),
        examples=tuple(Example(_text(e.request), _text(e.reply), e.good, _one_line(e.note)) for e in clause.examples),
        questions=tuple(_text(question) for question in clause.questions),
        line=0,
    )


def _text(text: str) -> str:
    return _HEAD.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).rstrip()


def _one_line(text: str) -> str:
    return " ".join(text.split())
