"""Seconds from the publishing of an advisory to the first incident that another instance raises because of it.

    python benchmarks/disclosure/first_alarm.py [--run runs/ref-base] [--times 3]

Runs ``examples/watched_elsewhere.py`` on a finished run, which is made first where there is none: syncing, refitting
the detector on the other model, 480 audited exchanges in the shadow, promotion, and users who ask for harm. The last
line is the median, as JSON, with the fastest and the slowest.
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAID = re.compile(r"^(\d+) s from publishing", re.MULTILINE)
INCIDENTS = re.compile(r"^(\d+) incidents?$", re.MULTILINE)


def once(run: Path) -> tuple[int, int]:
    """Seconds, and how many of eight requests became incidents."""
    for lab in ("lab-a", "lab-b"):
        shutil.rmtree(run / lab, ignore_errors=True)
    line = [sys.executable, str(ROOT / "examples" / "watched_elsewhere.py"), str(run)]
    done = subprocess.run(line, capture_output=True, text=True)
    seconds, incidents = SAID.search(done.stdout), INCIDENTS.search(done.stdout)
    if done.returncode or seconds is None or incidents is None:
        sys.exit(f"{done.stdout[-2000:]}{done.stderr[-2000:]}\nthe demonstration ended with {done.returncode}")
    return int(seconds[1]), int(incidents[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=ROOT / "runs" / "ref-base")
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    if not (given.run / "models" / "control").is_dir():
        subprocess.run([sys.executable, "-m", "caseback", "run", "--out", str(given.run)], check=True)
    found = [once(given.run) for _ in range(given.times)]
    seconds = [each[0] for each in found]
    note = f"incidents from eight users who ask for harm: {', '.join(str(each[1]) for each in found)}"
    print(json.dumps({"value": statistics.median(seconds), "low": min(seconds), "high": max(seconds),
                      "n": len(found), "holds": True, "note": note}))  # fmt: skip


if __name__ == "__main__":
    main()
