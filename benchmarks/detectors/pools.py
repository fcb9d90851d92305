"""Trained on short text, tested on long: what each pool of a direction's token scores catches in either.

    python benchmarks/detectors/pools.py            a table
    python benchmarks/detectors/pools.py --claim    the figure of the claim as the last line

Directions by linear discriminant on the mean of short replies, one a behaviour. For each the pool that catches most in
*short* dev transcripts at 1 % false positives stands against the one that does in *long* ones, both on long transcripts
of the test families (1,200 negatives). AUROC decides among equals.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence

from data import BEHAVIOURS, long_negatives, long_positives, ordinary, subject, tempted
from kinds import directions
from recall import WATCHED

from caseback.detectors.aggregation import Aggregated, choose_pool
from caseback.detectors.transcript import Transcript

Sets = dict[str, tuple[Sequence[Transcript], Sequence[Transcript]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claim", action="store_true")
    given = parser.parse_args()
    begun, own, gains, notes = time.monotonic(), subject(WATCHED), [], []
    for name in BEHAVIOURS:
        made = next(each for each in directions(own, name) if each.name.endswith("lda-mean"))
        tried = {what: choose_pool(made, yes, no, own).tried for what, (yes, no) in sets(name).items()}
        for what, pools in tried.items():
            row = "  ".join(f"{pool} {did.recall.value:.3f} ({did.auroc.value:.3f})" for pool, did in pools.items())
            print(f"{name:20} {what:12} {row}", flush=True)
        by_short, by_long = (best(list(tried[what].values())) for what in ("short dev", "long dev"))
        far = tried["long test"]
        gains.append(far[by_long.pool].recall.value - far[by_short.pool].recall.value)
        notes.append(f"{name}: {by_short.pool} {far[by_short.pool].recall}, {by_long.pool} {far[by_long.pool].recall}")
        print(f"{time.monotonic() - begun:6.0f} s  {name}", file=sys.stderr, flush=True)
    if given.claim:
        value = sum(gains) / len(gains)
        print(json.dumps({
            "value": value, "low": min(gains), "high": max(gains), "n": len(gains), "holds": value > 0,
            "note": f"recall in long test transcripts, pool chosen on short and on long: {'; '.join(notes)}",
        }))  # fmt: skip


def sets(name: str) -> Sets:
    short = {split: [each.short for each in tempted(name, split) if each.label] for split in ("dev", "test")}
    return {
        "short dev": (short["dev"], [each.short for each in ordinary("dev")]),
        "short test": (short["test"], [each.short for each in ordinary("test")[::4]]),
        "long dev": (long_positives(name, "dev"), long_negatives("dev")),
        "long test": (long_positives(name, "test"), long_negatives("test")[:1_200]),
    }


def best(tried: list[Aggregated]) -> Aggregated:
    return max(tried, key=lambda each: (each.recall.value, each.auroc.value))


if __name__ == "__main__":
    main()
