"""What stands behind the gateway: something that is asked and answers, an upstream or a model served here."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from caseback.watch.entry import Ended
from caseback.watch.verdict import Verdict


@dataclass(frozen=True)
class Asked:
    """A request as it goes on.

    Attributes:
        id: Of the exchange.
        method: ``POST`` or ``GET``.
        path: Such as ``/v1/chat/completions``.
        query: What stood behind a question mark, as it was sent.
        headers: That may go on.
        body: As it was sent.
        scores: Whether the client may see the scores of tokens.
    """

    id: str
    method: str
    path: str
    query: bytes
    headers: Sequence[tuple[str, str]]
    body: bytes
    scores: bool


class Answer(Protocol):
    """An answer that has begun.

    Attributes:
        status: As HTTP has it.
        headers: For the client, without those of the connection.
        streamed: Whether it is a stream of events.
        verdicts: Of detectors that read the model as it answered; complete once all is read.
        ended: How, as far as what answers knows: ``whole`` but for a model served here that refused, or broke off, or
            was stopped; right once all is read.
    """

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    streamed: bool
    verdicts: tuple[Verdict, ...]
    ended: Ended

    async def read(self) -> bytes:
        """What came since, as soon as something did; empty at the end.

        Raises:
            BrokeError: it broke off, or stalled.
        """

    def close(self) -> None:
        """No more is wanted. Ends what is under way; ``verdicts`` then tells of what was made. Harmless at the end."""


class BrokeError(Exception):
    """What answers did not, or not to the end: ``status`` is what a client is told that has got nothing yet."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


Answers = Callable[[Asked], Awaitable[Answer]]
"""Asks, and returns once the answer has begun.

Raises:
    BrokeError: there is none.
"""
