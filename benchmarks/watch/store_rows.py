"""Exchanges a second into the store, against the plain way: a commit for each exchange.

    python benchmarks/watch/store_rows.py              the ratio, and the rates
    python benchmarks/watch/store_rows.py --rounds 5

Ours is the whole writer: it reads a journal, parses, asks two text detectors, masks, and commits in batches to SQLite.
The plain way does the same reading, scoring and masking, as many at a time, and puts the very same rows into the very
same tables with one transaction for each exchange, as durable as ours (``synchronous = NORMAL``: it survives a killed
process); beside it stands what it does as SQLite is by default (``FULL``: a power cut too). All in turns, in one
process, by the wall.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from caseback.detectors.files import detector_id
from caseback.detectors.pattern import PatternDetector
from caseback.watch.entry import Begun, Carried, Opened
from caseback.watch.exchange import exchange_of
from caseback.watch.journal import Journal, journal_files, read_journal
from caseback.watch.store.opening import open_store
from caseback.watch.store.pseudonyms import pseudonym_key
from caseback.watch.watching import Watching
from caseback.watch.writer.batch import Gateway, stretch
from caseback.watch.writer.commit import Batch, commit
from caseback.watch.writer.keeping import Keeping
from caseback.watch.writer.kept import kept
from caseback.watch.writer.run import run
from caseback.watch.writer.scoring import Scorer

TEXT = "The river Trent rises on the moor and turns north at the weir; write to bob@example.org. " * 5
LEAST = 2.0


def detectors() -> list[Watching]:
    """Two patterns, one of which is found."""
    made = [PatternDetector(f"says {word}", "deception", (word,)) for word in ("weir", "never said")]
    return [Watching(each, detector_id(each), "flag", 0.5) for each in made]


def journal(folder: Path, n: int) -> None:
    """A gateway's journal of so many exchanges."""
    made = Journal(folder, "g")
    made.append(Opened("g", 0.0, "http://m"))
    request = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Where does it rise?"}]}).encode()
    choice = {"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}
    response = json.dumps({"model": "m", "choices": [choice]}).encode()
    for at in range(n):
        id = f"{at:08d}"
        made.append(Begun(id, at / 100))
        made.append(
            Carried(
                id, at / 100, "alice", "", "", "/v1/chat/completions", 200, "whole", False, request, response, 1.0, 2.0
            )
        )
    made.close()


def ours(folder: Path, n: int) -> float:
    """Exchanges a second of the writer."""
    journal(folder / "j", n)
    store = open_store(folder / "ours.sqlite")
    begun = time.perf_counter()
    keep = Keeping(folder / "key", batch_s=0.0, sweep_s=float("inf"))
    run(folder / "j", store, detectors(), keep, lambda: not journal_files(folder / "j"), now=lambda: 0.0)
    took = time.perf_counter() - begun
    assert store.query("SELECT COUNT(*) AS n FROM verdicts") == [{"n": 2 * n}]
    store.close()
    return n / took


def plain(folder: Path, n: int, synchronous: str) -> float:
    """Exchanges a second with a commit each."""
    journal(folder / "j", n)
    store = open_store(folder / "plain.sqlite")
    store.execute(f"PRAGMA synchronous = {synchronous}")
    watching, key = detectors(), pseudonym_key(folder / "key")
    scorer, by_digest = Scorer(watching, 2.0), {each.digest: each for each in watching}
    begun = time.perf_counter()
    gateway = Gateway("g")
    [path] = journal_files(folder / "j")
    at, more = 0, True
    while more:
        read = read_journal(path, at, 1 << 20)
        at, more = read.end, read.more
        found = stretch(gateway, read.entries)
        exchanges = [exchange_of(each) for each in found.carried]
        for each, exchange, said in zip(found.carried, exchanges, scorer.verdicts(exchanges), strict=True):
            row = kept("g", each, exchange, said, key=key, text_days=30)
            commit(store, Batch(kept=[row]), by_digest, key)
        gateway = replace(found.gateway, begun={})
    took = time.perf_counter() - begun
    assert store.query("SELECT COUNT(*) AS n FROM verdicts") == [{"n": 2 * n}]
    store.close()
    return n / took


def main() -> None:
    """All in turns, forth and back."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    ways: dict[str, Callable[[Path], float]] = {
        "writer": lambda folder: ours(folder, given.n),
        "NORMAL": lambda folder: plain(folder, given.n, "NORMAL"),
        "FULL": lambda folder: plain(folder, given.n, "FULL"),
    }
    ratios: dict[str, list[float]] = {"NORMAL": [], "FULL": []}
    for turn in range(given.rounds):
        rates = {}
        for way in list(ways) if turn % 2 == 0 else reversed(list(ways)):
            with tempfile.TemporaryDirectory(prefix="rows") as folder:
                rates[way] = ways[way](Path(folder))
        for way, found in ratios.items():
            found.append(rates["writer"] / rates[way])
        print("    ".join(f"{way} {rate:8.0f} exchanges/s" for way, rate in rates.items()), flush=True)
    like, value = ratios["NORMAL"], statistics.median(ratios["NORMAL"])
    note = (
        f"{given.n} exchanges, two detectors, medians of {given.rounds} rounds; a commit each with synchronous = "
        f"NORMAL, as the writer has it; with FULL {statistics.median(ratios['FULL']):.3f}"
    )
    print(
        json.dumps(
            {"value": round(value, 3), "low": round(min(like), 3), "high": round(max(like), 3), "n": given.rounds,
             "holds": value >= LEAST, "note": note}
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
