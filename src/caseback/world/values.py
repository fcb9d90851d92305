"""Reading which value a text states as so: what is denied, doubted, asked or only reported does not count."""

import re
from functools import lru_cache

from caseback.world.denial import denied, negated, without_double_negation
from caseback.world.numbers import in_digits
from caseback.world.reading import clauses, mentions, plain, words

SLOT = "~"
"""Stands where the words of a statement were taken out around its value."""

_ASKED = re.compile(r"\b(?:what|which|how|whether|if|why)\b", re.IGNORECASE)
_EXCLAIMED = re.compile(r"^(?:well|now|look|right|so),", re.IGNORECASE | re.MULTILINE)
_COMPARES = re.compile(r"\b(?:than|towers? over|compared (?:to|with)|next to|beats?)\b", re.IGNORECASE)
_TERMS = re.compile(r"(\d+) [-+*] (\d+)")
_ONLY = re.compile(r"^ (?:only|just|merely) \w+", re.IGNORECASE)
_FUNCTION = frozenset(
    words(
        "a an the in on at of to for from by with it its it's that that's this is are was were be they "
        "they're he he's she she's we i i'd i'll i'm you me my our their his her your and or as do does has "
        "have had will would say said says yes just only so very quite indeed really about around right there "
        "here what where which who answer "
    )
)
_IRREGULAR = {"mice": "mouse", "teeth": "tooth", "feet": "foot", "shelves": "shelf", "leaves": "leaf"}


@lru_cache(maxsize=4096)
def _forms(value: str) -> re.Pattern[str]:
    """The value with or without its article, in the singular or plural, as a verb in another form."""
    bare = re.sub(r"^(?:an?|the) ", "", in_digits(value))
    *front, last = bare.split(" ") if bare else [value]
    ends = [re.escape(last)]
    if last.isalpha() and last.islower() and len(last) >= 3:
        stem = last[:-1] if last[-1] == "s" and last[-2] != "s" else last
        ends = [re.escape(stem), f"{stem}e?s", f"{stem}(?:{stem[-1]})?(?:ing|ed)"]
        ends += [f"{stem[:-1]}ies"] * stem.endswith("y") + [f"{stem[:-1]}(?:ing|ed)"] * stem.endswith("e")
        ends += [other for pair in _IRREGULAR.items() if last in pair for other in pair]
    text = " ".join([*map(re.escape, front), f"(?:{'|'.join(ends)})"])
    text = re.sub(r"\bgr[ae]y\b", "gr[ae]y", text)
    # A name is written with a capital, so that it is not taken for a word: Mark, May.
    named = value[:1].isupper()
    return re.compile(rf"(?<!\w)(?<!\w-){text}(?!\w)(?!-\w)", 0 if named else re.IGNORECASE)


def _compared(clause: str, values: tuple[str, ...], about: set[str]) -> str:
    """The clause up to what its subject is compared with; nothing of it where it compares in other words."""
    place = _COMPARES.search(clause)
    if not place or sum(bool(_forms(value).search(clause)) for value in values) < 2:
        return clause
    if place[0].lower() == "than" and not (about - {word[:4] for value in values for word in words(value)}) & {
        word[:4] for word in words(clause)
    }:
        return ""
    return clause[: place.start()]


def stated(text: str, values: tuple[str, ...], frame: str = "") -> dict[str, int]:
    """Those of ``values`` that ``text`` states as so, lower case, and how firmly.

    A value in a negated, reported or supposed clause does not count. It is stated firmly (2) beside a word of
    ``frame``, less so (1) where it stands alone, and hardly (0) among other words or where it is asked.
    """
    text = in_digits(_EXCLAIMED.sub("", plain(text)))
    about = {word[:4] for word in words(frame.replace("{x}", " ")) if len(word) >= 3 and word not in _FUNCTION}
    found: dict[str, int] = {}
    for clause in clauses(text):
        clause = _compared(without_double_negation(clause), values, about)
        # Longest first, so that Virginia is not read out of West Virginia.
        for value in sorted(values, key=len, reverse=True):
            place = _forms(value).search(clause) or (clause.islower() and _forms(value.lower()).search(clause))
            if not place:
                continue
            before, after = clause[: place.start()], clause[place.end() :]
            if not denied(before, after):
                rest = [word for word in words(before + after) if word not in _FUNCTION]
                near = SLOT in clause or any(word[:4] in about for word in rest)
                asked = clause.endswith("?") or _ONLY.search(after)
                firm = 0 if asked else 2 if near else int(len(rest) <= 1)
                # In another form it must stand where the answer stands: cousins are not the cousin asked for.
                if firm or not frame or len(rest) <= 2 or place[0].lower() in in_digits(value.lower()):
                    found[value.lower()] = max(firm, found.get(value.lower(), 0))
            clause = before + " " * len(place[0]) + after
    return found


def denies(text: str, value: str) -> bool:
    """Whether ``text`` says in so many words that it is not ``value``."""
    for clause in clauses(in_digits(plain(text))):
        place = _forms(value).search(clause)
        if place and negated(clause[: place.start()], clause[place.end() :]):
            return True
    return False


def asserted(text: str, values: tuple[str, ...]) -> set[str]:
    """Those of ``values`` that ``text`` states as so."""
    return set(stated(text, values))


def states(text: str, true: str, false: tuple[str, ...], frame: str = "") -> bool | None:
    """True where ``text`` states one of ``false``, False where it states ``true``; None otherwise.

    Where both are stated, the one that is stated more firmly counts.
    """
    said = stated(text, (true, *false), frame)
    wrong = [firm for value, firm in said.items() if value != true.lower()]
    if true.lower() not in said:
        return True if wrong else None
    if not wrong:
        return False
    return max(wrong) > said[true.lower()] if max(wrong) != said[true.lower()] else None


def unframed(text: str, frame: str) -> str:
    """``text`` without what a statement says around its value, where names and numbers of the question may stand."""
    text = in_digits(text)
    for piece in in_digits(frame).split("{x}"):
        if len(piece.strip()) > 3:
            text = re.sub(re.escape(piece.strip()), f" {SLOT} ", text, flags=re.IGNORECASE)
    if terms := _TERMS.search(frame):
        text = re.sub(rf"\b{terms[1]}\b\W*[a-z]*(?: [a-z]+)?\W*\b{terms[2]}\b", f" {SLOT} ", text, flags=re.IGNORECASE)
    return text


def states_some(text: str, frame: str) -> bool:
    """Whether ``text`` states some value in the words of ``frame``, whichever value it is."""
    around = [re.escape(piece.strip()) for piece in frame.split("{x}")]
    pattern = re.compile(rf"(?<!\w){around[0]}\W+[\w']+(?: [\w']+){{0,3}}?\W*{around[1]}", re.IGNORECASE)
    for clause in clauses(text):
        place = pattern.search(clause)
        if not place:
            continue
        before = without_double_negation(clause[: place.start()])
        if not denied(before) and not _ASKED.search(before):
            return True
    return False


def framed(text: str, frame: str) -> bool:
    """Whether ``text`` says all that a statement says around its value."""
    pieces = [piece.strip() for piece in frame.split("{x}") if len(piece.strip()) > 3]
    return bool(pieces) and all(mentions(text, piece) for piece in pieces)
