"""Clients that never tire: they ask until FOLDER/stop is there, and write down each answer that came whole.

python benchmarks/watch/soak_load.py ADDRESS FOLDER CONNECTIONS

Every attempt has a tag of its own, which it sends as the name of an agent. FOLDER/acks gets the tag and the exchange's
id of each answer that came whole, FOLDER/failed the tag of each attempt that the gateway's end cut off.
"""

import asyncio
import json
import os
import sys
from itertools import count
from pathlib import Path

import aiohttp
import uvloop

BODY = {"model": "fixed", "messages": [{"role": "user", "content": "Where does the Trent rise? Tell bob@example.org."}]}
STREAMED = 8
"""One in so many attempts asks for a stream."""


async def ask(session: aiohttp.ClientSession, address: str, tag: str, stream: bool) -> str:
    """The exchange's id, once the answer came whole."""
    body = json.dumps({**BODY, "stream": stream})
    headers = {"content-type": "application/json", "x-caseback-agent": tag}
    async with session.post(f"{address}/v1/chat/completions", data=body, headers=headers) as answer:
        got = await answer.read()
        whole = got.rstrip().endswith(b"data: [DONE]") if stream else "choices" in json.loads(got)
        if answer.status != 200 or not whole:
            raise aiohttp.ClientError(f"status {answer.status}")
        return answer.headers["x-request-id"]


async def load(address: str, folder: Path, connections: int) -> None:
    """Asks until it is told to stop; goes on where an earlier load was."""
    acks = os.open(folder / "acks", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    failed = os.open(folder / "failed", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    # Attempts under way when an earlier load was broken off are in neither file: their tags are not used again.
    used = [line.split()[0] for name in ("acks", "failed") for line in (folder / name).read_text().splitlines()]
    tags = count(max((int(tag[1:]) for tag in used), default=-1) + 1 + connections)
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections), timeout=timeout) as session:

        async def worker() -> None:
            while not (folder / "stop").exists():
                tag = f"s{next(tags):08d}"
                try:
                    id = await ask(session, address, tag, int(tag[1:]) % STREAMED == 0)
                except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
                    os.write(failed, f"{tag}\n".encode())
                    await asyncio.sleep(0.1)
                    continue
                os.write(acks, f"{tag} {id}\n".encode())

        await asyncio.gather(*(worker() for _ in range(connections)))


if __name__ == "__main__":
    uvloop.run(load(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
