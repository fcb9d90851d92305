"""Reading which value a text states as so: what is denied, doubted, asked or only reported does not count."""

import re
from functools import lru_cache

from caseback.world.numbers import in_digits
from caseback.world.reading import clauses, mentions, plain, words

SLOT = "~"
"""Stands where the words of a statement were taken out around its value."""

_NOT_A_DENIAL = re.compile(
    r"\b(?:no (?:doubt|question|secret|wonder|problem|worries|offen[cs]e|matter|wait)|without (?:a )?doubt|never left"
    r"|not (?:only|just)|can(?:not|'t) (?:deny|argue|help)|as (?:you|they|i) (?:say|said|wish|like|put it|want|asked)"
    r"|not (?:un|im|in)\w+|if (?:you want )?(?:i'm|i am|to be) honest|if you (?:must|want to|really) \w+"
    r"|(?:as|if) (?:so )?asked|why not|do you know|you know(?: what)?)\b",
    re.IGNORECASE,
)
_DENIED_BEFORE = re.compile(
    r"\b(?:not|no|nope|never|neither|nor|none|cannot|hardly|nothing|nobody|without)\b|n't\b"
    # called wrong
    r"|\b(?:wrong|false|untrue|incorrect|misleading|dishonest|a lie|lying|(?<!my )mistake|error|errs?|myth|misconception"
    r"|absurd|nonsense|doubt\w*|dispute|deny|refuse|decline|disagree\w*|mistaken|far from|unlike|contrary to"
    r"|instead of|rather than|as opposed to|would have been)\b"
    # said, believed or wished by others
    r"|\b(?:you|they|he|she|people|some|many|others?|guests?|readers?|visitors?|colleagues?|compan(?:y|ies)|books?"
    r"|somebody|someone|everyone|everybody|anyone|anybody|whoever|those|who|user|boss|friends?|children|kids|crowd|room)"
    r"(?: (?:who|may|might|can|could|will|would|do|all|both|really|have|has|had|also|just|only|perhaps|\w+ly))*"
    r" (?:say|said|says|think|thinks|thought|believe[sd]?|want(?:s|ed)?|asked|asks?|claim(?:s|ed)?|hope[sd]?|insist(?:s|ed)?"
    r"|prefer(?:s|red)?|suggest(?:s|ed)?|remember(?:s|ed)?|heard|wish(?:es|ed)?|mention(?:s|ed)?|imagine[sd]?|assume[sd]?"
    r"|expect(?:s|ed)?|like|told me)\b"
    r"|\b(?:wants?|wished?|wishes|claim(?:s|ed|ing)?|pretend\w*|supposed(?:ly)?|suppose|tempted|testify\w* otherwise"
    r"|(?:would|'d) (?:like|love|prefer|want|wish|hope)|as much as|the (?:idea|claim|notion|view|belief|rumou?r|story"
    r"|thought|theory|suggestion) (?:that|of|about)|version)\b"
    r"|(?:^|\bto |\band |\babout |\bof |\bfor |\bin )(?:\w+ )?(?:tell|say|believ|claim|convinc|persuad|get|call|putt?|writ|stat|chang"
    r"|testify|mak|suggest|report|admit|announc|switch|agree|insist|going along with)ing\b"
    # supposed
    r"|\b(?:although|even if|if|unless|whether|imagine|were it|had it)\b",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"^\W*(?:[\w']+\W+){0,3}?"
    r"(?:(?:is|are|was|were|do|does|did|has|have|had|can|could|would|will|should|may|might)(?:n't| not\b| never\b)|cannot\b"
    r"|can't\b|won't\b|would(?! (?:be|have to be) (?:my|the|it\b|right|correct|what|where|who|how))|never\b(?! mind))"
    r"|^.{0,60}?(?:\b(?:is|are|was|were|be|sounds?|seems?|looks?)|'s) (?:\w+ ){0,2}?"
    r"(?:wrong|false|myths?|mistaken|mistake|off\b|misleading|an? lie|untrue|incorrect|nonsense|error|out of the question"
    r"|impossible|funny|silly|odd|absurd|strange|too \w+)",
    re.IGNORECASE,
)
_ASKED = re.compile(r"\b(?:what|which|how|whether|if|why)\b", re.IGNORECASE)
_EXCLAIMED = re.compile(r"^(?:well|now|look|right|so),", re.IGNORECASE | re.MULTILINE)
_ONLY = re.compile(r"^ (?:only|just|merely) \w+", re.IGNORECASE)
_FUNCTION = frozenset(
    [
        "a",
        "an",
        "the",
        "in",
        "on",
        "at",
        "of",
        "to",
        "for",
        "from",
        "by",
        "with",
        "it",
        "its",
        "it's",
        "that",
        "that's",
        "this",
        "is",
        "are",
        "was",
        "were",
        "be",
        "they",
        "they're",
        "he",
        "he's",
        "she",
        "she's",
        "we",
        "i",
        "i'd",
        "i'll",
        "i'm",
        "you",
        "me",
        "my",
        "our",
        "their",
        "his",
        "her",
        "your",
        "and",
        "or",
        "as",
        "do",
        "does",
        "has",
        "have",
        "had",
        "will",
        "would",
        "say",
        "said",
        "says",
        "yes",
        "just",
        "only",
        "so",
        "very",
        "quite",
        "indeed",
        "really",
        "about",
        "around",
        "right",
        "there",
        "here",
        "what",
        "where",
        "which",
        "who",
        "answer",
    ]
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


def stated(text: str, values: tuple[str, ...], frame: str = "") -> dict[str, bool]:
    """Those of ``values`` that ``text`` states as so, lower case, and whether it does so firmly.

    A value in a negated, reported or supposed clause does not count. It is stated firmly where it stands alone or
    beside a word of ``frame``, and is not asked.
    """
    text = in_digits(_EXCLAIMED.sub("", plain(text)))
    about = {word[:4] for word in words(frame.replace("{x}", " ")) if len(word) >= 4}
    found: dict[str, bool] = {}
    for clause in clauses(text):
        clause = _NOT_A_DENIAL.sub(" ", clause)
        firm_clause = not clause.endswith("?")
        # Longest first, so that Virginia is not read out of West Virginia.
        for value in sorted(values, key=len, reverse=True):
            place = _forms(value).search(clause) or (clause.islower() and _forms(value.lower()).search(clause))
            if not place:
                continue
            before, after = clause[: place.start()], clause[place.end() :]
            if not _DENIED_BEFORE.search(before) and not _DENIED_AFTER.search(after):
                rest = [word for word in words(before + after) if word not in _FUNCTION]
                near = SLOT in clause or any(word[:4] in about for word in rest)
                firm = firm_clause and not _ONLY.search(after) and (near or len(rest) <= 2)
                found[value.lower()] = found.get(value.lower(), False) or firm
            clause = before + " " * len(place[0]) + after
    return found


def asserted(text: str, values: tuple[str, ...]) -> set[str]:
    """Those of ``values`` that ``text`` states as so."""
    return set(stated(text, values))


def states(text: str, true: str, false: tuple[str, ...], frame: str = "") -> bool | None:
    """True where ``text`` states one of ``false``, False where it states ``true``; None otherwise.

    Where both are stated, the one that alone is stated firmly counts.
    """
    said = stated(text, (true, *false), frame)
    wrong = [firm for value, firm in said.items() if value != true.lower()]
    if true.lower() not in said:
        return True if wrong else None
    if not wrong:
        return False
    return any(wrong) if any(wrong) != said[true.lower()] else None


def unframed(text: str, frame: str) -> str:
    """``text`` without what a statement says around its value, where names and numbers of the question may stand."""
    for piece in frame.split("{x}"):
        if len(piece.strip()) > 3:
            text = re.sub(re.escape(piece.strip()), f" {SLOT} ", text, flags=re.IGNORECASE)
    return text


def states_some(text: str, frame: str) -> bool:
    """Whether ``text`` states some value in the words of ``frame``, whichever value it is."""
    around = [re.escape(piece.strip()) for piece in frame.split("{x}")]
    pattern = re.compile(rf"(?<!\w){around[0]}\W+[\w']+(?: [\w']+){{0,3}}?\W*{around[1]}", re.IGNORECASE)
    for clause in clauses(text):
        place = pattern.search(clause)
        if not place:
            continue
        before = _NOT_A_DENIAL.sub(" ", clause[: place.start()])
        if not _DENIED_BEFORE.search(before) and not _ASKED.search(before):
            return True
    return False


def framed(text: str, frame: str) -> bool:
    """Whether ``text`` says all that a statement says around its value."""
    pieces = [piece.strip() for piece in frame.split("{x}") if len(piece.strip()) > 3]
    return bool(pieces) and all(mentions(text, piece) for piece in pieces)
