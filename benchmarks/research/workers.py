"""Whether two Ray workers finish the same search in at most 0.6 of the time that one takes.

The job is ``detectors``, whose data are made once; the same trials are run by one worker and by two, in turn, and their
open scores have to be the same. Give it two free cores.
"""

import argparse
import json
import shutil
import sys
import time
from pathlib import Path

from caseback.research.fan_out import on_workers
from caseback.research.run import research
from caseback.research.study import Study, begin, reopen

ROOT = Path(__file__).resolve().parents[2] / ".cache" / "research"
SUBMISSIONS = 4


def ready() -> None:
    """Nothing: a worker that has run it is up."""


def searched(made: Study, workers: int, repeat: int) -> tuple[float, list[float]]:
    """Seconds that a search takes with so many workers, once they are up, and the open scores of its trials."""
    import ray

    folder = made.folder.with_name(f"{made.folder.name}-{workers}-{repeat}")
    for place, source in ((folder, made.folder), (folder.with_name(f"{folder.name}-sealed"), made.sealed)):
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(source, place)
    study = reopen(folder, folder.with_name(f"{folder.name}-sealed"))
    ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    ray.get([ray.remote(num_cpus=1)(ready).remote() for _ in range(workers)])
    begun = time.monotonic()
    research(study, run=lambda rows: on_workers(study, rows, workers))
    spent = time.monotonic() - begun
    ray.shutdown()
    scores = {row["trial"]: row["open"] for row in study.rows("trial")}
    return spent, [scores[name] for name in sorted(scores)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, help="how often each number of workers runs the search")
    parser.add_argument("--trials", type=int, default=16)
    given = parser.parse_args()
    folder = ROOT / f"workers-{given.trials}"
    ROOT.mkdir(parents=True, exist_ok=True)
    sealed = folder.with_name(f"{folder.name}-sealed")
    made = begin("detectors", folder, sealed, {}, 0, given.trials, SUBMISSIONS, lambda done, of: None)
    ratios = []
    for repeat in range(given.repeats):
        order = (1, 2) if repeat % 2 == 0 else (2, 1)
        spent = {workers: searched(made, workers, repeat) for workers in order}
        if spent[1][1] != spent[2][1]:
            sys.exit("two workers made another search than one")
        ratios.append(spent[2][0] / spent[1][0])
        print(f"repeat {repeat}: one worker {spent[1][0]:.1f} s, two {spent[2][0]:.1f} s, {ratios[-1]:.2f}", flush=True)
    value = sorted(ratios)[len(ratios) // 2]
    note = (
        f"{given.trials} trials of the job detectors, median of {len(ratios)} repeats (the ends are the least and the "
        "most); the same trials with the same open scores"
    )
    print(json.dumps({"value": value, "low": min(ratios), "high": max(ratios), "n": len(ratios),
                      "holds": max(ratios) <= 0.6, "note": note}))  # fmt: skip


if __name__ == "__main__":
    main()
