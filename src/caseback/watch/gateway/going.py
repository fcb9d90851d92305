"""An exchange under way."""

import asyncio
import time
from typing import Literal

from caseback.watch.entry import Carried, Ended
from caseback.watch.verdict import Verdict

Waits = Literal["request", "upstream", "client"]
Stop = Literal["", "left", "idle", "long"]
"""Why it was ended from outside: the client left, somebody was waited for too long, all of it took too long."""


class Going:
    """What is known of an exchange until it is carried.

    Attributes:
        waits: For whom, since ``moved``.
        stop: Why it was ended from outside.
        over: It is carried, and no longer to be stopped.
        ended: How, once it is over.
        sent: Bytes that the client got.
        response: The answer, as far as it is kept.
        left_out: Bytes of it that are not.
    """

    def __init__(self, id: str, path: str, kept: int) -> None:
        self.id, self.path, self._kept = id, path, kept
        self.client = self.trace = self.agent = ""
        self.body = b""
        self.time, self.clock = time.time(), time.perf_counter()
        self.moved = self.clock
        self.waits: Waits = "request"
        self.stop: Stop = ""
        self.over = False
        self.ended: Ended = "refused"
        self.status, self.streamed = 0, False
        self.first: float | None = None
        self.sent = self.left_out = 0
        self.response = bytearray()
        self.verdicts: tuple[Verdict, ...] = ()
        self.task: asyncio.Task[None] | None = None

    def keep(self, part: bytes) -> None:
        """A part of the answer came."""
        self.moved = time.perf_counter()
        if self.first is None:
            self.first = self.moved
        room = self._kept - len(self.response)
        if len(part) <= room and not self.left_out:
            self.response += part
        else:
            room = 0 if self.left_out else room
            self.response += part[:room]
            self.left_out += len(part) - room

    def end(self, stop: Stop) -> None:
        """Ends it from outside, unless it is over."""
        if not self.over and not self.stop and self.task is not None:
            self.stop = stop
            self.task.cancel()

    def carried(self, ended: Ended) -> Carried:
        """As it went."""
        return Carried(
            id=self.id,
            time=self.time,
            client=self.client,
            trace=self.trace,
            agent=self.agent,
            path=self.path,
            status=self.status,
            ended=ended,
            streamed=self.streamed,
            request=self.body,
            response=bytes(self.response),
            first_ms=None if self.first is None else (self.first - self.clock) * 1e3,
            total_ms=(time.perf_counter() - self.clock) * 1e3,
            verdicts=self.verdicts,
            left_out=self.left_out,
        )
