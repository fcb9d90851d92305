"""The text of a reply as its tokens come: what of it can be said already, thinking and text apart."""

from caseback.subject.chat_format import ChatFormat
from caseback.subject.stops import cut, held_back

PENDING = 8
"""Tokens that may wait for the rest of a character; after so many they are no character."""


class Said:
    """Decodes as little as it can: what came before the newest tokens is not decoded again."""

    def __init__(self, form: ChatFormat, thinking: bool, stops: tuple[str, ...]) -> None:
        self.form, self.prompt_thinking, self.stops = form, thinking, stops
        self.marks = (*stops, *form.tags, *form.tokenizer.all_special_tokens)
        self.tokens: list[int] = []
        self.raw = ""
        self.pieces: list[str] = []
        self.before = self.read = 0
        self.told = {"reasoning_content": "", "content": ""}

    def add(self, tokens: list[int]) -> list[str]:
        """Takes in tokens; the text that each brought, empty for one that is but part of a character."""
        made = []
        for token in tokens:
            self.tokens.append(token)
            made.append(self._more())
        self.pieces += made
        return made

    def delta(self, ended: bool) -> dict[str, str]:
        """What can be said beyond what was said before, by field."""
        raw = self.form.decode(self.tokens) if ended else self.raw
        if not ended:
            raw = raw[: len(raw) - held_back(raw, self.marks)]
        thinking, text = self.form.split(cut(raw, self.stops), self.prompt_thinking)
        new = {}
        for field, now in (("reasoning_content", thinking), ("content", text)):
            if now.startswith(self.told[field]) and len(now) > len(self.told[field]):
                new[field] = now[len(self.told[field]) :]
                self.told[field] = now
        return new

    def _more(self) -> str:
        old = self.form.decode(self.tokens[self.before : self.read])
        new = self.form.decode(self.tokens[self.before :])
        if new.endswith("\ufffd") and len(self.tokens) - self.read < PENDING:
            return ""
        self.before, self.read = self.read, len(self.tokens)
        self.raw += new[len(old) :]
        return new[len(old) :]
