"""The ladder that the claims are measured on: two sizes from seed 0, and five checkpoints of another seed's run.

Built beforehand: ``caseback world build ladder-1`` and ``caseback world build neighbor``; ref-base ships.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from caseback.world.builds import built_folder

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / ".cache" / "oversight" / "ladder" / "full"
STEPS = (250, 500, 1000, 2000, 4000)


def models() -> list[str]:
    """As the command takes them."""
    steps = built_folder("neighbor") / "steps"
    return ["ladder-1", *(f"neighbor-{n}={steps / str(n)}" for n in STEPS), "ref-base"]


def studied(study: str) -> dict[str, Any]:
    """The report of a study with its default settings, made where it is not at hand."""
    done = subprocess.run(
        [sys.executable, "-m", "caseback", "oversee", study, *models(), "--out", str(OUT)], cwd=ROOT, stdout=sys.stderr
    )
    if done.returncode:
        raise SystemExit(f"caseback oversee {study} ended with status {done.returncode}")
    return dict(json.loads((OUT / f"{study}.json").read_text()))
