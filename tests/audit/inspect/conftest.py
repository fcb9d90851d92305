"""The reference model, subjects by script, and a machine without a network."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from caseback.chat import Chat
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Finish, Reply, Sampling

REFERENCE = Path(__file__).parents[3] / "models" / "ref-base"


@pytest.fixture(scope="session")
def reference() -> OpenSubject:
    """The embedded reference model."""
    return load(str(REFERENCE), dtype="float32")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be looked up or connected to, but for sockets within the process."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("the network was asked")

    connect = socket.socket.connect

    def local_only(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            refuse()
        connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", local_only)


@dataclass
class Scripted:
    """Answers each chat with what ``say`` makes of it."""

    say: Callable[[Chat], str]
    finish: Finish = "stop"
    name: str = "scripted"
    digest: str = "0" * 64

    def generate(
        self,
        chats: Sequence[Chat],
        sampling: Sampling | None = None,
        *,
        seeds: Sequence[int] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Reply]:
        return [Reply(text=self.say(chat), finish=self.finish) for chat in chats]


@pytest.fixture
def scripted() -> type[Scripted]:
    return Scripted
