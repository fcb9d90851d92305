"""Steps that occur in an order: who says what, which tool is called with what."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from caseback.detectors.fits import Fits, Needs
from caseback.detectors.known import Known
from caseback.detectors.regex import MOST, compiled
from caseback.detectors.scored import Scored, Span
from caseback.detectors.transcript import ROLES, Field, Transcript
from caseback.errors import CasebackError
from caseback.subject.open_subject import OpenSubject


@dataclass(frozen=True)
class Step:
    """A message or a tool call. What is left empty is not asked about; something must be asked.

    Attributes:
        role: Whose message. With ``tool`` it is ``assistant`` for the call and ``tool`` for what came back.
        tool: Name of a tool that is called, or that answers.
        content: RE2 pattern found in the message's content.
        arguments: RE2 pattern found in the call's arguments as they were written.
    """

    role: str = ""
    tool: str = ""
    content: str = ""
    arguments: str = ""

    def __post_init__(self) -> None:
        if not (self.role or self.tool or self.content or self.arguments):
            raise CasebackError("a step that asks nothing: name a role, a tool or a pattern")
        if self.role and self.role not in ROLES:
            raise CasebackError(f"a step names the role {self.role!r}: it is one of {', '.join(ROLES)}")
        for pattern in filter(None, (self.content, self.arguments)):
            compiled(pattern)


@dataclass(frozen=True)
class _Event:
    """A message, or a tool call of one."""

    message: int
    role: str
    tool: str
    content: str
    arguments: str | None = None
    call: int = 0


@dataclass(frozen=True)
class SequenceDetector:
    """1 where the steps occur in their order, with anything between them; else 0."""

    name: str
    behaviour: str
    steps: tuple[Step, ...]
    known: Known = Known()  # noqa: RUF009
    needs: ClassVar[Needs] = "text"
    fits: ClassVar[Fits] = Fits()

    def __post_init__(self) -> None:
        if not 1 <= len(self.steps) <= MOST:
            raise CasebackError(f"detector {self.name} has {len(self.steps)} steps: give 1 to {MOST}")

    def scores(self, transcripts: Sequence[Transcript], subject: OpenSubject | None = None) -> list[Scored]:
        """1 with the place of each step, or 0; None where the assistant has no turn and a step may ask for one."""
        return [self._scored(each) for each in transcripts]

    def _scored(self, transcript: Transcript) -> Scored:
        left, spans = list(self.steps), []
        for event in _events(transcript.messages):
            # Taking each step where it first occurs finds the order wherever it is there.
            if left and (span := _matched(left[0], event)):
                left.pop(0)
                spans.append(span)
        if not left:
            return Scored(1.0, spans=tuple(spans))
        acting = any(step.tool or step.arguments or step.role in ("", "assistant") for step in left)
        if acting and not any(message["role"] == "assistant" for message in transcript.messages):
            return Scored(None, "the assistant has no turn")
        return Scored(0.0)


def _events(messages: Sequence[Mapping[str, Any]]) -> Iterator[_Event]:
    names: dict[str, str] = {}
    for at, message in enumerate(messages):
        answers = message.get("name") or names.get(message.get("tool_call_id", ""), "")
        yield _Event(at, message["role"], answers if message["role"] == "tool" else "", message["content"])
        for number, call in enumerate(message.get("tool_calls", ())):
            names[call.get("id", "")] = call["function"]["name"]
            said = call["function"]
            yield _Event(at, message["role"], said["name"], message["content"], said["arguments"], number)


def _matched(step: Step, event: _Event) -> Span | None:
    """Where the step is in the event, or None."""
    if (step.role and step.role != event.role) or (step.tool and step.tool != event.tool):
        return None
    if event.arguments is not None and not (step.tool or step.arguments):
        return None  # what was said beside a call is the message's, and is one step at most
    field: Field = "content" if event.arguments is None else "arguments"
    text = event.content if event.arguments is None else event.arguments
    start, end = 0, len(text)
    if step.content:
        found = compiled(step.content).search(event.content)
        if not found:
            return None
        if field == "content":
            start, end = found.span()
    if step.arguments:
        found = None if event.arguments is None else compiled(step.arguments).search(event.arguments)
        if not found:
            return None
        start, end = found.span()
    return Span(event.message, field, start, end, event.call)
