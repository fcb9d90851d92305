"""The writer, kept alive beside the gateway as a process of its own."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)
"""Seconds before a writer that died is started again: longer each time, while it dies soon."""
WELL = 60.0
"""Seconds after which one that died is no longer one that dies soon."""
GOODBYE = 20.0
"""Seconds that it has at the end to keep what the journal still holds."""


async def keep_writer(configuration: Path) -> None:
    """Starts the writer, and again when it dies, until this is cancelled; then it is asked to end.

    It ends by itself when this process dies.
    """
    died = 0
    while True:
        begun = asyncio.get_running_loop().time()
        writer = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "caseback", "watch", "write", "--beside-gateway", str(configuration),
            stdin=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            status = await writer.wait()
        except asyncio.CancelledError:
            await _end(writer)
            raise
        died = 0 if asyncio.get_running_loop().time() - begun > WELL else died
        pause = PAUSES[min(died, len(PAUSES) - 1)]
        died += 1
        print(
            f"caseback: the writer ended with status {status}; what is served waits in the journal, and the writer is "
            f"started again in {pause:g} s",
            file=sys.stderr, flush=True,
        )  # fmt: skip
        await asyncio.sleep(pause)


async def _end(writer: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        writer.terminate()
    try:
        async with asyncio.timeout(GOODBYE):
            await writer.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            writer.kill()
        await writer.wait()
