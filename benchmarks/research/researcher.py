"""Whether the researcher beats settings written by hand on world B, at a fixed budget.

    python benchmarks/research/researcher.py                    all jobs, the claim of two of three as the last line
    python benchmarks/research/researcher.py --job detectors    one job, its gain as the last line

Three studies a job, with search seeds 0, 1 and 2; their gains are pooled over the same families. Each study makes its
own sealed cases (drawn by a secret), searches on world A, and is scored on world B once. Studies are kept in
.cache/research, by job, seed and budget: the same command shows the same figures again.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from caseback.research.final import final
from caseback.research.jobs.catalogue import job as job_named
from caseback.research.metrics import Estimate, Label, gain
from caseback.research.notebook import notebook
from caseback.research.run import alone, research
from caseback.research.sandbox import RESULT
from caseback.research.study import TRIALS, begin, beside

ROOT = Path(__file__).resolve().parents[2] / ".cache" / "research"
BUDGET = {"detectors": (40, 8), "recipes": (12, 5), "assays": (40, 8)}
"""Trials, and submissions to the sealed scorer."""


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def place(job: str, seed: int) -> Path:
    trials, submissions = BUDGET[job]
    return ROOT / f"{job}-{seed}-{trials}-{submissions}"


def studied(job: str, seed: int) -> dict[str, Any]:
    """The notebook of a finished study."""
    trials, submissions = BUDGET[job]
    folder = place(job, seed)
    ROOT.mkdir(parents=True, exist_ok=True)
    study = begin(
        job, folder, beside(folder), {}, seed, trials, submissions,
        lambda done, of: say(f"{job}: case {done} of {of}") if done % 500 == 0 or of < 100 else None, say,
    )  # fmt: skip
    with alone(folder):
        research(study, progress=lambda done, of: say(f"{job}: trial {done} of {of}"))
        final(study, lambda done, of: None, say)
    return notebook(study)


def line(data: dict[str, Any]) -> str:
    found = data["final"]
    by_hand, best, gain = found["default"], found["best"], found["gain"]
    return (
        f"search seed {data['seed']}: {by_hand['value']:.3f} by hand, {best['value']:.3f} chosen, gain "
        f"{gain['value']:+.3f} [{gain['low']:+.3f}, {gain['high']:+.3f}], {found['submissions']} submissions, "
        f"{data['counts']['trials']} trials ({data['counts']['failed']} failed), predictions that came true "
        f"{data['predictions']['says']}, {len(data['flags'])} flags"
    )


def pooled(job: str, seeds: Sequence[int]) -> Estimate:
    """The gain over all studies of a job, families of world B being the same in all of them."""
    first, second, labels, studies = list[float](), list[float](), list[Label](), list[str]()
    for seed in seeds:
        folder = place(job, seed)
        chosen, by_hand = (
            json.loads((folder / TRIALS / f"final-{name}" / RESULT).read_bytes())["answers"]
            for name in ("best", "default")
        )
        truth = json.loads((beside(folder) / "labels-B.json").read_bytes())
        first, second = [*first, *chosen], [*second, *by_hand]
        labels = [*labels, *(Label(**each) for each in truth)]
        studies = [*studies, *([str(seed)] * len(truth))]
    return gain(job_named(job).measure, first, second, labels, studies)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--job", choices=list(BUDGET))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="of the search, one study each")
    given = parser.parse_args()
    jobs = [given.job] if given.job else list(BUDGET)
    gains, notes = list[Estimate](), list[str]()
    for job in jobs:
        studies = [studied(job, seed) for seed in given.seeds]
        for data in studies:
            settings = {k: v for k, v in data["final"]["settings"].items() if v != data["default"][k]}
            print(job, line(data), json.dumps(settings))
        found = pooled(job, given.seeds)
        gains.append(found)
        notes.append(
            f"{job}: {found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}] over {found.n} {found.unit} of world B "
            f"({'; '.join(map(line, studies))})"
        )
    if given.job:
        said = {name: getattr(gains[0], name) for name in ("value", "low", "high", "n")}
        print(json.dumps({**said, "holds": gains[0].low > 0, "note": notes[0]}))
        return
    won = sum(each.low > 0 for each in gains)
    print(json.dumps({"value": won, "low": None, "high": None, "n": len(gains), "holds": won >= 2,
                      "note": "; ".join(notes)}))  # fmt: skip


if __name__ == "__main__":
    main()
