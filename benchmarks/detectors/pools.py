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
from caseback.detectors.direction import DirectionDetector
from caseback.detectors.together import token_scores_together
from caseback.detectors.transcript import Transcript
from caseback.interp.direction import pooled
from caseback.interp.part import Pool
from caseback.stats.clustered_paired import clustered_difference
from caseback.stats.threshold import set_threshold
from caseback.subject.open_subject import OpenSubject

Sets = dict[str, tuple[Sequence[Transcript], Sequence[Transcript]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claim", action="store_true")
    given = parser.parse_args()
    begun, own, notes = time.monotonic(), subject(WATCHED), []
    by_long: list[bool] = []
    by_short: list[bool] = []
    families: list[str] = []
    for name in BEHAVIOURS:
        made = next(each for each in directions(own, name) if each.name.endswith("lda-mean"))
        tried = {what: choose_pool(made, yes, no, own).tried for what, (yes, no) in sets(name).items()}
        for what, pools in tried.items():
            row = "  ".join(f"{pool} {did.recall.value:.3f} ({did.auroc.value:.3f})" for pool, did in pools.items())
            print(f"{name:20} {what:12} {row}", flush=True)
        short, long = (best(list(tried[what].values())).pool for what in ("short dev", "long dev"))
        yes, no = sets(name)["long test"]
        caught = catches(made, (short, long), yes, no, own)
        by_short += caught[short]
        by_long += caught[long]
        families += [f"{name} {each.family}" for each in yes]
        far = tried["long test"]
        notes.append(f"{name}: {short} {far[short].recall}, {long} {far[long].recall}")
        print(f"{time.monotonic() - begun:6.0f} s  {name}", file=sys.stderr, flush=True)
    if given.claim:
        gain = clustered_difference(by_long, by_short, families)
        print(json.dumps({
            "value": gain.value, "low": gain.low, "high": gain.high, "n": len(families), "holds": gain.low > 0,
            "note": "difference on the same positives, its interval by families; recall in long test transcripts, pool "
            f"chosen on short and on long: {'; '.join(notes)}",
        }))  # fmt: skip


def catches(
    made: DirectionDetector, pools: Sequence[Pool], yes: Sequence[Transcript], no: Sequence[Transcript],
    own: OpenSubject,
) -> dict[Pool, list[bool]]:  # fmt: skip
    """By pool which positives lie above the threshold for 1 % that the negatives set; what cannot be read does not."""
    read = token_scores_together([made], [*yes, *no], own)
    found: dict[Pool, list[bool]] = {}
    for pool in pools:
        scores = [None if isinstance(each, str) else pooled(each[0], pool) for each in read]
        clean = [score for score in scores[len(yes) :] if score is not None]
        limit = set_threshold(clean, [str(at) for at in range(len(clean))], 0.01).value
        found[pool] = [score is not None and score > limit for score in scores[: len(yes)]]
    return found


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
