"""What wording tells about a sentence: the words that carry its content, and whether it bids or forbids."""

import re

_STOP = frozenset(
    re.findall(
        r"\w+",
        """
        a an and any anyone are as at be been being but by can could do does for from has have he her his how i if in
        into is it its just may me might model more most must my of on one only or our own she should so some such than
        that the their them then there they this those to too us very was we were what when where which who whom will
        with would you your yours assistant always ever never not no don doesn won cannot avoid refuse decline all every
        """,
    )
)
_FORBIDS = re.compile(
    r"\b(?:never|do not|don['’]t|must not|should not|shouldn['’]t|may not|cannot|avoid)\b", re.IGNORECASE
)
_REFUSES = re.compile(r"\b(?:refuse|decline)\b", re.IGNORECASE)
_HEDGE = re.compile(r"\b(?:unless|except|if|when|where|instead|rather|but|while|because|only)\b", re.IGNORECASE)


def content_words(text: str) -> frozenset[str]:
    """The words of a text without those that only bind it together, endings cut off."""
    words = re.findall(r"[^\W\d_]+", text.lower().replace("'", "").replace("’", ""))
    return frozenset(_stem(word) for word in words if word not in _STOP and len(word) > 1)


def forbids(sentence: str) -> bool:
    """Whether a sentence says what not to do ("never …", "refuse to …"); "never refuse to …" does not."""
    return bool(_FORBIDS.search(sentence)) != bool(_REFUSES.search(sentence))


def conditional(sentence: str) -> bool:
    """Whether a sentence limits itself ("unless …", "if …", "… but …"), so that it does not speak of every case."""
    return bool(_HEDGE.search(sentence))


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "ed", "es", "s", "ly", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
