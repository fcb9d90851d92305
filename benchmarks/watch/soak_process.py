"""A command of caseback under a clock that runs faster: what reads the time of day reads the simulated one.

python benchmarks/watch/soak_process.py CLOCK watch write watch.toml

CLOCK is a file with the real time at which the simulated clock stood at the same time, and how much faster it runs.
Pauses and time limits (the monotonic clock) stay real.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path


def simulated(clock: Path) -> Callable[[], float]:
    """Reads the simulated time, Unix time in seconds."""
    given = json.loads(clock.read_text())
    real, base, speed = time.time, given["base"], given["speed"]
    return lambda: base + (real() - base) * speed


if __name__ == "__main__":
    now = simulated(Path(sys.argv[1]))
    time.time = now
    time.time_ns = lambda: int(now() * 1e9)
    sys.argv = ["caseback", *sys.argv[2:]]
    from caseback.cli.main import app

    app()
