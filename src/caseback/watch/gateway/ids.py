"""Ids of exchanges."""

import os
import re
import time

ID = re.compile(r"[0-9a-f]{28}")


class Ids:
    """Makes ids: 12 hexadecimal digits of milliseconds, 4 that count, 12 that are random.

    They sort by time; those of one gateway in the order in which they were made, also where the clock is set back.
    """

    def __init__(self) -> None:
        self._last, self._count = 0, 0

    def next(self) -> str:
        """A new one."""
        now = time.time_ns() // 1_000_000
        if now > self._last:
            self._last, self._count = now, 0
        elif self._count < 0xFFFF:
            self._count += 1
        else:
            self._last, self._count = self._last + 1, 0
        return f"{self._last:012x}{self._count:04x}{os.urandom(6).hex()}"
