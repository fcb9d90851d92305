"""Answers a batch of chats with a subject: plainly, by choosing among options, steered, and read from inside."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from caseback.audit.inspect.settings import Asking
from caseback.behaviours.choice import answer
from caseback.chat import Chat
from caseback.errors import CasebackError
from caseback.interp.direction import Direction, pooled
from caseback.interp.directions.examples import Example, tokens_of
from caseback.interp.directions.steer import REPLY, steered
from caseback.subject.capture import capture
from caseback.subject.intervene import intervene
from caseback.subject.open_subject import OpenSubject
from caseback.subject.span import Span
from caseback.subject.subject import Reply, Subject
from caseback.world.situation import Situation


@dataclass(frozen=True)
class Answered:
    """A reply; the ``readings`` of the transcript by direction, None where the part to be read is empty; and by how
    much each direction steered by ``moved`` a token's activation in this batch, as a share of its length."""

    reply: Reply
    readings: Mapping[str, float | None] = field(default_factory=dict)
    moved: Mapping[str, float] = field(default_factory=dict)


def answer_all(
    subject: Subject,
    asking: Asking,
    requests: Sequence[tuple[Chat, int]],
    direction_of: Callable[[str], Direction],
) -> list[Answered]:
    """One answer per chat and its seed, in order.

    Args:
        subject: Open where the request steers or reads.
        asking: How to answer all of them.
        requests: Chats, each with its seed.
        direction_of: The direction in a folder, for this subject.

    Raises:
        CasebackError: a closed subject is to be steered or read, or what the subject itself refuses.
    """
    situations = [Situation("", "", "test", tuple(chat), {"options": asking.options}) for chat, _ in requests]
    seeds = [seed for _, seed in requests]
    if not asking.steer and not asking.read:
        return [Answered(reply) for reply in answer(subject, situations, asking.sampling, seeds=seeds)]
    if not isinstance(subject, OpenSubject):
        raise CasebackError(f"{subject.name} is closed: only a model whose weights are here can be steered or read")
    doses = [(direction_of(folder), dose) for folder, dose in asking.steer]
    with ExitStack() as steering:
        receipt = (
            steering.enter_context(intervene(subject.model, [steered(each, dose) for each, dose in doses]))
            if doses
            else []
        )
        replies = answer(subject, situations, asking.sampling, seeds=seeds)
        moved = {each.name: effect.relative for (each, _), effect in zip(doses, receipt, strict=True)}
    found = []
    for (chat, _), reply in zip(requests, replies, strict=True):
        readings = {each.name: _reading(subject, each, doses, chat, reply) for each in map(direction_of, asking.read)}
        found.append(Answered(reply, readings, moved))
    return found


def _reading(
    subject: OpenSubject, direction: Direction, doses: Sequence[tuple[Direction, float]], chat: Chat, reply: Reply
) -> float | None:
    """The score of a transcript, with the steering in place under which the reply came about."""
    if reply.finish == "error":
        return None
    prompt = subject.format.prompt(chat).ids
    if direction.reading.part == "reply":
        ids, span = [*prompt, *reply.tokens], range(len(prompt), len(prompt) + len(reply.tokens))
    else:
        ids, span = tokens_of(subject, Example(tuple(chat), True, ""), direction.reading.part)
    if not span:
        return None
    with ExitStack() as steering:
        if doses:
            # Read in one piece all of it is a prompt, so the span is told by position and not from the prompt's end.
            here = Span(len(prompt) + REPLY.start)
            edits = [steered(each, dose, here) for each, dose in doses]
            steering.enter_context(intervene(subject.model, edits))
        [captured] = capture(subject.model, [ids], [direction.site], positions=[span])
    return pooled(direction.score(captured.at[direction.site].flatten(1)), direction.reading.pool)
