"""Reading free text: its words and clauses, and whether it is language at all."""

import re
from functools import lru_cache

_WORD = re.compile(r"[a-z0-9']+")
_SAME = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "—": ";", "–": ";"})
_JOIN = re.compile(
    r"\b(?:but|since|because|while|whereas|though|however|although|so (?=(?:i|i'd|i'll|i'm|you|we|they|he|she|it"
    r"|it's|the|there|my|your|this|no)\b))(?!\w)",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"(?:[^.,;:!?()\n]|(?<=\d)[.,:](?=\d))+[.,;:!?()\n]?")


def words(text: str) -> list[str]:
    """The words of ``text``, lower case."""
    return _WORD.findall(text.lower())


def garbled(text: str) -> bool:
    """Whether ``text`` is empty, has no words, or repeats itself over and over."""
    found = words(text)
    if not found:
        return True
    return len(found) >= 12 and len(set(found)) / len(found) < 0.3


def plain(text: str) -> str:
    """``text`` with simple quotation marks and dashes, without the stars of markdown."""
    return re.sub(r"\*+|__+|(?<= )-+(?= )", lambda mark: ";" if mark[0][0] == "-" else "", text.translate(_SAME))


def unquoted(text: str) -> str:
    """``text`` without the lines and the longer passages that it quotes."""
    text = re.sub(r"^\s*>.*$", " ", text, flags=re.MULTILINE)
    # Between spaces there is none: parts that could share a space would be tried in all ways where no mark closes it.
    return re.sub(r'"[^"\s]*(?:\s[^"\s]*){2,}"', " ", text)


def clauses(text: str) -> list[str]:
    """The clauses of ``text``, each with the mark that ends it, without the ``but`` or ``so`` that begins it."""
    found = (clause[0].strip() for clause in _CLAUSE.finditer(_JOIN.sub("\n", text)))
    return [clause for clause in found if clause]


@lru_cache(maxsize=4096)
def _whole(value: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w]){re.escape(value)}(?![\w])", re.IGNORECASE)


def mentions(text: str, value: str) -> bool:
    """Whether ``value`` stands in ``text`` as whole words."""
    return _whole(value).search(text) is not None
