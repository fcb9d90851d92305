"""Whether the researcher beats settings written by hand on world B, at a fixed budget.

    python benchmarks/research/researcher.py                    all jobs, the claim of two of three as the last line
    python benchmarks/research/researcher.py --job detectors    one job, its gain as the last line

Each study makes its own sealed cases (drawn by a secret), searches on world A, and is scored on world B once. Studies
are kept in .cache/research, by job, seed and budget: the same command shows the same figures again.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from caseback.research.final import final
from caseback.research.notebook import notebook
from caseback.research.run import alone, research
from caseback.research.study import begin

ROOT = Path(__file__).resolve().parents[2] / ".cache" / "research"
BUDGET = {"detectors": (40, 8), "recipes": (12, 5), "assays": (40, 8)}
"""Trials, and submissions to the sealed scorer."""


def say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def studied(job: str, seed: int) -> dict[str, Any]:
    """The notebook of a finished study."""
    trials, submissions = BUDGET[job]
    folder = ROOT / f"{job}-{seed}-{trials}-{submissions}"
    ROOT.mkdir(parents=True, exist_ok=True)
    study = begin(
        job, folder, folder.with_name(f"{folder.name}-sealed"), {}, seed, trials, submissions,
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
        f"{data['job']}: {by_hand['value']:.3f} by hand, {best['value']:.3f} chosen, gain {gain['value']:+.3f} "
        f"[{gain['low']:+.3f}, {gain['high']:+.3f}] over {gain['n']} {gain['unit']} of world B; {found['submissions']} "
        f"submissions, {data['counts']['trials']} trials ({data['counts']['failed']} failed), search seed "
        f"{data['seed']}, predictions that came true {data['predictions']['says']}, {len(data['flags'])} flags"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--job", choices=list(BUDGET))
    parser.add_argument("--seed", type=int, default=0, help="of the search")
    given = parser.parse_args()
    found = [studied(job, given.seed) for job in ([given.job] if given.job else BUDGET)]
    for data in found:
        print(line(data), json.dumps({k: v for k, v in data["final"]["settings"].items() if v != data["default"][k]}))
    if given.job:
        gain = found[0]["final"]["gain"]
        said = {name: gain[name] for name in ("value", "low", "high", "n")}
        print(json.dumps({**said, "holds": gain["low"] > 0, "note": line(found[0])}))
        return
    won = sum(data["final"]["gain"]["low"] > 0 for data in found)
    note = "; ".join(line(data) for data in found)
    print(json.dumps({"value": won, "low": None, "high": None, "n": len(found), "holds": won >= 2, "note": note}))


if __name__ == "__main__":
    main()
