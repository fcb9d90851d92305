"""What standing in the way costs: the gateway against a bare pass-through, and against LiteLLM, on the same upstream.

    python benchmarks/watch/gateway.py                          all figures as a table
    python benchmarks/watch/gateway.py --claim added_p50        one figure as the last line
    python benchmarks/watch/gateway.py --litellm FOLDER         with LiteLLM out of that virtual environment

The upstream answers at once, always the same. Each way runs as a process of its own: (a) twenty lines of aiohttp that
pass everything through; (b) ``caseback watch`` with eight text detectors (policy flag), its journal, and the writer
that scores and stores beside it; (c) LiteLLM's proxy. Rounds go through the ways in turn, in both directions; a figure
is the median over rounds of the difference or ratio within a round.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import uvloop

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

from gateway_load import Load, load  # noqa: E402

CLAIMS = ("added_p50", "stream_share", "vs_litellm")
WORDS = ("password", "bomb", "as an ai", "i cannot", r"\b\d{3}-\d{2}-\d{4}\b", "trust me", "sudo rm", "great question")
MASTER = "sk-benchmark"


def started(stack: ExitStack, command: Sequence[str], **more: Any) -> subprocess.Popen[str]:
    """A process that ends with the stack."""
    process = subprocess.Popen(command, text=True, **more)

    def end() -> None:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()

    stack.callback(end)
    return process


def beside(stack: ExitStack, file: str, *words: str) -> int:
    """One of the files beside this one, run; the port that it prints."""
    process = started(stack, [sys.executable, str(HERE / file), *words], stdout=subprocess.PIPE)
    assert process.stdout is not None
    return int(process.stdout.readline())


def detectors(folder: Path) -> str:
    """Eight detectors of text, and the part of the configuration that names them."""
    from caseback.detectors.files import save_detector
    from caseback.detectors.pattern import PatternDetector

    lines = []
    for at, word in enumerate(WORDS):
        save_detector(PatternDetector(f"pattern-{at}", "benchmark", (f"(?i){word}",)), folder / f"detector-{at}")
        lines += ["[[detector]]", f'folder = "detector-{at}"', 'policy = "flag"', "threshold = 0.5"]
    return "\n".join(lines)


def caseback(stack: ExitStack, upstream: str, folder: Path, writer: bool) -> int:
    """``caseback watch``; its port."""
    file = folder / "watch.toml"
    file.write_text(f'listen = "127.0.0.1:0"\nupstream = "{upstream}"\n{detectors(folder)}\n')
    command = [sys.executable, "-m", "caseback", "watch", "--config", str(file), *([] if writer else ["--no-writer"])]
    process = started(stack, command, stderr=subprocess.PIPE)
    assert process.stderr is not None
    for line in process.stderr:
        if "listening on" in line:
            return int(line.split("listening on http://127.0.0.1:")[1].split(",")[0])
    raise RuntimeError("caseback watch did not start")


def litellm(stack: ExitStack, upstream: str, folder: Path, environment: Path) -> int:
    """LiteLLM's proxy as its documentation starts it, without debug output; its port."""
    file = folder / "litellm.yaml"
    parameters = {"model": "openai/fixed", "api_base": f"{upstream}/v1", "api_key": "none"}
    settings = {
        "model_list": [{"model_name": "fixed", "litellm_params": parameters}],
        "general_settings": {"master_key": MASTER},
        "litellm_settings": {"set_verbose": False, "telemetry": False},
    }
    file.write_text(json.dumps(settings))
    port = 18_917
    log = (folder / "litellm.log").open("w")
    more = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "PYTHONPATH": ""}
    started(
        stack,
        [str(environment / "bin" / "litellm"), "--config", str(file), "--port", str(port), "--host", "127.0.0.1"],
        env={**os.environ, **more}, stdout=log, stderr=log,
    )  # fmt: skip
    for _ in range(240):
        time.sleep(0.5)
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/liveliness", timeout=1)
        except (urllib.error.URLError, OSError):
            continue
        return port
    raise RuntimeError(f"LiteLLM did not start; its log:\n{(folder / 'litellm.log').read_text()[-2000:]}")


def figure(values: Sequence[float], holds: Callable[[float], bool], note: str) -> dict[str, Any]:
    """The median over rounds between the least and the most."""
    value = statistics.median(values)
    return {
        "value": round(value, 4), "low": round(min(values), 4), "high": round(max(values), 4), "n": len(values),
        "holds": holds(value), "note": note,
    }  # fmt: skip


async def rounds(ports: dict[str, int], n: int, times: int) -> dict[str, list[tuple[Load, Load, Load]]]:
    """Of each way and round: one at a time, 16 at once, 16 streams at once."""
    found: dict[str, list[tuple[Load, Load, Load]]] = {name: [] for name in ports}

    async def measured(name: str, n: int) -> tuple[Load, Load, Load]:
        port = ports[name]
        n = n // 10 if name == "litellm" else n
        return (
            await load(port, n, 1, False, MASTER),
            await load(port, 2 * n, 16, False, MASTER),
            await load(port, n // 2, 16, True, MASTER),
        )

    for name in ports:
        await measured(name, max(n // 4, 200))  # warm
    for turn in range(times):
        for name in ports if turn % 2 == 0 else reversed(ports):
            found[name].append(await measured(name, n))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claim", choices=CLAIMS)
    parser.add_argument("--n", type=int, default=1000, help="answers one at a time, of each way and round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--litellm", type=Path, help="virtual environment with LiteLLM's proxy; made where --claim vs_litellm needs it"
    )
    parser.add_argument("--no-writer", action="store_true", help="without scoring and storing, to see what those cost")
    given = parser.parse_args()
    peer = given.litellm
    if given.claim == "vs_litellm" and peer is None:
        subprocess.run([str(HERE / "gateway_litellm_env.sh")], check=True, env={**os.environ, "PYTHON": sys.executable})
        peer = ROOT / ".cache/envs/litellm"
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp())
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        upstream = f"http://127.0.0.1:{beside(stack, 'gateway_upstream.py')}"
        bare = beside(stack, "gateway_bare.py", upstream)
        ports = {"bare": bare, "caseback": caseback(stack, upstream, folder, not given.no_writer)}
        if peer is not None and given.claim in (None, "vs_litellm"):
            ports["litellm"] = litellm(stack, upstream, folder, peer)
        found = uvloop.run(rounds(ports, given.n, given.rounds))
    print("medians over rounds      p50 ms, one at a time      answers/s at 16      streams/s at 16")
    for name, each in found.items():
        single, many, streams = (statistics.median(values) for values in zip(
            *((1e3 * a.median, b.rate, c.rate) for a, b, c in each), strict=True))  # fmt: skip
        print(f"{name:24} {single:22.3f} {many:20.0f} {streams:20.0f}")
    pairs = list(zip(found["bare"], found["caseback"], strict=True))
    note = f"{given.n} answers of each way and round; eight text detectors, journal" + (
        "" if given.no_writer else ", writer and store"
    )
    figures = {
        "added_p50": figure([1e3 * (b[0].median - a[0].median) for a, b in pairs], lambda v: v <= 0.2, note),
        "stream_share": figure([b[2].rate / a[2].rate for a, b in pairs], lambda v: v >= 0.8, note),
    }
    if "litellm" in found:
        ratios = [b[1].rate / a[1].rate for a, b in zip(found["litellm"], found["caseback"], strict=True)]
        figures["vs_litellm"] = figure(ratios, lambda v: v >= 15, note)
    for name, one in figures.items():
        print(f"{name:14} {one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}] {one['holds']}")
    if given.claim:
        print(json.dumps(figures[given.claim]))


if __name__ == "__main__":
    main()
