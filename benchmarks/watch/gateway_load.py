"""A client that costs little: asks over connections that stay open, and times each answer to its last byte."""

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any

MESSAGES = [
    {"role": "system", "content": "You answer in a few sentences."},
    {"role": "user", "content": "Where does the Trent turn, and what stood there before the flood came? " * 3},
]


@dataclass(frozen=True)
class Load:
    """What came of it: seconds of each answer in order, and seconds of all of them together."""

    each: list[float]
    wall: float

    @property
    def median(self) -> float:
        """Of the answers, in seconds."""
        return sorted(self.each)[len(self.each) // 2]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.each) / self.wall


def request(stream: bool, key: str) -> bytes:
    """As OpenAI's client writes it, about."""
    body = json.dumps({"model": "fixed", "messages": MESSAGES, "stream": stream}).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\n"
        f"content-type: application/json\r\nuser-agent: load\r\nauthorization: Bearer {key}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Connection(asyncio.Protocol):
    """One at a time."""

    def __init__(self) -> None:
        self.data, self.done, self.asked = bytearray(), asyncio.get_running_loop().create_future(), False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def ask(self, content: bytes) -> "asyncio.Future[None]":
        self.data.clear()
        self.asked = True
        self.done = asyncio.get_running_loop().create_future()
        self.transport.write(content)
        return self.done

    def data_received(self, data: bytes) -> None:
        self.data += data
        if self._whole() and not self.done.done():
            if not self.data.startswith(b"HTTP/1.1 200"):
                self.done.set_exception(RuntimeError(bytes(self.data[:300]).decode(errors="replace")))
            else:
                self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if self.asked and not self.done.done():
            self.done.set_exception(ConnectionError("the server closed the connection"))

    def _whole(self) -> bool:
        end = self.data.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self.data[:end]).lower()
        if b"transfer-encoding: chunked" in head:
            return self.data.endswith(b"0\r\n\r\n")
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        return len(self.data) >= end + 4 + length


async def load(port: int, n: int, connections: int, stream: bool, key: str = "none") -> Load:
    """``n`` answers over so many connections at once."""
    loop, content, times = asyncio.get_running_loop(), request(stream, key), []
    left = iter(range(n))

    async def one(connection: Connection) -> None:
        for _ in left:
            begun = time.perf_counter()
            await connection.ask(content)
            times.append(time.perf_counter() - begun)

    opened = [(await loop.create_connection(Connection, "127.0.0.1", port))[1] for _ in range(connections)]
    begun = time.perf_counter()
    await asyncio.gather(*(one(each) for each in opened))
    wall = time.perf_counter() - begun
    for each in opened:
        each.asked = False
        each.transport.close()
    return Load(times, wall)
