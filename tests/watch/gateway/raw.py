"""Requests as no decent client writes them."""

import socket
import time
from urllib.parse import urlsplit


def sent(address: str, *parts: bytes | float, wait: float = 5.0, half_close: bool = False) -> bytes:
    """All that comes back until the server closes, or nothing came for a while; a number is a pause in seconds."""
    with connected(address, wait) as sock:
        for part in parts:
            if isinstance(part, float):
                time.sleep(part)
                continue
            try:
                sock.sendall(part)
            except OSError:
                break
        if half_close:
            sock.shutdown(socket.SHUT_WR)
        return received(sock)


def connected(address: str, wait: float = 5.0) -> socket.socket:
    """A connection."""
    at = urlsplit(address)
    return socket.create_connection((at.hostname, at.port), wait)


def received(sock: socket.socket) -> bytes:
    """Until the end, or until nothing comes."""
    found = b""
    try:
        while part := sock.recv(1 << 16):
            found += part
    except OSError:
        pass
    return found


def post(body: bytes, *headers: bytes, path: bytes = b"/v1/chat/completions", close: bool = True) -> bytes:
    """A request in order."""
    lines = [b"POST " + path + b" HTTP/1.1", b"host: 127.0.0.1", b"content-type: application/json", *headers]
    lines += [b"content-length: %d" % len(body), *([b"connection: close"] if close else [])]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


CHAT = b'{"model": "m", "messages": [{"role": "user", "content": "hello"}]}'
STREAM = b'{"model": "m", "stream": true, "messages": [{"role": "user", "content": "hello"}]}'


def status(answer: bytes) -> int:
    """Of the first answer."""
    return int(answer.split(b" ", 2)[1])
