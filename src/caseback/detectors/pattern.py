"""Patterns in what was said: 1 where any is found, else 0."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from caseback.chat import Role
from caseback.detectors.fits import Fits, Needs
from caseback.detectors.known import Known
from caseback.detectors.regex import MOST, compiled, places
from caseback.detectors.scored import Scored, Span
from caseback.detectors.transcript import Field, Transcript, texts_of
from caseback.errors import CasebackError
from caseback.interp.part import Part
from caseback.subject.open_subject import OpenSubject


@dataclass(frozen=True)
class PatternDetector:
    """RE2 patterns on named fields.

    Attributes:
        patterns: In RE2's dialect; any of them found gives 1.
        reads: Parts of the transcript.
        fields: Fields of their messages.
        roles: Whose messages; empty for everybody's.
    """

    name: str
    behaviour: str
    patterns: tuple[str, ...]
    reads: tuple[Part, ...] = ("reply",)
    fields: tuple[Field, ...] = ("content",)
    roles: tuple[Role, ...] = ()
    known: Known = Known()  # noqa: RUF009
    needs: ClassVar[Needs] = "text"
    fits: ClassVar[Fits] = Fits()

    def __post_init__(self) -> None:
        if not 1 <= len(self.patterns) <= MOST:
            raise CasebackError(f"detector {self.name} has {len(self.patterns)} patterns: give 1 to {MOST}")
        if not self.reads or not self.fields:
            raise CasebackError(f"detector {self.name} reads nothing: name a part and a field")
        for pattern in self.patterns:
            compiled(pattern)

    def scores(self, transcripts: Sequence[Transcript], subject: OpenSubject | None = None) -> list[Scored]:
        """1 with the places where a pattern is found, 0 where none is; None where there is nothing to read."""
        return [self._scored(each) for each in transcripts]

    def _scored(self, transcript: Transcript) -> Scored:
        texts = {part: list(self._texts(transcript, part)) for part in dict.fromkeys(self.reads)}
        said = dict.fromkeys(text for part in texts.values() for text in part)
        spans = tuple(
            Span(message, field, start, end, call)
            for message, field, call, text in said
            for pattern in self.patterns
            for start, end in places(pattern, text)
        )
        if spans:
            return Scored(1.0, spans=spans)
        empty = [part for part, found in texts.items() if not found]
        whose = f" by {', '.join(self.roles)}" if self.roles else ""
        return Scored(None, f"no {' or '.join(self.fields)}{whose} in the {empty[0]}") if empty else Scored(0.0)

    def _texts(self, transcript: Transcript, part: Part) -> Iterator[tuple[int, Field, int, str]]:
        for at in transcript.places(part):
            message = transcript.messages[at]
            if self.roles and message["role"] not in self.roles:
                continue
            for field in self.fields:
                for call, text in enumerate(texts_of(message, field)):
                    yield at, field, call, text
