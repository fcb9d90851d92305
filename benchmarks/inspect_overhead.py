"""What measuring costs: our own path against bare generation, and against Inspect AI with its stock ``hf`` provider.

    python benchmarks/inspect_overhead.py                   all figures as a table
    python benchmarks/inspect_overhead.py --claim NAME      one figure as the last line: native_cost, vs_hf, export_ms

The same situations, greedy and in float32, in one process and in turns: (a) ``subject.generate`` and nothing else; (b)
``measure``: generation, judging, statistics; (c) Inspect running the same tasks on our provider; (d) Inspect with
``hf``, which gets as many connections as we have rows in a batch, no live display and no live log. Models are loaded
beforehand. Inspect's times hold the writing of its log, so ours against it holds ``export``. Cost over bare
generation, and of ``export``, is in CPU time of one thread, which other load moves little; samples a second against
Inspect are in wall time, since its provider waits by the clock.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"

import torch

from caseback.audit.inspect.export import export
from caseback.behaviours.behaviour import Behaviour
from caseback.behaviours.measure import Measurement, measure
from caseback.behaviours.registry import behaviour
from caseback.subject.load import load
from caseback.subject.open_subject import OpenSubject
from caseback.subject.subject import Sampling
from caseback.world.reference import reference_path
from caseback.world.situation import Situation

BEHAVIOURS = ("harmful_compliance", "sycophancy")
SAMPLING = Sampling(max_new_tokens=96)
MOST_COST, LEAST_GAIN, MOST_MS = 1.1, 5.0, 2.0
CONNECTIONS = 64
"""At once, for both providers: the rows of one of our batches on a CPU."""


@dataclass(frozen=True)
class Took:
    """Seconds of one pass over all situations, by the wall and of CPU."""

    wall: float
    cpu: float


def timed(work: Callable[[], Any]) -> tuple[Any, Took]:
    """What the work gives, and what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, Took(time.perf_counter() - wall, time.process_time() - cpu)


def by_generate(subject: OpenSubject, drawn: Sequence[tuple[Behaviour, list[Situation]]]) -> None:
    """Replies and nothing else."""
    for _, situations in drawn:
        subject.generate([situation.messages for situation in situations], SAMPLING)


def by_measure(subject: OpenSubject, drawn: Sequence[tuple[Behaviour, list[Situation]]]) -> list[Measurement]:
    """Our own path."""
    return [measure(subject, found, situations, sampling=SAMPLING) for found, situations in drawn]


def exported(measured: Sequence[Measurement], folder: Path) -> None:
    """Our measurements as Inspect's logs."""
    for each in measured:
        export(each, folder / f"{each.behaviour}.eval", sampling=SAMPLING)


def by_inspect(model: Any, n: int, seed: int, folder: Path) -> list[Any]:
    """Inspect's own path; its logs."""
    from inspect_ai import eval as inspect_eval
    from inspect_ai.util import registry_create

    tasks = [registry_create("task", f"caseback/{name}", ground="world", n=n, seed=seed) for name in BEHAVIOURS]
    logs = inspect_eval(
        tasks,
        model=model,
        max_tokens=SAMPLING.max_new_tokens,
        max_connections=CONNECTIONS,
        max_samples=CONNECTIONS,
        display="none",
        log_realtime=False,
        log_dir=str(folder),
    )
    assert all(log.status == "success" for log in logs), [log.error for log in logs]
    return list(logs)


def same(logs: Sequence[Any], measured: Sequence[Measurement]) -> float:
    """Share of replies that are the same in Inspect's logs as in our measurements."""
    ours = {sample.situation.id: sample.reply.text for each in measured for sample in each.samples}
    return statistics.mean(ours[sample.id] == sample.output.completion for log in logs for sample in log.samples)


def compare(model: Path, n: int, seed: int, rounds: int) -> tuple[dict[str, list[Took]], dict[str, float]]:
    """What each way took in each round, and the share of replies that each of Inspect's has in common with ours."""
    from inspect_ai.model import get_model

    subject = load(str(model), dtype="float32")
    drawn = [(behaviour(name), behaviour(name).situations("world", "test", n, seed)) for name in BEHAVIOURS]
    # It tells the template of thinking even where nothing was said of it; ours then takes the thinking to be over.
    template = str(subject.tokenizer.chat_template).replace("enable_thinking is defined", "enable_thinking")
    stock = get_model(
        "hf/stock",
        model_path=str(model),
        device="cpu",
        torch_dtype=torch.float32,
        do_sample=False,
        chat_template=template,
    )
    ours = get_model(f"caseback/{model}", dtype="float32")
    took: dict[str, list[Took]] = {name: [] for name in ("generate", "measure", "export", "caseback", "hf")}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measured = by_measure(subject, drawn)
        exported(measured, folder)
        agree = {
            "caseback": same(by_inspect(ours, n, seed, folder), measured),
            "hf": same(by_inspect(stock, n, seed, folder), measured),
        }
        ways: dict[str, Callable[[], Any]] = {
            "generate": lambda: by_generate(subject, drawn),
            "measure": lambda: by_measure(subject, drawn),
            "export": lambda: exported(measured, folder),
            "caseback": lambda: by_inspect(ours, n, seed, folder),
            "hf": lambda: by_inspect(stock, n, seed, folder),
        }
        for turn in range(rounds):
            for way in ways if turn % 2 == 0 else reversed(ways):
                took[way].append(timed(ways[way])[1])
    return took, agree


def figure(values: Sequence[float], holds: Callable[[float], bool], note: str) -> dict[str, Any]:
    """The median over rounds between the least and the most."""
    value = statistics.median(values)
    return {
        "value": round(value, 3), "low": round(min(values), 3), "high": round(max(values), 3), "n": len(values),
        "holds": holds(value), "note": note,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=reference_path())
    parser.add_argument("--claim", choices=["native_cost", "vs_hf", "export_ms"])
    parser.add_argument("--n", type=int, default=200, help="situations of each behaviour")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    took, agree = compare(given.model, given.n, given.seed, given.rounds)
    samples = given.n * len(BEHAVIOURS)
    print(f"{samples} samples, {given.rounds} rounds, medians   wall s   samples/s   CPU ms/sample")
    for name, times in took.items():
        wall, cpu = statistics.median(t.wall for t in times), statistics.median(t.cpu for t in times)
        alike = f"   {agree[name]:.3f} of replies as ours" if name in agree else ""
        print(f"{name:40} {wall:8.2f} {samples / wall:11.1f} {1000 * cpu / samples:15.2f}{alike}")
    native = [m.wall + e.wall for m, e in zip(took["measure"], took["export"], strict=True)]
    through = statistics.median(c.wall / mine for c, mine in zip(took["caseback"], native, strict=True))
    figures = {
        "native_cost": figure(
            [m.cpu / g.cpu for m, g in zip(took["measure"], took["generate"], strict=True)],
            lambda value: value <= MOST_COST,
            f"{samples} samples; CPU time of measure over that of bare generate, one thread",
        ),
        "vs_hf": figure(
            [h.wall / mine for h, mine in zip(took["hf"], native, strict=True)],
            lambda value: value >= LEAST_GAIN,
            f"{samples} samples; wall time, export counted; {agree['hf']:.3f} of hf's replies are as ours; Inspect on "
            f"our provider takes {through:.1f} times our own path",
        ),
        "export_ms": figure(
            [1000 * e.cpu / samples for e in took["export"]],
            lambda value: value < MOST_MS,
            f"{samples} samples; CPU time",
        ),
    }
    for name, found in figures.items():
        print(f"{name:12} {found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}] {found['holds']}")
    if given.claim:
        print(json.dumps(figures[given.claim]))


if __name__ == "__main__":
    main()
