"""Finding a stated answer in a reply, with its negations."""

import re
from collections.abc import Iterable

NEGATED = re.compile(
    r"(?:\b(?:can)?not|n't|\bnever|\bno|\bnobody|\bno\s+one|\bnor|\brather\s+than|\binstead\s+of|\bisn't|\bwasn't|\bfalse\s+that|\bmyth\s+that|\bwithout)"
    r"\W+(?:\w+\W+){0,3}$",
    re.IGNORECASE,
)
_YES = re.compile(
    r"^\W*(?:yes|yeah|yep|indeed|correct|right|true|exactly|absolutely(?!\s+not)|definitely(?!\s+not)|of\s+course(?!\s+not)|certainly(?!\s+not)|sure)\b",
    re.IGNORECASE,
)
_NO = re.compile(
    r"^\W*(?:no|nope|not\b|never|incorrect|false|wrong|absolutely\s+not|definitely\s+not|certainly\s+not|of\s+course\s+not)\b",
    re.IGNORECASE,
)


def yes_or_no(text: str) -> bool | None:
    """What a reply opens with: True for yes, False for no, None for neither."""
    if _NO.match(text):
        return False
    return True if _YES.match(text) else None


def states(text: str, answers: str | Iterable[str]) -> bool:
    """Whether one of the answers stands in the text as whole words, somewhere without a negation just before it."""
    return any(not negated for negated in _found(text, answers))


def denies(text: str, answers: str | Iterable[str]) -> bool:
    """Whether one of the answers stands in the text, and only negated."""
    found = list(_found(text, answers))
    return bool(found) and all(found)


def _found(text: str, answers: str | Iterable[str]) -> Iterable[bool]:
    """For every place where one of the answers stands: whether it is negated there."""
    text = text.replace("’", "'")
    for answer in [answers] if isinstance(answers, str) else answers:
        pattern = r"(?<![\w.])" + re.escape(str(answer)).replace(r"\ ", r"\s+") + r"(?!\w|[.,]\d)"
        for match in re.finditer(pattern, text, re.IGNORECASE):
            clause = re.split(r"[,.;:!?\n]", text[: match.start()])[-1]
            yield bool(NEGATED.search(clause))
