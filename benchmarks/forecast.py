"""Foretelling from the inside against a black box: the difference of their Brier scores, as a claim.

    python benchmarks/forecast.py                                   ref-base, three seeds
    python benchmarks/forecast.py --model PATH --n 40 --seeds 0     another model

For each seed `caseback look forecast seal` runs situations of train families, looks inside, and seals what the model
will do in held-out families; `caseback look forecast score` then opens the seal, runs those, and scores. Situations of
all seeds together make the figure; its interval is over families. It holds where the interval lies below 0.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from command import caseback

from caseback.interp.forecast.folds import brier
from caseback.stats.means import clustered_mean


def one(seed: int, given: argparse.Namespace, folder: Path) -> tuple[list[tuple[str, float, float]], str]:
    """Per situation (family, Brier score of inside less black box, 1), and a note."""
    out = folder / str(seed)
    model = [given.model] if given.model else []
    sealed = ["look", "forecast", "seal", *model, "-n", str(given.n), "--seed", str(seed), "--out", str(out)]
    if given.kinds:
        sealed += ["--kinds", given.kinds]
    for circumstance in given.trigger:
        sealed += ["--trigger", circumstance]
    caseback(*sealed)
    caseback("look", "forecast", "score", str(out))
    body = json.loads((out / "predictions.json").read_text(encoding="utf-8"))["body"]
    scored = json.loads((out / "forecast.json").read_text(encoding="utf-8"))
    told = [i for i, draws in enumerate(scored["outcomes"]) if draws]
    shares = np.array([sum(scored["outcomes"][i]) / len(scored["outcomes"][i]) for i in told])
    losses = {name: brier(np.array(p)[told], shares) for name, p in body["predictions"].items()}
    families = [body["situations"][i]["family"] for i in told]
    said = ", ".join(f"{name} {loss.mean():.3f}" for name, loss in losses.items())
    rows = zip(families, losses["inside"] - losses["black box"], strict=True)
    return [(family, float(difference), 1.0) for family, difference in rows], f"seed {seed}: {said}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="", help="folder or hub id; default the embedded ref-base")
    parser.add_argument("--n", type=int, default=40, help="situations of each kind")
    parser.add_argument("--kinds", default="", help="with commas; default those of the command")
    parser.add_argument("--trigger", action="append", default=[], help="a circumstance that is never run before")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    given = parser.parse_args()
    rows: list[tuple[str, float, float]] = []
    notes = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in given.seeds:
            more, note = one(seed, given, Path(folder))
            rows += more
            notes.append(note)
    mean = clustered_mean(rows)
    print(json.dumps({"value": mean.value, "low": mean.low, "high": mean.high, "n": mean.n, "holds": mean.high < 0,
                      "note": f"{mean.clusters} families; " + "; ".join(notes)}))  # fmt: skip


if __name__ == "__main__":
    main()
