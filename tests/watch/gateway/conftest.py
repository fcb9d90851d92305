"""A gateway in a thread, in front of a model server."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest
import uvloop

from caseback.watch.configuration import Configuration, read_configuration
from caseback.watch.entry import Carried
from caseback.watch.gateway.serve import serve
from caseback.watch.journal import journal_files, read_journal
from watch.gateway.upstream import Model, model_server


def journaled(folder: Path) -> list[Any]:
    """Every entry of a journal."""
    return [entry for path in journal_files(folder) for entry in read_journal(path).entries]


@dataclass
class Running:
    """A gateway under test."""

    configuration: Configuration
    address: str
    model: Model

    def entries(self) -> list[Any]:
        """All that it wrote down."""
        return journaled(self.configuration.journal)

    def carried(self) -> list[Carried]:
        """The exchanges that it wrote down."""
        return [each for each in self.entries() if isinstance(each, Carried)]

    def client(self, key: str = "none", **more: Any) -> openai.OpenAI:
        """The client that everybody uses, as it is."""
        return openai.OpenAI(base_url=f"{self.address}/v1", api_key=key, **{"max_retries": 0, "timeout": 20.0, **more})


@contextmanager
def gateway(configuration: Configuration, answers: Any = None) -> Iterator[str]:
    """Serves in a thread; yields the address."""
    address: list[str] = []
    ready, loop, error = threading.Event(), uvloop.new_event_loop(), []
    task: list[asyncio.Task[None]] = []

    def told(at: str) -> None:
        address.append(at)
        ready.set()

    async def run() -> None:
        serves = answers.serves if answers else ""
        task.append(asyncio.create_task(serve(configuration, told, writer=False, answers=answers, serves=serves)))
        await task[0]

    def main() -> None:
        try:
            loop.run_until_complete(run())
        except asyncio.CancelledError:
            pass
        except BaseException as raised:
            error.append(raised)
        finally:
            ready.set()
            loop.close()

    thread = threading.Thread(target=main, daemon=True)
    thread.start()
    assert ready.wait(30)
    if error:
        raise error[0]
    try:
        yield address[0]
    finally:
        loop.call_soon_threadsafe(task[0].cancel)
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def model() -> Iterator[Model]:
    with model_server() as found:
        yield found


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path, model: Model) -> Iterator[Start]:
    """Starts a gateway in front of the model server; its argument is more of the file."""
    running: list[Any] = []

    def started(more: str = "", **parts: Any) -> Running:
        file = tmp_path / "watch.toml"
        file.write_text(f'listen = "127.0.0.1:0"\nupstream = "{model.address}"\n{more}\n')
        configuration = read_configuration(file)
        opened = gateway(configuration)
        address = opened.__enter__()
        running.append(opened)
        return Running(configuration, address, model)

    yield started
    for each in running:
        each.__exit__(None, None, None)
