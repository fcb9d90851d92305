"""Reports of studies of oversight, as the studies leave them, with made-up figures."""

import json
from pathlib import Path
from typing import Any

from caseback.oversight.report import Figure, report

OWN = "sha256:aa"


def ladder(digest: str = OWN, widest: float | None = 1.5, gain: float = 0.62) -> dict[str, Any]:
    return report(
        "ladder",
        "How far up can an overseer see?",
        {"small": "sha256:01", "m": digest},
        (0, 1),
        [
            Figure("recovered", "share of the gap recovered by the smallest overseer", gain, gain - 0.2, gain + 0.1, 5,
                   "seeds"),
            Figure("reach", "widest gap at which 9 of 10 planted violations are found", widest, None, None, 5,
                   "overseers"),
            Figure("chain", "gain of a chain over <one> step", None, None, None, 0, "pairs"),
        ],
        ["2 pairs were left out: their ceilings are within 3 sigma"],
        matrix=[[1, 2], [3, 4]],
    )  # fmt: skip


def votes() -> dict[str, Any]:
    about = "Do overseers fail together?"
    figures = [Figure("votes_one_base", "effective votes of 9 overseers of one base", 2.1, 1.6, 3.0, 40, "families")]
    return report("independence", about, {"m": OWN}, (0,), figures)


def written(folder: Path, name: str, data: dict[str, Any], page: bool = True) -> Path:
    """The report in a file, and its page beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.json"
    file.write_text(json.dumps(data))
    if page:
        file.with_suffix(".html").write_text(f"<!doctype html><title>{name}</title><style>p {{}}</style><p>{name}")
    return file


def notebook() -> dict[str, Any]:
    """A researcher's notebook, in the parts that cards and lists read."""
    gain = {"value": 0.08, "low": 0.02, "high": 0.14, "n": 12, "unit": "families"}
    return {
        "kind": "caseback research notebook", "version": 1, "job": "detectors", "about": "Which pool catches most?",
        "models": {"m": OWN}, "seed": 3, "submissions": [{"trial": "0"}, {"trial": "4"}],
        "flags": [{"exploit": "constant answers", "trial": "2", "why": "all alike"}],
        "final": {"trial": "4", "gain": gain}, "counts": {"hypotheses": 9, "trials": 8},
    }  # fmt: skip
