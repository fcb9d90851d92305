"""A ladder of overseers, as claims.

    python benchmarks/oversight/ladder.py --figure recovered_naive    the share of the gap recovered
    python benchmarks/oversight/ladder.py --figure chain_gain         rung by rung against one step
    python benchmarks/oversight/ladder.py --figure reach              the widest gap over which recall is surely 0.5

The study is made once, in .cache/oversight, and serves all figures; a run that was stopped goes on.
"""

import argparse
import json

from rungs import studied


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figure", required=True)
    parser.add_argument("--least", type=float, default=0.0, help="holds where the low end is above it")
    given = parser.parse_args()
    data = studied("ladder")
    found = next((each for each in data["figures"] if each["name"] == given.figure), None)
    if found is None:
        raise SystemExit(f"no figure {given.figure}: there are {', '.join(each['name'] for each in data['figures'])}")
    told = found["value"] if found["unit"] == "gaps" else found["low"]  # a reach rests on intervals, and has none
    kept = [pair for pair in data["pairs"] if not pair["excluded"]]
    curve = "; ".join(
        f"{point['gap']:g}: {point['value']:.2f} [{point['low']:.2f}, {point['high']:.2f}]"
        for point in data["curves"]["recall"]
    )
    print(json.dumps({
        "value": found["value"], "low": found["low"], "high": found["high"], "n": found["n"],
        "holds": told is not None and told > given.least,
        "note": f"{len(data['rungs'])} models, {len(data['seeds'])} seeds; {len(kept)} of {len(data['pairs'])} pairs "
        f"have a ceiling gap of 3 sigma; recall by gap in powers of ten of compute, simultaneous intervals: {curve}",
    }))  # fmt: skip


if __name__ == "__main__":
    main()
