"""Improve rounds and generations of the reference model, at the budgets of the command's defaults.

    python benchmarks/improve.py --claim loop.improve_rounds       three rounds upon a default run
    python benchmarks/improve.py --claim loop.generations          five generations

Work lies in .cache/improve, by source and seed, and goes on where it was when the command is given again. The last line
is the figure.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from command import ROOT, caseback
from default_run import source


def rounds(folder: Path, seed: int) -> dict[str, Any]:
    """How many rounds were kept for a measured gain or rolled back. One within noise counts as neither, and ends it."""
    run = folder / f"run-{seed}"
    caseback("run", "--seed", str(seed), "--out", str(run))
    caseback("improve", str(run), "--yes", "--rounds", "3")
    steps = json.loads((run / "improve" / "rounds.json").read_text(encoding="utf-8"))["steps"]
    decided = [step for step in steps if step["status"] in ("kept", "rolled back")]
    said = "; ".join(f"{step['name']}: {step['status']}, {step['why']}" for step in steps)
    return {"value": len(decided), "low": len(decided), "high": len(decided), "n": len(steps),
            "holds": len(decided) >= 3, "note": f"seed {seed}: {said}"}  # fmt: skip


def generations(folder: Path, seed: int) -> dict[str, Any]:
    """How much more often the last generation goes against the document than the first."""
    out = folder / f"line-{seed}"
    caseback("improve", "generations", "--count", "5", "--seed", str(seed), "--out", str(out))
    found = json.loads((out / "generations.json").read_text(encoding="utf-8"))
    rates = [step["arms"]["model"]["violations"] for step in found["steps"]]
    said = ", ".join(f"{r['k']}/{r['n']} [{r['low']:.3f}, {r['high']:.3f}]" for r in rates)
    last = found["changes"][-1]["violations"]
    return {**{name: last[name] for name in ("value", "low", "high", "n")}, "holds": last["value"] <= 0,
            "note": f"seed {seed}, base and generations in turn: {said}"}  # fmt: skip


CLAIMS = {"loop.improve_rounds": rounds, "loop.generations": generations}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claim", choices=CLAIMS, required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(json.dumps(CLAIMS[options.claim](ROOT / ".cache" / "improve" / source(), options.seed)))


if __name__ == "__main__":
    main()
