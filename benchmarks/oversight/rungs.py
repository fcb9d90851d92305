"""The ladder that the claims are measured on: two sizes from seed 0, and five checkpoints of another seed's run.

Built beforehand: ``caseback world build ladder-1`` and ``caseback world build neighbor``; ref-base ships.
"""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from command import ROOT, caseback

from caseback.world.builds import built_folder

OUT = ROOT / ".cache" / "oversight" / "ladder" / "full"
STEPS = (250, 500, 1000, 2000, 4000)


def models() -> list[str]:
    """As the command takes them."""
    steps = built_folder("neighbor") / "steps"
    return ["ladder-1", *(f"neighbor-{n}={steps / str(n)}" for n in STEPS), "ref-base"]


def studied(study: str) -> dict[str, Any]:
    """The report of a study with its default settings, made where it is not at hand."""
    caseback("oversee", study, *models(), "--out", str(OUT))
    return dict(json.loads((OUT / f"{study}.json").read_text()))
