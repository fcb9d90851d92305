"""When a request may go out: at most so many a minute, and none while the other side has asked for quiet."""

import asyncio
import random
import time

PATIENCE = 120.0
"""Seconds to wait for an address that does not answer."""
LONGEST_PAUSE = 60.0
LONGEST_ASKED = 600.0
"""Seconds: of our own pauses, and of those the other side asks for."""


class Pace:
    """Shared by all workers of one round. ``per_minute``: most requests a minute, None for no limit."""

    def __init__(self, per_minute: float | None) -> None:
        self.spacing = 60 / per_minute if per_minute else 0.0
        self.next_turn = 0.0

    async def turn(self) -> None:
        """Wait for one's turn."""
        at = max(time.monotonic(), self.next_turn)
        self.next_turn = at + self.spacing
        await asyncio.sleep(max(0.0, at - time.monotonic()))

    async def quiet(self, asked: float) -> None:
        """Pause as long as was asked, everybody."""
        asked = min(asked, LONGEST_ASKED)
        self.next_turn = max(self.next_turn, time.monotonic() + asked)
        await asyncio.sleep(asked)


def pause(attempt: int, first: float) -> float:
    """Seconds to wait after a failure: twice as long each time, spread so that many do not come back at one moment."""
    return min(LONGEST_PAUSE, first * 2**attempt) * random.uniform(0.5, 1.5)
