"""Time and peak memory of the default run as a whole process, children included.

    python benchmarks/default_run.py --claim loop.default_run_minutes
    python benchmarks/default_run.py --claim loop.default_run_memory

Runs `caseback run` into a fresh folder as often as asked; the figure is the median, low and high the extremes.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

TARGETS = {"loop.default_run_minutes": 10.0, "loop.default_run_memory": 8.0}


def peak_gib(process: psutil.Process, stop: threading.Event, peak: list[float]) -> None:
    """Keep the highest sum of resident memory over the process and its children, in GiB, sampled every 50 ms."""
    while not stop.wait(0.05):
        try:
            family = [process, *process.children(recursive=True)]
            total = sum(member.memory_info().rss for member in family)
        except psutil.NoSuchProcess:
            continue
        peak[0] = max(peak[0], total / 2**30)


def one_run(arguments: list[str]) -> tuple[float, float]:
    """Minutes and peak GiB of one default run."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "caseback", "run", "--out", str(Path(folder) / "run"), *arguments]
        begin = time.monotonic()
        process = subprocess.Popen(command)
        stop, peak = threading.Event(), [0.0]
        watcher = threading.Thread(target=peak_gib, args=(psutil.Process(process.pid), stop, peak))
        watcher.start()
        code = process.wait()
        stop.set()
        watcher.join()
        if code != 0:
            raise SystemExit(f"the run ended with status {code}")
        return (time.monotonic() - begin) / 60, peak[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claim", choices=list(TARGETS), default="loop.default_run_minutes")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("arguments", nargs="*", help="passed on to caseback run, after --")
    options = parser.parse_args()
    results = [one_run(options.arguments) for _ in range(options.runs)]
    values = [minutes if options.claim.endswith("minutes") else memory for minutes, memory in results]
    value = statistics.median(values)
    other = "; ".join(f"{minutes:.2f} min, {memory:.2f} GiB" for minutes, memory in results)
    figures = {"value": value, "low": min(values), "high": max(values), "n": len(values)}
    print(json.dumps({**figures, "holds": value <= TARGETS[options.claim], "note": f"runs: {other}"}))


if __name__ == "__main__":
    main()
