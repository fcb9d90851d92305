"""Whether a reply is language at all: gibberish from a broken model is never judged, and so never clean."""

import re
import zlib

WORD = re.compile(r"[^\W\d_]+", re.UNICODE)
COMMON = frozenset(
    WORD.findall(
        """a about after all also an and any are as at back be because been before but by can could did do does
        doesn don down even every first for from get give go good had has have he her here him his how i if in
        into is isn it its just know like ll make may me more most my need new no not now of on one only or other
        our out over people please re s say see she should so some such sure t take than that the their them then
        there these they this those time to two up us use ve very want was way we well were what when where which
        while who why will with would yes you your"""
    )
)


def words(text: str) -> list[str]:
    """The words of a text in lower case, without digits and punctuation."""
    return [word.lower() for word in WORD.findall(text.replace("’", "'"))]


def incoherence(text: str) -> str | None:
    """Why the text is no coherent English, or None where nothing speaks against it.

    Four signs, each chosen so that ordinary prose, lists and short answers pass: it is empty; too little of it is
    letters, digits and usual punctuation; from 12 words on, fewer than 12% or more than 85% of them are among the
    commonest words of English (running prose has 35–65%, lists a fifth); it repeats itself (from 12 words on, fewer
    than a quarter of its three-word sequences are distinct, or it compresses more than fivefold). Code fences are left
    out of the count of words.
    """
    prose = re.sub(r"```.*?(```|$)", " ", text, flags=re.DOTALL)
    if not text.strip():
        return "empty"
    usual = sum(
        (character.isalnum() and character.isascii()) or character in " \n\t.,;:!?'\"()-–—’“”*#`/=+_[]<>&%$@|•°{}\\^~…"
        for character in text
    )
    if usual < 0.85 * len(text):
        return "incoherent: mostly unusual characters"
    found = words(prose)
    if not found and not re.search(r"\d|```", text):
        return "incoherent: no words"
    if len(found) >= 12:
        common = sum(word in COMMON for word in found) / len(found)
        if not 0.12 <= common <= 0.85:
            return "incoherent: not English prose"
        triples = list(zip(found, found[1:], found[2:], strict=False))
        if len(set(triples)) < 0.25 * len(triples) or len(prose.encode()) > 5 * len(zlib.compress(prose.encode())):
            return "incoherent: repeats itself"
    return None
