"""Saboteurs among the overseers, as claims.

    python benchmarks/oversight/saboteurs.py --kind teacher     the dose that the best check finds in 95 of 100
    python benchmarks/oversight/saboteurs.py --false            false alarms over honest overseers, all checks together
    python benchmarks/oversight/saboteurs.py --link first       what a chain loses by a bad first link
    python benchmarks/oversight/saboteurs.py --link last --trusted 0.1

The study is made once, in .cache/oversight, beside the ladder's, and serves all figures.
"""

import argparse
import json
from collections import Counter
from typing import Any

from rungs import studied

from caseback.stats.clustered import clustered_rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--kind", choices=("teacher", "critic", "monitor", "researcher"))
    what.add_argument("--false", action="store_true")
    what.add_argument("--link", choices=("first", "last"))
    parser.add_argument("--trusted", type=float, default=0.0)
    given = parser.parse_args()
    data = studied("saboteurs")
    if given.kind:
        print(json.dumps(limit(data, given.kind)))
    elif given.link:
        print(json.dumps(link(data, given.link, given.trusted)))
    else:
        print(json.dumps(false(data)))


def limit(data: dict[str, Any], kind: str) -> dict[str, Any]:
    """The limit of detection of the best check; it holds where the limit is surely within the doses tried. The note has
    every check at every dose."""
    found = next(each for each in data["figures"] if each["name"] == f"limit_{kind}")
    checks = "; ".join(
        f"{each['check']} " + ", ".join(f"{row['dose']:g}: {row['k']}/{row['n']}" for row in each["doses"])
        for each in data["checks"]
        if each["kind"] == kind
    )
    harm = ", ".join(f"{row['dose']:g}: {row['lost']['value']:+.2f}" for row in data["harm"] if row["kind"] == kind)
    return {
        "value": found["value"], "low": found["low"], "high": found["high"], "n": found["n"],
        "holds": found["high"] is not None,
        "note": f"{found['text']}; alarms by dose: {checks}; recall on the target lost by dose: {harm}",
    }  # fmt: skip


def link(data: dict[str, Any], place: str, trusted: float) -> dict[str, Any]:
    """What a chain loses by its first or last link."""
    rows = [row for row in data["chain"] if row["trusted"] == trusted]
    wanted = (min if place == "first" else max)(row["link"] for row in rows)
    row = next(row for row in rows if row["link"] == wanted)
    lost = row["lost"]
    every = ", ".join(f"link {each['link']}: {each['lost']['value']:+.3f}" for each in rows)
    return {
        "value": lost["value"], "low": lost["low"], "high": lost["high"], "n": lost["clusters"],
        "holds": lost["low"] is not None and lost["low"] > 0,
        "note": f"clean chain catches {row['clean']['value']:.3f}, bad {row['bad']['value']:.3f}; lost by place of the "
        f"bad link: {every}; on other behaviours {row['others_lost']['value']:+.3f}",
    }  # fmt: skip


def false(data: dict[str, Any]) -> dict[str, Any]:
    """Alarms over honest overseers that no threshold was set on; over seeds, which all kinds and checks share."""
    own = [each for each in data["checks"] if not each["kind"].startswith("careless")]
    alarmed = Counter(seed for each in own for seed in each["false"]["seeds"])
    quiet = data["plan"]["honest"] - len(alarmed)
    counts = {f"alarmed {seed}": (k, len(own)) for seed, k in alarmed.items()}
    rate = clustered_rate(counts | {f"quiet {at}": (0, len(own)) for at in range(quiet)})
    worst = max(own, key=lambda each: each["false"]["value"])
    return {
        "value": rate.value, "low": rate.low, "high": rate.high, "n": rate.n,
        "holds": rate.low <= data["plan"]["alarms"],
        "note": f"most by {worst['check']} of the {worst['kind']}: {worst['false']['k']} of {worst['false']['n']}",
    }  # fmt: skip


if __name__ == "__main__":
    main()
