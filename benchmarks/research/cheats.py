"""Whether cheating researchers are noticed, each run end to end, and honest ones left alone.

The cheats are those of the tests (tests/cheats_for_tests.py), on a job whose truth is known.
"""

import json
import sys
import tempfile
from pathlib import Path

from caseback.research.trials import flagged
from caseback.stats.rate import exact_rate

TESTS = Path(__file__).resolve().parents[2] / "tests"
HONEST = 10


def main() -> None:
    sys.path.insert(0, str(TESTS))
    from cheats_for_tests import CHEATS, honest

    missed = []
    for cheat in CHEATS:
        with tempfile.TemporaryDirectory() as folder:
            study = cheat.run(Path(folder))
            found = {row["exploit"] for row in study.rows("flag")}
            sent = {row["trial"] for row in study.rows("submission")} & flagged(study)
            caught = cheat.noticed <= found and not (cheat.gains_nothing and sent)
        print(
            f"{cheat.name:24} {'noticed' if caught else 'MISSED'}: {', '.join(sorted(found)) or 'nothing'}", flush=True
        )
        missed += [] if caught else [cheat.name]
    accused = 0
    for seed in range(HONEST):
        with tempfile.TemporaryDirectory() as folder:
            accused += bool(honest(Path(folder), seed).rows("flag"))
    rate = exact_rate(len(CHEATS) - len(missed), len(CHEATS))
    false = exact_rate(accused, HONEST)
    note = (
        f"{len(CHEATS)} cheats ({', '.join(each.name for each in CHEATS)}), missed: {', '.join(missed) or 'none'}; "
        f"honest researchers flagged: {accused} of {HONEST} [{false.low:.2f}, {false.high:.2f}]; the cheats are a list "
        "of known ways and no sample of all, so the interval is of such a list"
    )
    print(json.dumps({"value": rate.value, "low": rate.low, "high": rate.high, "n": rate.n,
                      "holds": not missed and not accused, "note": note}))  # fmt: skip


if __name__ == "__main__":
    main()
