"""Reads a plain list of principles: one sentence a line, or bullets."""

import re

from caseback.constitution.clause import Clause, Constitution
from caseback.constitution.slug import slugs
from caseback.errors import CasebackError

MOST = 500
_BULLET = re.compile(r"(?:[-*+•·]|\d+[.)])\s+")
_BECAUSE = re.compile(r",?\s+(?<!not )(?<!just )(?<!only )(?<!simply )(?<!merely )because\s+", re.IGNORECASE)


def looks_like_list(text: str) -> bool:
    """Whether the text is a plain list: no headings but a first title, and then bullets alone below a title."""
    lines = [line for line in text.split("\n") if line.strip()]
    titled = bool(lines) and lines[0].startswith("# ")
    if titled:
        lines = lines[1:]
    if any(line.startswith("#") for line in lines):
        return False
    return not titled or (bool(lines) and all(_BULLET.match(line) or line[0].isspace() for line in lines))


def read_sentences(text: str, source: str = "") -> Constitution:
    """A constitution with one clause a sentence, all of tier guideline, for a list ranks nothing.

    Lines that are indented continue the one above. What stands after a single "because" is also the clause's reason.

    Raises:
        CasebackError: more than 500 sentences, or none: no list of principles.
    """
    title, sentences = "", list[tuple[int, str]]()
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        if line.startswith("# ") and not title and not sentences:
            title = " ".join(line[2:].split())
        elif line[0].isspace() and sentences and not _BULLET.match(line.strip()):
            sentences[-1] = (sentences[-1][0], f"{sentences[-1][1]} {line.strip()}")
        else:
            sentences.append((number, _BULLET.sub("", line.strip(), count=1)))
    sentences = [(number, sentence) for number, sentence in sentences if re.search(r"\w", sentence)]
    if not 0 < len(sentences) <= MOST:
        found = f"{len(sentences)} lines without headings" if sentences else "no sentence"
        raise CasebackError(
            f"{source or 'constitution'}: {found}; a plain list holds 1 to {MOST} principles, one a line"
        )
    ids = slugs(sentence for _, sentence in sentences)
    clauses = [_clause(id, number, sentence) for id, (number, sentence) in zip(ids, sentences, strict=True)]
    return Constitution(title, "", tuple(clauses), source)


def _clause(id: str, line: int, sentence: str) -> Clause:
    parts = _BECAUSE.split(sentence)
    if len(parts) != 2:
        return Clause(id, "guideline", sentence, line=line)
    return Clause(id, "guideline", sentence, reason=parts[1], brief=parts[0].rstrip(".") + ".", line=line)
