"""A situation turn by turn, for whoever asks for one turn at a time; no other play of it than the native one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from caseback.behaviours.behaviour import Behaviour
from caseback.chat import Chat
from caseback.subject.subject import Reply, Sampling
from caseback.world.situation import Situation

ENDED = Reply("", finish="error", error="no answer")
"""What is said where the audit ended before the situation was over."""


class _AskedAgainError(Exception):
    """Carries the chat that the play asks for a reply to."""

    def __init__(self, chat: Chat) -> None:
        super().__init__()
        self.chat = chat


@dataclass
class _Recorded:
    """A subject that gives its replies in turn, and then what ``afterwards`` makes of the chat."""

    replies: Sequence[Reply]
    afterwards: Callable[[Chat], Reply]
    name: str = "recorded"
    digest: str = ""
    given: int = field(default=0, init=False)

    def generate(
        self,
        chats: Sequence[Chat],
        sampling: Sampling = Sampling(),  # noqa: B008
        *,
        seeds: Sequence[int] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Reply]:
        [chat] = chats
        if self.given == len(self.replies):
            return [self.afterwards(chat)]
        self.given += 1
        return [self.replies[self.given - 1]]


def next_chat(behaviour: Behaviour, situation: Situation, replies: Sequence[Reply]) -> Chat | None:
    """The chat that the subject is to answer next, after these replies to the situation; None where it is over."""
    if behaviour.acted is None:
        return None if replies else situation.messages
    try:
        behaviour.acted.play(_Recorded(replies, _ask), [situation], Sampling())
    except _AskedAgainError as asked:
        return asked.chat
    return None


def whole_reply(behaviour: Behaviour, situation: Situation, replies: Sequence[Reply]) -> Reply:
    """The reply to the situation that these replies make up: the account of all turns where it is acted out."""
    if behaviour.acted is None:
        return replies[0] if replies else ENDED
    [reply] = behaviour.acted.play(_Recorded(replies, lambda _: ENDED), [situation], Sampling())
    return reply


def _ask(chat: Chat) -> Reply:
    raise _AskedAgainError(chat)
