"""Reads our Markdown form, described in ``docs/howto/constitution.md``."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from caseback.constitution.clause import TIERS, Clause, Constitution, Example, Tier
from caseback.constitution.form import (
    BRIEF,
    FAMILIES,
    FIELDS,
    GOOD,
    HEADING,
    ID,
    MANNER,
    OVER,
    QUESTIONS,
    REASON,
    fence_end,
    field_of,
    unescape,
)
from caseback.errors import CasebackError

_ONE_LINE = (BRIEF, OVER, FAMILIES, MANNER)


@dataclass
class _Open:
    """A clause while its lines come in: ``parts`` holds per field the lines read so far, the text under ''."""

    id: str
    tier: Tier
    line: int
    parts: dict[str, list[str]] = field(default_factory=lambda: {"": []})
    examples: list[Example] = field(default_factory=list)


def parse(text: str, source: str = "") -> Constitution:
    """Read a constitution in our Markdown form.

    Args:
        text: the document.
        source: what to call it in errors and in ``Constitution.source``.

    Raises:
        CasebackError: the text is not in the form; the message names source, line and remedy.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    title, preamble = "", list[str]()
    clauses: list[Clause] = []
    tier: Tier | None = None
    index = 0
    while index < len(lines):
        heading = HEADING.match(lines[index])
        if not heading:
            block, index = _block(lines, index, source, until_field=False)
            if tier is None:
                preamble += block
            elif "".join(block).strip():
                first = index - len(block) + next(i for i, line in enumerate(block) if line.strip())
                _fail(source, first + 1, "text under a tier but before a clause; give it a heading '### id'")
            continue
        level, name = len(heading[1]), (heading[2] or "").strip()
        if level == 1:
            if title or clauses or tier or "".join(preamble).strip():
                _fail(source, index + 1, "a title must come first and only once; write '\\# …' for a line of text")
            title = " ".join(name.split())
        elif level == 2:
            tier = _tier(name, source, index + 1)
        else:
            if tier is None:
                _fail(source, index + 1, f"clause '{name}' stands under no tier; put a line '## guideline' above it")
            if not ID.fullmatch(name):
                _fail(source, index + 1, f"'{name}' is no clause id; write it without spaces or commas")
            clause, index = _clause(_Open(name, tier, index + 1), lines, index + 1, source)
            clauses.append(clause)
            continue
        index += 1
    return Constitution(title, "\n".join(preamble).strip(), tuple(clauses), source)


def _clause(clause: _Open, lines: Sequence[str], index: int, source: str) -> tuple[Clause, int]:
    """Read the lines of one clause, up to the next heading."""
    while index < len(lines) and not HEADING.match(lines[index]):
        mark, start = field_of(lines[index]), index
        if mark is None:
            block, index = _block(lines, index, source)
            if clause.parts.keys() == {""}:
                clause.parts[""] += block
            elif "".join(block).strip():
                first = next(i for i, line in enumerate(block) if line.strip())
                _fail(source, start + first + 1, f"text that belongs to no field; the fields are {', '.join(FIELDS)}")
            continue
        rest = lines[index][len(mark) :]
        if mark in clause.parts:
            _fail(source, index + 1, f"a second '{mark}' in clause '{clause.id}'; join the two")
        if mark in _ONE_LINE:
            clause.parts[mark] = [rest]
            index += 1
        elif mark == REASON:
            block, index = _block(lines, index + 1, source)
            clause.parts[mark] = [rest, *block]
        else:
            if rest.strip() and mark == QUESTIONS:
                _fail(source, index + 1, f"text after '{mark}'; put each item on a line of its own beginning with '- '")
            items, index = _items(lines, index + 1, source)
            if mark == QUESTIONS:
                clause.parts[mark] = items
            else:
                clause.examples.append(_example(items, mark, rest, source, start + 1))
    return _closed(clause), index


def _closed(clause: _Open) -> Clause:
    parts = clause.parts
    return Clause(
        id=clause.id,
        tier=clause.tier,
        text="\n".join(parts[""]).strip(),
        reason="\n".join(parts.get(REASON, ())).strip(),
        brief=" ".join("".join(parts.get(BRIEF, ())).split()),
        over=_ids(parts.get(OVER, ())),
        families=_ids(parts.get(FAMILIES, ())),
        manner=_ids(parts.get(MANNER, ())),
        examples=tuple(clause.examples),
        line=clause.line,
        questions=tuple(parts.get(QUESTIONS, ())),
    )


def _block(lines: Sequence[str], index: int, source: str, until_field: bool = True) -> tuple[list[str], int]:
    """Free text from ``index`` up to the next mark, code fences whole, escapes taken off."""
    out: list[str] = []
    while index < len(lines):
        if HEADING.match(lines[index]) or (until_field and field_of(lines[index])):
            break
        end = fence_end(lines, index)
        if end is None:
            _fail(source, index + 1, "this code fence is never closed; close it, or put a backslash before it")
        out += lines[index : end + 1] if end > index else [unescape(lines[index])]
        index = end + 1
    return out, index


def _items(lines: Sequence[str], index: int, source: str) -> tuple[list[str], int]:
    """A list: items begin with '- ', their further lines are indented by two spaces."""
    items: list[list[str]] = []
    while index < len(lines) and not HEADING.match(lines[index]) and not field_of(lines[index]):
        line = lines[index]
        if line == "-" or line.startswith("- "):
            items.append([line[2:]])
        elif line.startswith("  ") and items:
            items[-1].append(line[2:])
        elif not line.strip():
            if items:
                items[-1].append("")
        else:
            _fail(source, index + 1, "expected an item '- …', or its next line indented by two spaces")
        index += 1
    return ["\n".join(item).strip() for item in items], index


def _example(items: Sequence[str], mark: str, note: str, source: str, line: int) -> Example:
    if len(items) != 2 or not items[0].startswith("User:") or not items[1].startswith("Assistant:"):
        _fail(source, line, f"'{mark}' needs two items, '- User: …' and '- Assistant: …'")
    request, reply = items[0].removeprefix("User:").strip(), items[1].removeprefix("Assistant:").strip()
    return Example(request, reply, mark == GOOD, " ".join(note.split()))


def _tier(name: str, source: str, line: int) -> Tier:
    tier = next((tier for tier in TIERS if tier == name.lower()), None)
    if tier is None:
        _fail(source, line, f"'{name}' is no tier; the tiers are {', '.join(TIERS)}; write '\\## …' for a line of text")
    return tier


def _ids(parts: Sequence[str]) -> tuple[str, ...]:
    return tuple(ID.findall(" ".join(parts)))


def _fail(source: str, line: int, what: str) -> NoReturn:
    raise CasebackError(f"{source or 'constitution'}, line {line}: {what}")
