"""Gathers requests that come one by one into batches, for a model that answers many at hardly more cost than one.

There is no task in the background: of the callers that wait, one takes the turn, lets the others arrive, and answers
for all of them whose requests go together.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import anyio
from anyio import to_thread

QUIET = 0.02
"""Seconds without a new request after which a batch is taken to be complete. Inspect starts a sample in about 10 ms."""

Key = TypeVar("Key", bound=Hashable)
Request = TypeVar("Request")
Answer = TypeVar("Answer")


@dataclass(eq=False)
class _Waiting(Generic[Key, Request, Answer]):
    key: Key
    request: Request
    answers: tuple[Answer, ...] = ()
    error: Exception | None = None

    @property
    def done(self) -> bool:
        return bool(self.answers) or self.error is not None


class Batcher(Generic[Key, Request, Answer]):
    """Answers requests in batches, in a thread of its own, one batch at a time.

    Args:
        answer: ``answer(key, requests)``: one answer per request, in order. Only requests of equal key go together.
        most: Requests in a batch.
    """

    def __init__(self, answer: Callable[[Key, Sequence[Request]], Sequence[Answer]], most: int) -> None:
        self._answer = answer
        self._most = most
        self._waiting: list[_Waiting[Key, Request, Answer]] = []
        self._turn = anyio.Lock()

    async def ask(self, key: Key, request: Request) -> Answer:
        """The answer to one request.

        Raises:
            Exception: whatever answering this request raises; other requests of the batch are not touched by it.
        """
        waiting = _Waiting[Key, Request, Answer](key, request)
        if not self._waiting:
            # Nobody holds the turn now. One kept from an earlier event loop could not be taken in this one.
            self._turn = anyio.Lock()
        self._waiting.append(waiting)
        try:
            async with self._turn:
                while not waiting.done:
                    await self._gather()
                    batch = [other for other in self._waiting if other.key == key and not other.done][: self._most]
                    await to_thread.run_sync(self._answer_batch, batch)
        finally:
            self._waiting.remove(waiting)
        if waiting.error is not None:
            raise waiting.error
        return waiting.answers[0]

    async def _gather(self) -> None:
        """Wait until no more requests arrive, or there are enough."""
        before = -1
        while before < len(self._waiting) < self._most:
            before = len(self._waiting)
            await anyio.sleep(QUIET)

    def _answer_batch(self, batch: Sequence[_Waiting[Key, Request, Answer]]) -> None:
        """Answer all together, or, where that fails, each alone, so that an error stays with the request it is of."""
        try:
            answers = self._answer(batch[0].key, [waiting.request for waiting in batch])
            for waiting, answer in zip(batch, answers, strict=True):
                waiting.answers = (answer,)
        except Exception as error:  # whatever it is, it is raised again where the answer is awaited
            if len(batch) == 1:
                batch[0].error = error
                return
            for waiting in batch:
                self._answer_batch([waiting])
