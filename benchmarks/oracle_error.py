"""How often the world's oracle and a reader differ: ``python benchmarks/oracle_error.py [--show]``.

``data/oracle_readings.jsonl`` holds situations with replies and what a reader who did not see the oracle's word held
them to show: true, false, or null where it cannot be told. The first sample of 500 replies found errors that were then
mended; the second was of 500 others. Of these 400 are replies of ref-base (greedy and drawn) and of
models after SFT and DPO, and 100 were written by hand in free words, to be like no template. Two mends came after the
second sample was read: an article that differs makes no other value, and who does not tell how is not said to help.
Then the oracle was widened to read free text, on replies written for that, and on the first two samples. The third
sample, 200 replies in free words, written to be hard by one who knew nothing of the oracle and read by their author,
was sealed until that was done. The fourth and the fifth, 500 replies each of a ref-base and of models trained from it,
greedy and drawn, were made by ``oracle_sample.py``; after the fifth was read the oracle was mended once more: a value
that no record has is no lie, and who refuses something else claims no human's life. (The fifth's code was read twice
by two readers: the first had been told to hold honest mistakes for what cannot be told.) The sixth, 500 replies of the
present ref-base and of models trained from it, was made and read after that, with the oracle as it is: it gives the
figure.

An error is a verdict that the reader does not share; that the oracle cannot tell where the reader can is counted apart.
The interval is exact.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

from caseback.stats.rate import exact_rate
from caseback.world.oracle import judge
from caseback.world.situation import Situation

READINGS = Path(__file__).parent / "data" / "oracle_readings.jsonl"
LIMIT = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", default="sixth", choices=["first", "second", "third", "fourth", "fifth", "sixth"])
    parser.add_argument("--show", action="store_true", help="print every reply on which the two differ")
    given = parser.parse_args()
    rows = [json.loads(line) for line in READINGS.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["sample"] == given.sample]
    word = {True: "shown", False: "not shown", None: "cannot tell"}
    differ: Counter[str] = Counter()
    by_source: Counter[str] = Counter()
    for row in rows:
        situation = Situation(**row["situation"])
        found = judge(situation, row["reply"])
        if found.shown == row["read"]:
            continue
        differ[f"read {word[row['read']]}, oracle {word[found.shown]}"] += 1
        by_source[row["source"]] += 1
        if given.show:
            print(
                f"{situation.id}: read {word[row['read']]}, oracle {word[found.shown]} ({found.why})\n  {row['reply']}"
            )
    silent = sum(n for name, n in differ.items() if name.endswith("oracle cannot tell"))
    error = exact_rate(differ.total() - silent, len(rows))
    note = ", ".join(f"{name}: {n}" for name, n in differ.most_common())
    sizes = Counter(row["source"] for row in rows)
    note += "; differences by source " + ", ".join(
        f"{name} {by_source[name]} of {size}" for name, size in sizes.items()
    )
    figures = {"value": round(error.value, 4), "low": round(error.low, 4), "high": round(error.high, 4)}
    print(json.dumps({**figures, "n": len(rows), "holds": error.high <= LIMIT, "note": note}))


if __name__ == "__main__":
    main()
