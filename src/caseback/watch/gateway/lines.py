"""Streams of events, cut so that none is sent in part, and their end known."""

from typing import NamedTuple

DONE = (b"data: [DONE]", b"data:[DONE]")
LONGEST = 1 << 16
"""Bytes of a line that are held back until its end comes."""


class Cut(NamedTuple):
    """``send`` may go; ``done`` says that it holds the end of the stream."""

    send: bytes
    done: bool


class Lines:
    """Holds back a line that has no end yet, so that a stream that breaks off can be ended with an event of our own."""

    def __init__(self) -> None:
        self.rest = b""
        self._inside = False

    def cut(self, part: bytes) -> Cut:
        """What may go after this part came."""
        data = self.rest + part if self.rest else part
        keep = len(data) if data.endswith(b"\n") else data.rfind(b"\n") + 1
        if b"[DONE]" in data and (mark := self._mark(data)) >= 0:
            if b"\n\n" in data[mark:] or b"\r\n\r\n" in data[mark:]:
                self.rest = b""
                return Cut(data, True)
            keep = mark
        elif (self._inside and not keep) or len(data) - keep > LONGEST:
            self.rest, self._inside = b"", True
            return Cut(data, False)
        if keep:
            self._inside = False
        self.rest = data[keep:]
        return Cut(data[:keep], False)

    def _mark(self, data: bytes) -> int:
        """Where the line that ends the stream begins; -1 where there is none."""
        for mark in DONE:
            if not self._inside and data.startswith(mark):
                return 0
            if (at := data.find(b"\n" + mark)) >= 0:
                return at + 1
        return -1
