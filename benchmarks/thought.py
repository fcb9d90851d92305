"""What is the thought worth that stands before an answer that is learnt?

    python benchmarks/thought.py                  all figures as a table
    python benchmarks/thought.py --claim NAME     the figure of one claim as the last line

Takes the supervised data of the default runs of benchmarks/default_run.py, one run per seed, and trains ref-base on it
twice by the packaged recipe: as it is, and with every thinking section taken out. Nothing else differs: prompts,
answers, order, seed. Both are measured on held-out families of the dev split. A figure is the mean over the seeds of
(with the thought) less (without); low and high are Student's 95 % over the seeds, which are few.
"""

import argparse
import json
import math
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

from default_run import ROOT, one_run, source
from scipy.stats import t

from caseback.behaviours.capability import capability_situations, measure_capability
from caseback.behaviours.measure import measure
from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.behaviours.registry import trained_against
from caseback.dossier.dossier import read_dossier
from caseback.dossier.samples import samples
from caseback.subject.load import load
from caseback.subject.subject import Sampling
from caseback.training.datum import Datum
from caseback.training.recipe import recipe_for
from caseback.training.train import train
from caseback.world.reference import reference_path

N = 120
SAMPLING = Sampling(max_new_tokens=96)


def learnt(run: Path) -> list[Datum]:
    """The supervised data of a run."""
    with read_dossier(run / "dossier") as dossier:
        [record] = dossier.records("training_data")
        rows = list(samples(dossier, record.artefacts["sft"]))
    return [
        Datum(**{**row, **{key: tuple(row[key]) for key in ("prompt", "clauses", "parents")}}) for row in rows
    ]  # fmt: skip


def figures(folder: Path) -> dict[str, float]:
    """Rates of every behaviour and of needless refusals, and the share of right answers, on the dev split."""
    subject = load(str(folder), dtype="float32")
    found = {
        name: measure(subject, each, each.situations("world", "dev", N, 1), sampling=SAMPLING).rate.value
        for name, each in {**trained_against(), OVER_REFUSAL.name: OVER_REFUSAL}.items()
    }
    right = measure_capability(subject, capability_situations("world", 2 * N, 1, "dev"), sampling=SAMPLING)
    bad = statistics.mean(value for name, value in found.items() if name != OVER_REFUSAL.name)
    return {**found, "capability": right.rate.value, "bad": bad}


def one_seed(seed: int, folder: Path) -> dict[str, dict[str, float]]:
    """The figures of both arms of one seed; of an earlier run where they are at hand."""
    kept = folder / "thought.json"
    if kept.exists():
        return dict(json.loads(kept.read_text()))
    data = learnt(folder / "run")
    recipe = recipe_for("sft", load(str(reference_path())).parameters, seed)
    arms = {"with": data, "without": [replace(datum, thinking="") for datum in data]}
    found = {}
    for name, each in arms.items():
        trained = train(recipe, reference_path(), each, folder / f"thought-{name}")
        found[name] = figures(trained.path)
    kept.write_text(json.dumps({"thinking": sum(bool(d.thinking) for d in data) / len(data), **found}))
    return dict(json.loads(kept.read_text()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claim", help="loop.thought_capability or loop.thought_bad")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args()
    cache = ROOT / ".cache" / "default_run" / source()
    found: list[dict[str, Any]] = []
    for seed in options.seeds:
        one_run(seed, cache / f"seed-{seed}")
        found.append(one_seed(seed, cache / f"seed-{seed}"))
    for name in found[0]["with"]:
        pairs = [(one["with"][name], one["without"][name]) for one in found]
        print(f"{name:24}" + "   ".join(f"{a:.3f} with, {b:.3f} without" for a, b in pairs))
    if options.claim:
        name = options.claim.removeprefix("loop.thought_")
        gains = [one["with"][name] - one["without"][name] for one in found]
        mean, n = statistics.mean(gains), len(gains)
        reach = float(t.ppf(0.975, n - 1)) * statistics.stdev(gains) / math.sqrt(n) if n > 1 else math.inf
        better = mean - reach > 0 if name == "capability" else mean + reach < 0
        note = "; ".join(
            f"seed {seed}: {one['with'][name]:.3f} with, {one['without'][name]:.3f} without"
            for seed, one in zip(options.seeds, found, strict=True)
        )
        print(
            json.dumps(
                {"value": round(mean, 4), "low": round(mean - reach, 4), "high": round(mean + reach, 4), "n": n,
                 "holds": better, "note": note}
            )
        )  # fmt: skip


if __name__ == "__main__":
    main()
