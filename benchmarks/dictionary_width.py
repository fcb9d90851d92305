"""Cost and FVU of dictionaries against the latents that are alive in them, from 16 thousand to 1 million.

    python benchmarks/dictionary_width.py                      all widths, a table, and the exponent as the last line
    python benchmarks/dictionary_width.py --widths 16384 65536 --steps 50

Every width is trained on the same store (captured from ref-base if it is not there yet) for the same steps, on one
thread, in a process of its own. From 16,384 latents up the encoder looks into sqrt(16,384 / width) of the groups of
latents. Cost is CPU time per token of the last half of the steps, reading the store included. FVU is measured on
held-out documents with the threshold of inference. Where memory allows (--dense, 65,536 by default), the same width is
trained without groups too, which is what the routed one is compared with. The exponent is the slope of log cost against
log latents alive, by least squares over the routed widths and the smallest; low and high leave out one width at a time.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WIDTHS = (16_384, 65_536, 262_144, 1_048_576)
SITE = "resid_post.3"
SLACK = 1.05


def capture(folder: Path, tokens: int) -> None:
    """The store, from ref-base on conversations of its world; goes on with one that was begun."""
    from caseback.interp.store.world import of_world
    from caseback.interp.store.write import capture_store
    from caseback.subject.load import load
    from caseback.subject.site import parse_site
    from caseback.world.reference import reference_path

    subject = load(str(reference_path("ref-base")))
    capture_store(subject, of_world(subject), [parse_site(SITE)], folder, tokens=tokens)


def train(store: Path, width: int, routed: bool, options: dict[str, Any]) -> dict[str, Any]:
    """One dictionary: its cost per token, FVU, L0 and latents alive."""
    import torch

    from caseback.interp.dictionary import fit as fit_module
    from caseback.interp.dictionary.fit import fit
    from caseback.interp.dictionary.routing import groups_for
    from caseback.interp.dictionary.settings import Settings
    from caseback.interp.store.store import open_store
    from caseback.subject.site import parse_site

    torch.set_num_threads(1)
    fit_module.SAVE_SECONDS = math.inf  # writing checkpoints is no part of the cost of a step
    groups, share = groups_for(width) if routed else (0, 1.0)
    steps, batch = options["steps"], options["batch"]
    settings = Settings(
        width=width,
        k=options["k"],
        kind="batchtopk",
        groups=groups,
        share=share,
        tokens=steps * batch,
        batch=batch,
        learning_rate=options["rate"],
        dead_after=max(batch, steps * batch // 2),
        seed=options["seed"],
    )
    marks: dict[int, float] = {}

    def mark(progress: Any) -> None:
        marks[progress.step] = time.process_time()

    with tempfile.TemporaryDirectory() as folder:
        opened = open_store(store)
        _, report = fit(opened, settings, Path(folder), reads=[parse_site(SITE)], progress=mark)
    first = steps // 2
    # The last step is left out, behind which the checkpoint is written.
    cost = (marks[steps - 1] - marks[first]) / ((steps - 1 - first) * batch)
    return {
        "width": width,
        "routed": bool(groups),
        "groups": groups,
        "share": share,
        "microseconds": cost * 1e6,
        "fvu": report.fvu,
        "l0": report.l0,
        "alive": round(report.alive * width),
    }


def in_own_process(store: Path, width: int, routed: bool, options: dict[str, Any]) -> dict[str, Any]:
    """The same, in a process that gives its memory back."""
    given = json.dumps({"store": str(store), "width": width, "routed": routed, "options": options})
    settings = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, __file__, "--one", given], env=settings, stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    show(found)
    return found


def show(found: dict[str, Any]) -> None:
    kind = f"{found['share']:.0%} of {found['groups']:,} groups" if found["routed"] else "dense"
    print(
        f"{found['width']:>10,}  {kind:24}{found['microseconds']:9.1f} us/token  FVU {found['fvu']:.4f}  "
        f"L0 {found['l0']:5.1f}  alive {found['alive']:>9,} ({found['alive'] / found['width']:.1%})",
        flush=True,
    )


def slope(rows: list[dict[str, Any]]) -> float:
    """Of log cost against log latents alive, by least squares."""
    x = [math.log(max(row["alive"], 1)) for row in rows]
    y = [math.log(row["microseconds"]) for row in rows]
    middle, level = sum(x) / len(x), sum(y) / len(y)
    return sum((a - middle) * (b - level) for a, b in zip(x, y, strict=True)) / sum((a - middle) ** 2 for a in x)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--widths", nargs="+", type=int, default=list(WIDTHS))
    parser.add_argument("--dense", nargs="*", type=int, default=[65_536], help="widths to train without groups too")
    parser.add_argument("--tokens", type=int, default=2_000_000, help="tokens in the store")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch", type=int, default=4096)
    parser.add_argument("--k", type=int, default=32)
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--store", type=Path, default=ROOT / ".cache/dictionary_width")
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        one = asked.one
        print(json.dumps(train(Path(one["store"]), one["width"], one["routed"], one["options"])))
        return
    capture(asked.store, asked.tokens)
    options = {name: getattr(asked, name) for name in ("steps", "batch", "k", "rate", "seed")}
    rows = [in_own_process(asked.store, width, True, options) for width in sorted(asked.widths)]
    pairs = []
    for width in asked.dense:
        dense = in_own_process(asked.store, width, False, options)
        routed = next((row for row in rows if row["width"] == width), None)
        if routed and routed["routed"]:
            pairs.append((width, routed["fvu"] / dense["fvu"]))
    value = slope(rows)
    others = [slope(rows[:i] + rows[i + 1 :]) for i in range(len(rows))] if len(rows) > 2 else [value]
    worst = max((ratio for _, ratio in pairs), default=math.nan)
    note = f"{rows[0]['alive']:,} to {rows[-1]['alive']:,} latents alive; FVU routed over dense: "
    note += ", ".join(f"{ratio:.3f} at {width:,}" for width, ratio in pairs) or "not compared"
    # Where wider ones have no more latents alive, the slope says nothing about width.
    grows = all(a["alive"] < b["alive"] for a, b in pairwise(rows))
    note += "" if grows else "; NOT more alive in wider ones: more tokens are needed"
    figure = {"value": value, "low": min(others), "high": max(others)}
    figure = {name: round(number, 4) for name, number in figure.items()}
    holds = bool(grows and value <= 0.5 and worst <= SLACK)
    print(json.dumps({**figure, "n": len(rows), "holds": holds, "note": note}))


if __name__ == "__main__":
    main()
