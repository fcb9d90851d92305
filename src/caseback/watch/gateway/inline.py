"""Detectors that are asked before the client has the reply."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from caseback.detectors.faults import BUSY, LATE
from caseback.detectors.scored import Scored
from caseback.detectors.transcript import Transcript
from caseback.errors import CasebackError
from caseback.watch.configuration import Inline
from caseback.watch.entry import Carried
from caseback.watch.exchange import exchange_of, transcript
from caseback.watch.verdict import Verdict
from caseback.watch.watching import Watching, verdict, verdict_from

P = ParamSpec("P")
T = TypeVar("T")
READ_AGAIN = 4.0
"""Times the budget of a detector that parsing an exchange may take."""


class Readers:
    """Detectors in threads, each with its budget of time. One that fails or is late has no say: that is its verdict.

    Waiting for a free thread is part of the budget. A thread cannot be ended: a detector that hangs holds one, and when
    all are held for as long as the budget lasts the others have no say either, which every verdict says.
    """

    def __init__(self, watching: Sequence[Watching], inline: Inline) -> None:
        self.watching, self.characters = tuple(watching), inline.characters
        self._seconds, self._free = inline.milliseconds / 1e3, asyncio.Semaphore(inline.threads)
        self._threads = ThreadPoolExecutor(inline.threads, "detector")

    def untold(self, why: str) -> tuple[Verdict, ...]:
        """That none of them had a say, and why."""
        return tuple(verdict_from(each, Scored(None, why)) for each in self.watching)

    async def verdicts(self, carried: Carried) -> tuple[Verdict, ...]:
        """What each detector says of the exchange as far as it went. Never fails."""
        read = await self._within(self._seconds * READ_AGAIN, _transcript, carried)
        if isinstance(read, str):
            return self.untold(read)
        found = await asyncio.gather(*(self._within(self._seconds, verdict, each, read) for each in self.watching))
        return tuple(
            verdict_from(each, Scored(None, one)) if isinstance(one, str) else one
            for each, one in zip(self.watching, found, strict=True)
        )

    async def _within(self, seconds: float, run: Callable[P, T], *given: P.args, **named: P.kwargs) -> T | str:
        """What it gives, or in words why it gave nothing in time."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        try:
            async with asyncio.timeout_at(until):
                await self._free.acquire()
        except TimeoutError:
            return f"{BUSY} for {seconds * 1e3:g} ms: the detectors before it hang or are slow"
        running = loop.run_in_executor(self._threads, partial(run, *given, **named))
        running.add_done_callback(lambda _: self._freed(running))
        done, _ = await asyncio.wait((running,), timeout=until - loop.time())
        return running.result() if done else f"{LATE} {seconds * 1e3:g} ms"

    def _freed(self, running: "asyncio.Future[T]") -> None:
        self._free.release()
        running.exception() if not running.cancelled() else None

    def close(self) -> None:
        """Waits for none of them."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _transcript(carried: Carried) -> Transcript | str:
    """What detectors read, or why there is nothing to read."""
    try:
        return transcript(exchange_of(carried))
    except CasebackError as error:
        return str(error)
