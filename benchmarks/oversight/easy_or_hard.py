"""Easy world or hard: every sign along four reference models, each three times the compute of the one before.

    python benchmarks/oversight/easy_or_hard.py                 the table, and the page in .cache/oversight/easy_or_hard
    python benchmarks/oversight/easy_or_hard.py --sign plant    the claim on that sign as the last line

What is measured is kept in .cache/oversight/easy_or_hard and not measured again. The decay is read from the report that
benchmarks/oversight/ladder.py leaves, or from one named with --ladder.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from caseback.cli.models import named_models
from caseback.disclosure.oversight.easy_or_hard_page import render_easy_or_hard
from caseback.dossier.measure import write_text
from caseback.oversight.easy_or_hard.measure import cells
from caseback.oversight.easy_or_hard.plan import Plan
from caseback.oversight.easy_or_hard.record import easy_or_hard
from caseback.oversight.ladder.rungs import read_rungs
from caseback.oversight.read_report import read_report

MODELS = ("ladder-1", "ladder-2", "neighbor", "ref-base")
FOLDER = Path(".cache/oversight/easy_or_hard")
SIGNS = ("plant", "hide", "find", "repair", "depth", "decay")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sign", choices=SIGNS, help="print the claim on this sign as the last line")
    parser.add_argument("--seeds", type=int, default=Plan().seeds)
    parser.add_argument("--ladder", type=Path, default=Path(".cache/oversight/ladder/full/ladder.json"))
    given = parser.parse_args()
    if given.sign and not given.ladder.is_file():
        parser.error(
            f"no {given.ladder}: p-values are adjusted for all six signs, and it tells one; run ladder.py first"
        )
    rungs, plan, begun = read_rungs(named_models(MODELS)), Plan(seeds=given.seeds), time.monotonic()

    def tell(what: str, done: int, total: int) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {done} of {total}  {what}", file=sys.stderr, flush=True)

    others = [(given.ladder.name, read_report(given.ladder))] if given.ladder.is_file() else []
    data = easy_or_hard(rungs, cells(rungs, plan, FOLDER, tell), plan, others)
    write_text(FOLDER / "easy-or-hard.json", json.dumps(data, indent=1, allow_nan=False) + "\n")
    write_text(FOLDER / "easy-or-hard.html", render_easy_or_hard(data))
    for each in data["signs"]:
        trend = each["trend"]
        levels = "  ".join(f"{one['name']} {told(one)}" for one in each["levels"])
        print(f"{each['name']:7} {levels}")
        if trend:
            ps = f"p {trend['p']:.4f}, adjusted {each['adjusted_p']:.4f}"
            print(f"        {told(trend)} per factor ten, n {trend['n']}, {ps}: {each['points_to']}. {each['says']}")
        print(f"        {each['would_change']}")
    for row in data["examples"]:
        print(f"{row['model']:9} {row['behaviour']:15} bad before {row['base']:.2f}, half planted by {row['plant']}, "
              f"half undone by {row['undo']}")  # fmt: skip
    if given.sign:
        print(json.dumps(claim(next(each for each in data["signs"] if each["name"] == given.sign))))


def told(level: dict[str, Any]) -> str:
    """A level with its interval."""
    if level["value"] is None:
        return "cannot tell"
    low, high = level["low"], level["high"]
    return f"{level['value']:.3f}" + ("" if low is None or high is None else f" [{low:.3f}, {high:.3f}]")


def claim(sign: dict[str, Any]) -> dict[str, Any]:
    """The slope, and whether it points a way."""
    trend = sign["trend"] or {"value": None, "low": None, "high": None, "n": 0}
    note = f"points to: {sign['points_to']}. {sign['says']}".strip()
    return {name: trend[name] for name in ("value", "low", "high", "n")} | {
        "holds": sign["points_to"] != "cannot tell", "note": note,
    }  # fmt: skip


if __name__ == "__main__":
    main()
