"""A headless Chromium, driven over its own protocol; tests that need one skip where there is none."""

import asyncio
import base64
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

NAMES = ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome")


class Tab:
    """One page: what it logs and asks for is kept."""

    def __init__(self, loop: asyncio.AbstractEventLoop, line: aiohttp.ClientWebSocketResponse) -> None:
        self.loop, self.line, self.number = loop, line, 0
        self.logged: list[str] = []
        self.asked: list[str] = []

    def send(self, method: str, **params: Any) -> Any:
        return self.loop.run_until_complete(self._send(method, params))

    async def _send(self, method: str, params: dict[str, Any]) -> Any:
        self.number += 1
        await self.line.send_json({"id": self.number, "method": method, "params": params})
        while True:
            message = json.loads((await self.line.receive(60)).data)
            if message.get("id") == self.number:
                assert "error" not in message, message
                return message["result"]
            told = message.get("params", {})
            if message.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"):
                self.logged.append(json.dumps(told))
            if message.get("method") == "Network.requestWillBeSent":
                self.asked.append(told["request"]["url"])

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression; a promise is waited for."""
        found = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def until(self, script: str, seconds: float = 60.0) -> None:
        """Waits until an expression is true."""
        end = time.monotonic() + seconds
        while not self.run(f"Boolean({script})"):
            assert time.monotonic() < end, f"never came true: {script}"
            time.sleep(0.05)

    def go(self, address: str) -> None:
        self.send("Page.navigate", url=address)
        self.until("document.readyState === 'complete'")

    def picture(self, path: Path, width: int = 1280, height: int = 900) -> None:
        """Writes a PNG of the page."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"]))


@contextmanager
def browser() -> Iterator[Tab]:
    """A fresh browser with one tab."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("needs Chromium, to look at the page as a person does")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        process = subprocess.Popen(
            [program, *flags, f"--user-data-dir={profile}", "--remote-debugging-port=0", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        loop = asyncio.new_event_loop()
        try:
            with tab_of(loop, _port(Path(profile), process)) as tab:
                yield tab
        finally:
            loop.close()
            process.terminate()
            process.wait(30)


def _port(profile: Path, process: "subprocess.Popen[bytes]") -> int:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            return int((profile / "DevToolsActivePort").read_text().split()[0])
        except (OSError, IndexError):
            if process.poll() is not None:
                pytest.skip(f"Chromium does not start here (status {process.returncode})")
            time.sleep(0.1)
    pytest.skip("Chromium does not open its port within a minute")


@contextmanager
def tab_of(loop: asyncio.AbstractEventLoop, port: int) -> Iterator[Tab]:
    async def opened() -> tuple[aiohttp.ClientSession, aiohttp.ClientWebSocketResponse]:
        session = aiohttp.ClientSession()
        async with session.get(f"http://127.0.0.1:{port}/json") as answer:
            [page] = [one for one in await answer.json() if one["type"] == "page"]
        return session, await session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0)

    session, line = loop.run_until_complete(opened())
    tab = Tab(loop, line)
    try:
        for domain in ("Page", "Runtime", "Log", "Network"):
            tab.send(f"{domain}.enable")
        yield tab
    finally:
        loop.run_until_complete(line.close())
        loop.run_until_complete(session.close())
