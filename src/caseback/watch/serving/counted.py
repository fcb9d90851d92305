"""Which tokens of a reply are what it says: its thinking, marks, and the blanks around it are not."""

from typing import Any

from caseback.subject.chat_format import ChatFormat
from caseback.subject.stops import Ends, cut


class Counted:
    """Tells of each new token whether it counts as part of the reply that detectors read.

    As in a transcript, that is the text after the thinking, without line breaks before it and blanks after it.
    ``places`` are the numbers of the tokens that count.
    """

    def __init__(self, form: ChatFormat, thinking: bool) -> None:
        self.form = form
        self.special = _special(form)
        self.thinking = thinking
        opening, closing = form.tags
        self.opens = Ends(form.tokenizer, frozenset(), (opening,))
        self.closes = Ends(form.tokenizer, frozenset(), (closing,))
        self.places: list[int] = []
        self.seen = 0

    def add(self, tokens: list[int]) -> bool:
        """Whether the last of the reply's tokens so far counts."""
        self.seen = len(tokens)
        newest = tokens[-1]
        if self.thinking:
            self.thinking = not self.closes(tokens)
            return False
        if self.form.thinks and self.opens(tokens):
            self.thinking = True
            return False
        if newest in self.special or (not self.places and not self.form.decode([newest]).strip("\n")):
            return False
        self.places.append(len(tokens) - 1)
        return True

    def said(self, tokens: list[int], stops: tuple[str, ...]) -> list[int]:
        """The places that count once the reply is whole: without a stop string, and without blanks at the end."""
        for stop in range(self.seen + 1, len(tokens) + 1):
            self.add(tokens[:stop])
        places = list(self.places)
        whole = self.form.decode(tokens)
        kept = len(cut(whole, stops))
        if kept < len(whole):
            while places and len(self.form.decode(tokens[: places[-1]])) >= kept:
                places.pop()
        while places and not self.form.decode([tokens[places[-1]]]).strip():
            places.pop()
        return places


def _special(form: ChatFormat) -> frozenset[int]:
    tokenizer: Any = form.tokenizer
    return frozenset(tokenizer.all_special_ids) | form.end_ids
