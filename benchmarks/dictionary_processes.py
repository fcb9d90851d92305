"""What it costs to spread a dictionary over processes, and what each of them holds.

    python benchmarks/dictionary_processes.py                          65,536 and 262,144 latents, 1 and 2 processes
    python benchmarks/dictionary_processes.py --widths 65536 --counts 1 2 4 --steps 10

Every training is run anew, on the same store (captured from ref-base if it is not there yet), for the same steps, each
process with one thread. Memory is the most that a process held during the second half of the steps beyond what it held
before the training began (resident set on Linux: weights, moments, a batch and what is made of it). Cost is CPU time of
all processes per token, over the same steps. Bytes are those of the tensors that a process gives to be summed, and sums
are how many there are. The last line, a claim's result, is the memory per process at the widest: the most processes
over one.
"""

import argparse
import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
from dictionary_width import ROOT, SITE, capture

MEGA = 1 << 20


class Counted:
    """A process group that counts what is summed."""

    def __init__(self, group: Any) -> None:
        self.group, self.bytes, self.sums = group, 0, 0

    def allreduce(self, tensors: list[Any], options: Any) -> Any:
        self.bytes += sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        self.sums += 1
        return self.group.allreduce(tensors, options)


def work(given: dict[str, Any]) -> None:
    """One process of a training; prints what it saw."""
    import torch

    from caseback.interp.dictionary.fit import fit
    from caseback.interp.dictionary.peers import joined
    from caseback.interp.dictionary.routing import groups_for
    from caseback.interp.dictionary.settings import Settings
    from caseback.interp.store.store import open_store
    from caseback.subject.site import parse_site

    torch.set_num_threads(1)
    groups, share = groups_for(given["width"])
    steps, batch = given["steps"], given["batch"]
    settings = Settings(
        width=given["width"],
        kind="batchtopk",
        groups=groups,
        share=share,
        tokens=steps * batch,
        batch=batch,
        learning_rate=5e-4,
        dead_after=max(batch, steps * batch // 2),
    )
    marks: list[tuple[float, int, int]] = []
    with joined() as alike:
        group = Counted(alike.group)
        peers = replace(alike, group=group) if alike.count > 1 else alike
        store = open_store(Path(given["store"]))
        before, most = psutil.Process().memory_info().rss, 0

        def mark(progress: Any) -> None:
            nonlocal most
            marks.append((time.process_time(), group.bytes, group.sums))
            if progress.step == steps // 2:
                Path("/proc/self/clear_refs").write_text("5")  # the mark of the most memory begins anew
            if progress.step == steps:  # what comes after is no part of a step
                lines = Path("/proc/self/status").read_text().splitlines()
                most = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024

        more: dict[str, Any] = {"reads": [parse_site(SITE)], "save_every": math.inf, "progress": mark}
        more["dtype"] = getattr(torch, given["encoder"])
        _, report = fit(store, settings, Path(given["folder"]), peers=peers, **more)
    first, last = marks[steps // 2 - 1], marks[-1]
    spent, sent, sums = ((b - a) / (steps - steps // 2) for a, b in zip(first, last, strict=True))
    found = {"microseconds": spent / batch * 1e6, "megabytes": (most - before) / MEGA, "sent": sent / MEGA}
    print(json.dumps({**found, "sums": sums, "fvu": report.fvu, "l0": report.l0, "alive": report.alive}))


def train(count: int, given: dict[str, Any]) -> dict[str, Any]:
    """One training by so many processes: cost of all together, memory and bytes of each, FVU, L0 and share alive."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "src")}
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
        free.close()
        command = [sys.executable, __file__, "--one", json.dumps({**given, "folder": folder})]
        meeting = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        processes = [
            subprocess.Popen(
                command, env={**environment, **meeting, "RANK": str(rank)}, stdout=subprocess.PIPE, text=True
            )
            for rank in range(count)
        ]
        said = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        raise SystemExit(f"a process of the {count} at {given['width']:,} latents failed; see above")
    each: list[dict[str, Any]] = [json.loads(text.splitlines()[-1]) for text in said]
    found = {name: max(one[name] for one in each) for name in ("megabytes", "sent", "sums")}
    found |= {"microseconds": sum(one["microseconds"] for one in each), "count": count, "width": given["width"]}
    found |= {name: each[0][name] for name in ("fvu", "l0", "alive")}
    print(
        f"{given['width']:>10,}  {count:2} processes  {found['megabytes']:7.0f} MiB each  "
        f"{found['microseconds']:7.1f} us/token in all  {found['sent']:6.2f} MiB in {found['sums']:.0f} sums a batch  "
        f"FVU {found['fvu']:.5f}  L0 {found['l0']:.2f}  alive {found['alive']:.1%}",
        flush=True,
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--widths", nargs="+", type=int, default=[65_536, 262_144])
    parser.add_argument("--counts", nargs="+", type=int, default=[1, 2], help="processes; 1 is always there")
    parser.add_argument("--tokens", type=int, default=60_000, help="tokens in the store")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--batch", type=int, default=4096)
    parser.add_argument("--encoder", default="float32", help="precision of the encoder's product; or bfloat16")
    parser.add_argument("--store", type=Path, default=ROOT / ".cache/dictionary_processes")
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        work(asked.one)
        return
    capture(asked.store, asked.tokens)
    given = {"store": str(asked.store), "steps": asked.steps, "batch": asked.batch, "encoder": asked.encoder}
    rows = [
        train(count, {**given, "width": width})
        for width in sorted(asked.widths)
        for count in sorted({1, *asked.counts})
    ]
    alone = {row["width"]: row for row in rows if row["count"] == 1}
    apart = max(abs(row["fvu"] / alone[row["width"]]["fvu"] - 1) for row in rows)
    most = rows[-1]
    ratios = [row["megabytes"] / alone[row["width"]]["megabytes"] for row in rows if row["count"] == most["count"]]
    dearer = most["microseconds"] / alone[most["width"]]["microseconds"]
    note = (
        f"{most['count']} processes over 1 at {most['width']:,} latents, {most['megabytes']:.0f} MiB each; FVU apart "
    )
    note += f"by at most {apart:.1e} of itself; CPU time of all together {dearer:.2f} times that of one"
    figure = {"value": round(ratios[-1], 4), "low": round(min(ratios), 4), "high": round(max(ratios), 4)}
    holds = bool(ratios[-1] <= 1.1 / most["count"] and apart <= 1e-3)
    print(json.dumps({**figure, "n": len(rows), "holds": holds, "note": note}))


if __name__ == "__main__":
    main()
