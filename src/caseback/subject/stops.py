"""When a completion ends: at an end token, or at a stop string."""

from collections.abc import Sequence
from typing import Any


def cut(text: str, stops: Sequence[str]) -> str:
    """The text up to the first stop string in it."""
    found = [at for at in (text.find(stop) for stop in stops) if at >= 0]
    return text[: min(found)] if found else text


def held_back(text: str, marks: Sequence[str]) -> int:
    """How many characters at the end of a growing text may be the beginning of a mark, or half a character."""
    longest = len(text) - len(text.rstrip("\ufffd"))
    for mark in marks:
        for size in range(min(len(mark) - 1, len(text)), longest, -1):
            if text.endswith(mark[:size]):
                longest = size
                break
    return longest


class Ends:
    """Tells whether a completion is complete; called with its tokens after each new one.

    Text is decoded only after a token that could be the last of a stop string, and only as much as could hold it.
    """

    def __init__(self, tokenizer: Any, end_ids: frozenset[int], stops: Sequence[str]) -> None:
        self.tokenizer = tokenizer
        self.end_ids = end_ids
        self.stops = tuple(stops)
        self.last_characters = {stop[-1] for stop in self.stops}
        # A character takes at most four tokens (its bytes); some more for one that starts before the string.
        self.reach = 4 * max(map(len, self.stops), default=0) + 4
        self.could_end: dict[int, bool] = {}

    def __call__(self, tokens: list[int]) -> bool:
        if tokens[-1] in self.end_ids:
            return True
        if not self.stops or not self._could_end(tokens[-1]):
            return False
        text = self._decode(tokens[-self.reach :])
        return any(stop in text for stop in self.stops)

    def _could_end(self, token: int) -> bool:
        if token not in self.could_end:
            piece = self._decode([token])
            # Decoding one token alone may drop a blank, or give half a character: then it is not ruled out.
            self.could_end[token] = (
                "\ufffd" in piece
                or any(character in piece for character in self.last_characters)
                or any(character.isspace() for character in self.last_characters)
            )
        return self.could_end[token]

    def _decode(self, tokens: list[int]) -> str:
        text: str = self.tokenizer.decode(tokens, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return text
