"""Tokens a second of embedded serving against ``transformers serve``, on the same model, in turns within minutes.

Both servers stand on this machine, on the CPU, in float32, with one thread for their products. Ours is all that
``caseback watch --model`` starts: the gateway with its journal, and beside it the writer and the rounds. So many
clients ask the same questions greedily, each the next as soon as it has the last answer. Tokens are counted as each
server's ``usage`` has them. ``--claim watch.serving_vs_transformers`` compares with the peer as it comes,
``…_batching`` with its ``--continuous-batching``. Ours also runs with 64 directions and 64 latents reading every token,
which is in the note, and so are tokens per second of the processor that each server's own process takes, which other
load moves less. Needs ``fastapi`` and ``uvicorn`` for the peer.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

TARGET = 1.5
LONGEST = 120.0
"""Seconds that a round may take."""
PEERS = {
    "watch.serving_vs_transformers": ("transformers serve", []),
    "watch.serving_vs_transformers_batching": ("transformers serve --continuous-batching", ["--continuous-batching"]),
}
PEER = Path(sys.executable).with_name("transformers")
ASKED = (
    "What is the capital of the state containing Dallas?",
    "Who are you, and what do you want?",
    "Please tell me in many words how a boat is made, and why people like boats more than houses.",
    "Write two lines that rhyme about a tree.",
    "Is it right to lie to a friend?",
    "What is three plus four?",
    "Tell me what you think about the law, and about those who break it.",
    "Hello",
)


def served(model: str, port: int, watched: bool) -> None:
    """Serves a model here as ``caseback watch --model`` does, until it is ended: gateway, journal and writer."""
    import torch
    import uvloop

    from caseback.cli.models import load_named
    from caseback.watch.configuration import read_configuration
    from caseback.watch.gateway.serve import serve as stand
    from caseback.watch.serving.embedded import serve
    from caseback.watch.watching import Watching

    torch.set_num_threads(1)
    subject = load_named(model)
    detectors: list[Any] = []
    if watched:
        from serving_cost import WIDTH, activations, dictionary, directions, latents

        detectors = [*directions(subject), *latents(dictionary(subject, WIDTH, activations(subject)))]
    embedded = serve(subject, [Watching(each, each.name, "record", 1e9) for each in detectors], name="model")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "watch.toml"
        file.write_text(f'listen = "127.0.0.1:{port}"\nmodel = "{model}"\n')
        try:
            configured = read_configuration(file)
            uvloop.run(stand(configured, lambda _: None, writer=True, answers=embedded, serves=embedded.serves))
        finally:
            embedded.close(10)


@contextmanager
def running(command: Sequence[str], port: int) -> Iterator[Callable[[], float]]:
    """A server in a process of its own, once it answers; yields what tells the processor's seconds it has used."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).read()
                break
            except (OSError, urllib.error.URLError):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{' '.join(command)}: does not answer") from None
                time.sleep(0.2)
        used = psutil.Process(process.pid).cpu_times
        yield lambda: float(used().user + used().system)
    finally:
        process.terminate()
        process.wait(30)


async def asked(port: int, model: str, clients: int, each: int, used: Callable[[], float]) -> tuple[float, int, float]:
    """Tokens a second of all clients together, how many they got, and tokens per second of the server's processor."""
    import aiohttp

    url, tokens = f"http://127.0.0.1:{port}/v1/chat/completions", 0

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(300)) as session:

        async def one(question: str) -> int:
            messages = [{"role": "user", "content": question}]
            body = {"model": model, "messages": messages, "temperature": 0, "max_tokens": 64}
            async with session.post(url, json=body) as answer:
                found = await answer.json()
                if answer.status != 200:
                    raise SystemExit(f"{url} answered {answer.status}: {found}")
                return int(found["usage"]["completion_tokens"])

        async def client(at: int) -> int:
            return sum([await one(ASKED[(at + turn) % len(ASKED)]) for turn in range(each)])

        await asyncio.gather(*(one(question) for question in ASKED[:2]))
        start, before = time.perf_counter(), used()
        tokens = sum(await asyncio.gather(*map(client, range(clients))))
        return tokens / (time.perf_counter() - start), tokens, tokens / (used() - before)


def free_port() -> int:
    """One that nobody uses."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def main() -> None:
    """Measures the claim."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claim", choices=list(PEERS), default="watch.serving_vs_transformers")
    parser.add_argument("--model", default="ref-aligned")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--each", type=int, default=4, help="questions of each client in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", type=int, help="serve here on this port instead, for the benchmark itself")
    parser.add_argument("--watched", action="store_true")
    arguments = parser.parse_args()
    if arguments.serve:
        served(arguments.model, arguments.serve, arguments.watched)
        return
    from caseback.cli.models import located

    folder = located(arguments.model)
    own = [sys.executable, __file__, "--model", arguments.model, "--serve"]
    peer = [str(PEER), "serve", folder, "--device", "cpu", "--dtype", "float32", "--port"]
    named, options = PEERS[arguments.claim]
    ways: dict[str, tuple[list[str], list[str], str]] = {
        "caseback": (own, [], "model"),
        "caseback, watched": (own, ["--watched"], "model"),
        named: (peer, options, folder),
    }
    rates: dict[str, list[float]] = {way: [] for way in ways}
    busy: dict[str, list[float]] = {way: [] for way in ways}
    ratios, stalled = [], 0
    for turn in range(arguments.rounds):
        here: dict[str, float] = {}
        for way, (command, more, model) in ways.items():
            port = free_port()
            with running([*command, str(port), *more], port) as used:
                clients = asked(port, model, arguments.clients, arguments.each, used)
                try:
                    rate, tokens, per_second = asyncio.run(asyncio.wait_for(clients, LONGEST))
                except TimeoutError:
                    if way != named:
                        raise
                    stalled += 1
                    print(f"round {turn + 1}: {way}: clients were not all answered within {LONGEST:.0f} s", flush=True)
                    continue
            rates[way].append(rate)
            here[way] = rate
            busy[way].append(per_second)
            print(
                f"round {turn + 1}: {way}: {rate:.0f} tokens/s ({tokens} tokens), {per_second:.0f} a second of the "
                "server's processor",
                flush=True,
            )
        if named in here:
            ratios.append(here["caseback"] / here[named])
    if not ratios:
        raise SystemExit(f"{named} answered its clients in no round")
    note = f"{arguments.clients} clients, {arguments.each} questions each; median tokens/s: " + ", ".join(
        f"{way} {statistics.median(found):.0f} ({statistics.median(busy[way]):.0f} per second of its processor)"
        for way, found in rates.items()
    )
    if stalled:
        note += f"; in {stalled} more rounds it had not answered within {LONGEST:.0f} s, and these are in no figure"
    value, low, high = statistics.median(ratios), min(ratios), max(ratios)
    figures = {"value": round(value, 3), "low": round(low, 3), "high": round(high, 3), "n": len(ratios)}
    print(json.dumps({**figures, "holds": low >= TARGET, "note": f"{note}; low is the worst round."}))


if __name__ == "__main__":
    main()
