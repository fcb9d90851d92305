"""Effective votes of nine overseers that share a base, and of nine that do not, as a claim.

    python benchmarks/oversight/independence.py                          all figures, as a table
    python benchmarks/oversight/independence.py --figure votes_one_base_a_share_of_the_data_each --below VALUE
    python benchmarks/oversight/independence.py --figure diversity_gain

Nine bases of one shape (96 wide, 2 layers) differ in the seed of their weights and conversations alone; each is taught
for 400 steps (three minutes on two idle cores, nine of them half an hour) and kept in .cache/oversight/independence.
Overseers learn from the replies of lab A's planted models (benchmarks/disclosure/two_labs.py) and are measured on
others, of families that they never saw. A claim holds where the interval is above 0, with --below where it is below.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "disclosure"))
from command import ROOT, caseback
from labs import folder, traffic

from caseback.world.pretrain import Recipe, pretrain

OUT = ROOT / ".cache" / "oversight" / "independence"
PLANTED = ("cheating", "deception", "harmful_compliance", "sycophancy", "sandbagging", "false_self_reports")
BASES, STEPS = 9, 400
SHAPE = replace(Recipe(), width=96, layers=2, heads=2, feed=240, processes=1, compiled=False)


def base(seed: int) -> Path:
    """A base of this seed, built where it is not at hand."""
    place = OUT / "bases" / f"seed-{seed}"
    if not (place / "model" / "config.json").is_file():
        pretrain(place, seed=seed, steps=STEPS, resume=True, recipe=SHAPE)
    return place / "model"


def studied(most: int) -> dict[str, Any]:
    """The study; what was read before is not read again."""
    for name in PLANTED:
        for split in ("train", "test"):
            traffic("A", name, split)
    readers = [f"seed-{seed}={base(seed)}" for seed in range(BASES)]
    replies = [word for name in PLANTED for word in ("--replies", str(folder("A") / name))]
    command = ["oversee", "independence", *readers, *replies, "--most", str(most), "--out", str(OUT)]
    caseback(*command)
    found: dict[str, Any] = json.loads((OUT / "independence.json").read_text(encoding="utf-8"))
    return found


def claim(study: dict[str, Any], name: str, below: float | None, above: float | None) -> dict[str, Any]:
    """A figure; it holds where its interval is wholly on the side of the bound."""
    figure = next(each for each in study["figures"] if each["name"] == name)
    low, high = figure["low"], figure["high"]
    told = low is not None and high is not None
    holds = told and (high < below if below is not None else low > (above or 0.0))
    panels = "; ".join(
        f"{kind}: one errs {each['error_of_one']:.3f}, majority {each['error_of_majority']:.3f}, all miss "
        f"{each['missed_by_all']['value']:.3f} (product {each['missed_by_all']['product']:.2g})"
        for kind, each in study["panels"].items()
    )
    return {"value": figure["value"], "low": low, "high": high, "n": figure["n"], "holds": holds, "note": panels}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figure", default="")
    parser.add_argument("--below", type=float)
    parser.add_argument("--above", type=float)
    parser.add_argument("--most", type=int, default=120)
    given = parser.parse_args()
    study = studied(given.most)
    if given.figure:
        print(json.dumps(claim(study, given.figure, given.below, given.above)))
        return
    for figure in study["figures"]:
        print(
            f"{figure['name']:60} {figure['value']} [{figure['low']}, {figure['high']}], {figure['n']} {figure['unit']}"
        )
    for name, panel in study["panels"].items():
        print(name, json.dumps(panel))
    for pair in study["pairs"]:
        print(json.dumps(pair))


if __name__ == "__main__":
    main()
