"""The reference model, subjects by script, and a machine without a network."""

import socket
from pathlib import Path
from typing import Any

import pytest

from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from scripted_for_tests import Scripted

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


@pytest.fixture
def scripted() -> type[Scripted]:
    return Scripted
