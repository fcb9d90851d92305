"""Ids for clauses whose source gives them none."""

import re
from collections.abc import Iterable


def slugs(texts: Iterable[str], words: int = 5) -> list[str]:
    """One id per text, from its first words, told apart by a number where two would be the same."""
    ids: list[str] = []
    taken: set[str] = set()
    for text in texts:
        stem = "-".join(re.findall(r"\w+", text.lower().replace("'", "").replace("’", ""))[:words]) or "clause"
        id, number = stem, 1
        while id in taken:
            number += 1
            id = f"{stem}-{number}"
        taken.add(id)
        ids.append(id)
    return ids
