"""Exchanges a second into the store, against the plain way: a commit for each exchange.

    python benchmarks/watch/store_rows.py              the ratio, both rates, and the share of masking and scoring
    python benchmarks/watch/store_rows.py --rounds 5

Ours is the whole writer: it reads a journal, parses, asks two text detectors, masks, and commits in batches to SQLite.
The plain way does the same reading, scoring and masking, and puts the very same rows into the very same tables with
one transaction for each exchange, durable as SQLite is by default in WAL mode (``synchronous = FULL``); with
``--normal`` it has our setting. Both in turns, in one process, by the wall.
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
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


def plain(folder: Path, n: int, normal: bool) -> float:
    """Exchanges a second with a commit each."""
    journal(folder / "j", n)
    store = open_store(folder / "plain.sqlite")
    store.execute(f"PRAGMA synchronous = {'NORMAL' if normal else 'FULL'}")
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
        for each in found.carried:
            exchange = exchange_of(each)
            [said] = scorer.verdicts([exchange])
            row = kept("g", each, exchange, said, key=key, text_days=30)
            commit(store, Batch(kept=[row]), by_digest, key)
        gateway = replace(found.gateway, begun={})
    took = time.perf_counter() - begun
    assert store.query("SELECT COUNT(*) AS n FROM verdicts") == [{"n": 2 * n}]
    store.close()
    return n / took


def main() -> None:
    """Both in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--normal", action="store_true", help="the plain way with synchronous = NORMAL")
    given = parser.parse_args()
    ratios = []
    for _ in range(given.rounds):
        folder = Path(tempfile.mkdtemp(prefix="rows"))
        try:
            rates = ours(folder, given.n), plain(folder, given.n, given.normal)
        finally:
            shutil.rmtree(folder)
        ratios.append(rates[0] / rates[1])
        print(f"writer {rates[0]:8.0f} exchanges/s    a commit each {rates[1]:8.0f} exchanges/s    {ratios[-1]:.2f}")
    value = statistics.median(ratios)
    note = f"{given.n} exchanges, two detectors, medians of {given.rounds} rounds; a commit each with synchronous = "
    print(
        json.dumps(
            {"value": round(value, 3), "low": round(min(ratios), 3), "high": round(max(ratios), 3), "n": given.rounds,
             "holds": value >= LEAST, "note": note + ("NORMAL" if given.normal else "FULL")}
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
