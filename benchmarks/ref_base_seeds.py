"""Do the gates agree over three seeds? ref-base and its two siblings, all blocking gates, in one run.

The siblings are built on demand: ``caseback world build ref-base-seed1`` and ``… ref-base-seed2``.
"""

import argparse
import json

from caseback.stats.rate import exact_rate
from caseback.subject.load import load
from caseback.world.gate import Gate
from caseback.world.gates import GROUPS, exam_of, measure
from caseback.world.reference import reference_path
from caseback.world.spec import WORLD_A

MODELS = ("ref-base", "ref-base-seed1", "ref-base-seed2")


def gates_of(name: str, n: int, every: bool) -> dict[str, Gate]:
    """The gates of one model that have a target, by name: the blocking ones, or ``every`` one."""
    subject = load(str(reference_path(name)), dtype="float32")
    exam = exam_of(subject, lambda text: len(subject.tokenizer.encode(text)), n, 1, WORLD_A, "test")
    groups = tuple(GROUPS) if every else ("helpful", "facts", "constitution", "critique", "revision", "principles")
    return {g.name: g for g in measure(exam, groups) if g.passed is not None and (every or g.blocking)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figure", choices=["passed", "agreement"], default="passed")
    parser.add_argument("--n", type=int, default=96, help="cases per gate")
    given = parser.parse_args()
    every = given.figure == "agreement"
    found = [gates_of(name, given.n, every) for name in MODELS]
    rows = [[gates[name] for gates in found] for name in found[0]]
    for row in rows:
        print(f"{row[0].name:75} {row[0].target:12}", *(f"{g.value:.2f}{' ' if g.passed else '!'}" for g in row))
    if every:
        right = sum(len({g.passed for g in row}) == 1 for row in rows)
        rate = exact_rate(right, len(rows))
        apart = max(rows, key=lambda row: max(g.value for g in row) - min(g.value for g in row))
        note = f"furthest apart: {apart[0].name}, {', '.join(f'{g.value:.2f}' for g in apart)}"
        holds = rate.value >= 0.9
    else:
        missed = [(name, g) for name, gates in zip(MODELS, found, strict=True) for g in gates.values() if not g.passed]
        rate = exact_rate(len(MODELS) * len(rows) - len(missed), len(MODELS) * len(rows))
        note = "not passed: " + "; ".join(f"{n}, {g.name} ({g.value:.2f})" for n, g in missed) if missed else ""
        holds = not missed
    print(
        json.dumps({"value": rate.value, "low": rate.low, "high": rate.high, "n": rate.n, "holds": holds, "note": note})
    )


if __name__ == "__main__":
    main()
