"""What works beside the gateway, each a process of its own that is kept alive."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)
"""Seconds before one that died is started again: longer each time, while it dies soon."""
WELL = 60.0
"""Seconds after which one that died is no longer one that dies soon."""
GOODBYE = 20.0
"""Seconds that each has at the end to finish."""


async def keep_writer(configuration: Path) -> None:
    """Keeps the writer alive, which scores what the journal holds and puts it into the store."""
    arguments = ("write", "--beside-gateway", str(configuration))
    await _keep(arguments, "writer", "what is served waits in the journal")


async def keep_rounds(configuration: Path) -> None:
    """Keeps the rounds going that draw for audits, group what was flagged into incidents, and raise alerts."""
    arguments = ("alerts", "run", "--beside-gateway", "--config", str(configuration))
    await _keep(arguments, "rounds", "what is flagged meanwhile is grouped later")


async def _keep(arguments: Sequence[str], name: str, meanwhile: str) -> None:
    """Runs ``caseback watch`` with these arguments, and again when it dies, until cancelled; then it is asked to end.

    It ends by itself when this process dies.
    """
    died = 0
    while True:
        begun = asyncio.get_running_loop().time()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "caseback", "watch", *arguments, stdin=asyncio.subprocess.DEVNULL
        )
        try:
            status = await process.wait()
        except asyncio.CancelledError:
            await _end(process)
            raise
        died = 0 if asyncio.get_running_loop().time() - begun > WELL else died
        pause = PAUSES[min(died, len(PAUSES) - 1)]
        died += 1
        print(
            f"caseback: the {name} ended with status {status}; {meanwhile}, and it is started again in {pause:g} s",
            file=sys.stderr,
            flush=True,
        )
        await asyncio.sleep(pause)


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(GOODBYE):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
