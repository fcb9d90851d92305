"""Streams of events, cut so that none is sent in part, and their end known."""

DONE = (b"data: [DONE]", b"data:[DONE]")
LONGEST = 1 << 16
"""Bytes of a line that are held back until its end comes."""


class Lines:
    """Holds back a line that has no end yet, so that a stream that breaks off can be ended with an event of our own."""

    def __init__(self) -> None:
        self.rest = b""
        self._inside = False

    def cut(self, part: bytes) -> tuple[bytes, bool]:
        """What may go after this part came, and whether it holds the end of the stream."""
        if not self.rest and part[-1:] == b"\n" and b"[DONE]" not in part:  # as most are
            self._inside = False
            return part, False
        data = self.rest + part if self.rest else part
        keep = len(data) if data.endswith(b"\n") else data.rfind(b"\n") + 1
        if b"[DONE]" in data and (mark := self._mark(data)) >= 0:
            if b"\n\n" in data[mark:] or b"\r\n\r\n" in data[mark:]:
                self.rest = b""
                return data, True
            keep = mark
        elif (self._inside and not keep) or len(data) - keep > LONGEST:
            self.rest, self._inside = b"", True
            return data, False
        if keep:
            self._inside = False
        self.rest = data[keep:]
        return data[:keep], False

    def _mark(self, data: bytes) -> int:
        """Where the line that ends the stream begins; -1 where there is none."""
        for mark in DONE:
            if not self._inside and data.startswith(mark):
                return 0
            if (at := data.find(b"\n" + mark)) >= 0:
                return at + 1
        return -1
