"""Reads trait files: first-person traits, each with questions on which it shows.

The format is that of Open Character Training (Maiya et al. 2025, arXiv 2511.01689): JSON lines, or a JSON list, of
``{"trait", "questions", "additional_questions"}``, where the first are written by hand and the others by a model.
"""

from collections.abc import Sequence
from typing import Any

from caseback.constitution.clause import Clause, Constitution
from caseback.constitution.slug import slugs
from caseback.errors import CasebackError


def looks_like_traits(rows: Sequence[Any]) -> bool:
    """Whether these JSON values are rows of a trait file."""
    return bool(rows) and all(isinstance(row, dict) and "trait" in row for row in rows)


def read_traits(rows: Sequence[tuple[int, Any]], title: str, source: str = "") -> Constitution:
    """A constitution with one clause a trait, all of tier guideline, its questions kept in order.

    Args:
        rows: the rows, each with the line it stands on (0 where that is not known).
        title: what the document is called; a trait file does not say.
        source: the file.

    Raises:
        CasebackError: a row has no trait, or questions that are not text.
    """
    ids = slugs(str(row.get("trait", "")) for _, row in rows)
    clauses = [_clause(id, line, row, source, n) for n, (id, (line, row)) in enumerate(zip(ids, rows, strict=True), 1)]
    return Constitution(title, "", tuple(clauses), source)


def _clause(id: str, line: int, row: dict[str, Any], source: str, number: int) -> Clause:
    where = f"{source or 'traits'}, {f'line {line}' if line else f'row {number}'}"
    trait = row["trait"]
    if not isinstance(trait, str) or not trait.strip():
        raise CasebackError(f"{where}: 'trait' must be a sentence")
    questions: list[str] = []
    for name in ("questions", "additional_questions"):
        values = row.get(name, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise CasebackError(f"{where}: '{name}' must be a list of texts")
        questions += values
    return Clause(id, "guideline", trait, line=line, questions=tuple(questions))
