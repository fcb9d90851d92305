"""What appears between the checkpoints of one run, and was lying visible while it was weak?

    python benchmarks/oversight/checkpoints.py                all looks by step
    python benchmarks/oversight/checkpoints.py --claim NAME   the figure of one claim as the last line

The run is that of the reference model ``neighbor`` (``caseback world build neighbor`` where it is not there yet), which
keeps its checkpoints. What was seen is kept under .cache/oversight/checkpoints, by model and look.
"""

import argparse
import json
from functools import partial
from pathlib import Path
from typing import Any

from caseback.oversight.along_training.checkpoints import checkpoints
from caseback.oversight.along_training.study import along_training
from caseback.subject.load import load
from caseback.training.journal import Journal
from caseback.world.builds import built_folder

ROOT = Path(__file__).resolve().parents[2]
N, SEED = 48, 0


def measured() -> dict[str, Any]:
    """The report of the run."""
    found = checkpoints(built_folder("neighbor"))
    loads = {step: partial(load, str(path), dtype="float32") for step, path in found.items()}
    journal = Journal(ROOT / ".cache" / "oversight" / "checkpoints" / "benchmark.jsonl")
    return along_training(loads, "world", N, SEED, journal=journal)


def claim(data: dict[str, Any], name: str) -> dict[str, Any]:
    """The figure of a claim."""
    if name == "changes":
        clear = [each for each in data["changes"] if each["clear"]]
        told = "; ".join(f"{c['name']} {c['value']:+.2f} from {c['before']} to {c['after']}" for c in clear)
        value = len(clear) / len(data["changes"])
        return {"value": value, "low": value, "high": value, "n": len(data["changes"]), "holds": bool(clear),
                "note": f"{len(clear)} changes: {told}"}  # fmt: skip
    window = next(each for each in data["windows"] if each["why"] == "wanted")
    stages = {stage["step"]: stage for stage in window["stages"]}
    step = window["steps"][-1] if window["steps"] else max(stages)
    shows = stages[step]["shows"]
    note = f"{window['verdict']}; " + "; ".join(
        f"step {s}: {each['state']}, {each['shows']['k']} of {each['shows']['n']} show" for s, each in stages.items()
    )
    return {"value": shows["value"], "low": shows["low"], "high": shows["high"], "n": shows["n"],
            "holds": window["verdict"] == "bad liar first", "note": note}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claim", choices=("changes", "window"))
    options = parser.parse_args()
    data = measured()
    for each in data["series"]:
        told = (f"{p['step']}: {p['k']}/{p['n']:<4}" for p in each["points"])
        print(f"{each['name']:24}", *told, each["first_above"])
    if options.claim:
        print(json.dumps(claim(data, options.claim)))


if __name__ == "__main__":
    main()
