"""A model server that costs next to nothing: the same whole answer, or the same stream, to whatever it is asked.

python benchmarks/watch/gateway_upstream.py        prints its port
"""

import asyncio
import json
from typing import Any

import uvloop

EVENTS = 64
"""Of a stream, each a write of its own."""
HEAD = {"id": "chatcmpl-1", "created": 1_700_000_000, "model": "fixed"}
TEXT = "The river Trent rises on the moor and turns north at the weir, where the mill stood until the flood. " * 4


def whole() -> bytes:
    """A chat completion of about 400 characters."""
    choice = {"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 20, "completion_tokens": 90, "total_tokens": 110}
    body = json.dumps({**HEAD, "object": "chat.completion", "choices": [choice], "usage": usage}).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


def chunk(data: bytes) -> bytes:
    """A chunk of HTTP."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def events() -> list[bytes]:
    """Head and chunks of a stream."""
    words = TEXT.split()
    made = [b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"]
    for at in range(EVENTS):
        choice = {"index": 0, "delta": {"content": f"{words[at % len(words)]} "}, "finish_reason": None}
        made.append(chunk(b"data: " + json.dumps({**HEAD, "choices": [choice]}).encode() + b"\n\n"))
    return [*made, chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"]


WHOLE, STREAM = whole(), events()


class Server(asyncio.Protocol):
    """Answers each request on a connection."""

    def connection_made(self, transport: Any) -> None:
        self.transport, self.data = transport, b""

    def data_received(self, data: bytes) -> None:
        self.data += data
        head, found, body = self.data.partition(b"\r\n\r\n")
        if not found:
            return
        low = head.lower()
        if b"\r\ntransfer-encoding: chunked" in low:
            if not body.endswith(b"0\r\n\r\n"):
                return
        elif b"\r\ncontent-length: " in low and len(body) < int(
            low.split(b"\r\ncontent-length: ")[1].split(b"\r\n")[0]
        ):
            return
        self.data = b""
        if b'"stream": true' in body or b'"stream":true' in body:
            self.left = iter(STREAM)
            self.next()
        else:
            self.transport.write(WHOLE)

    def next(self) -> None:
        """The next event; others have their turn in between."""
        if (part := next(self.left, None)) is not None and not self.transport.is_closing():
            self.transport.write(part)
            asyncio.get_running_loop().call_soon(self.next)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
