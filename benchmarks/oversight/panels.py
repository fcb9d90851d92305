"""What arguing gains before a weak judge, as a claim.

    python benchmarks/oversight/panels.py                                            all figures, as a table
    python benchmarks/oversight/panels.py --ground records --protocol "debate, best of 8"
    python benchmarks/oversight/panels.py --ground records --protocol "debate, best of 8" --over-consultancy

The judge is ladder-1 (`caseback world build ladder-1`, minutes), the debater ref-base; 126 questions of each ground.
Three checkpoints of neighbor vote with it for the majority.
All that is said and scored is kept in .cache/oversight/panels, where all claims find it. A claim holds where the
interval is above 0, with --says loss below 0, with --says none where it holds 0.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from command import ROOT, caseback

from caseback.world.builds import built_folder

OUT = ROOT / ".cache" / "oversight" / "panels"
JUDGES = ("ladder-1",)


def studied(n: int) -> dict[str, Any]:
    """The study; what was said before is not said again."""
    steps = built_folder("neighbor") / "steps"
    voters = [word for step in (500, 1000, 2000) for word in ("--voter", f"step-{step}={steps / str(step)}")]
    fixed = ["--debater", "ref-base", *voters, "--hard", "8", "--out", str(OUT)]
    command = ["oversee", "panels", *JUDGES, "-n", str(n), *fixed]
    caseback(*command)
    found: dict[str, Any] = json.loads((OUT / "panels.json").read_text(encoding="utf-8"))
    return found


def claim(study: dict[str, Any], given: argparse.Namespace) -> dict[str, Any]:
    """The figure asked for."""
    row = next(
        (
            row
            for row in study["rows"]
            if (row["ground"], row["judge"], row["protocol"]) == (given.ground, given.judge, given.protocol)
        ),
        None,
    )
    if row is None:
        raise SystemExit(f"no {given.protocol} of {given.judge} on {given.ground}")
    if given.over_consultancy:
        found = {key: row["over_consultancy"][key] for key in ("value", "low", "high", "n")}
    else:
        found = {"value": row["gain"], "low": row["gain_low"], "high": row["gain_high"], "n": row["pairs"]}
    alone = next(
        each
        for each in study["rows"]
        if (each["ground"], each["judge"], each["protocol"]) == (given.ground, given.judge, "alone")
    )
    holds = {"gain": found["low"] > 0, "loss": found["high"] < 0, "none": found["low"] <= 0 <= found["high"]}[
        given.says
    ]
    note = f"right {row['k']} of {row['n']}, {row['abstained']} abstained; alone {alone['k']} of {alone['n']}"
    return {**found, "holds": holds, "note": note}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ground", default="records")
    parser.add_argument("--judge", default="ladder-1")
    parser.add_argument("--protocol", default="")
    parser.add_argument("--over-consultancy", action="store_true", help="against a consultant of the same effort")
    parser.add_argument("--says", choices=("gain", "loss", "none"), default="gain", help="what the claim is")
    parser.add_argument("-n", type=int, default=126)
    given = parser.parse_args()
    study = studied(given.n)
    if not given.protocol:
        for row in study["rows"]:
            gain = (
                "" if row["gain"] is None else f"{row['gain']:+.2f} [{row['gain_low']:+.2f}, {row['gain_high']:+.2f}]"
            )
            over = row["over_consultancy"]
            more = f"{over['value']:+.2f} [{over['low']:+.2f}, {over['high']:+.2f}]" if over else ""
            right = f"{row['k']:3} of {row['n']:3}"
            print(f"{row['ground']:13} {row['judge']:9} {row['protocol']:36} {right} {gain:21} {more}")
        return
    print(json.dumps(claim(study, given)))


if __name__ == "__main__":
    main()
