"""The sealed scorer: a process that alone holds the labels, answers with a score, and never with a label.

``python -m caseback.research.sealed FOLDER`` reads one JSON object a line and writes one a line. The folder, readable
by its owner alone (mode 700), lies outside all that a sandbox can read. What was asked is counted in its ledger before
it is answered, and a restart gives nothing back.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from caseback.dossier.record import digest
from caseback.errors import CasebackError
from caseback.research.ladder import climb
from caseback.research.metrics import Label, estimate, gain, score
from caseback.research.space import numbers_of
from caseback.training.journal import Journal

SEALED, LEDGER = "sealed.json", "ledger.jsonl"
DEVELOPED, KEPT = "A", "B"
"""The world that is submitted to, and the one that is scored once, at the end."""
LARGEST = 8 << 20
Request = Mapping[str, Any]


def answer(folder: Path, request: Any) -> dict[str, Any]:
    """What the scorer says to a request: ``submit``, ``final`` or ``left``. Anything else is refused, and counted.

    ``submit`` has ``id`` and ``answers``; the same again costs nothing and hears the same. ``final`` has the ``trial``
    chosen, and to the cases of world B the answers of the ``default`` by hand and of ``best``; it is answered once.
    """
    sealed = json.loads((folder / SEALED).read_bytes())
    ledger = Journal(folder / LEDGER)
    asked = request.get("ask") if isinstance(request, Mapping) else None
    try:
        if asked == "submit":
            return _submitted(sealed, ledger, request)
        if asked == "final":
            return _final(folder, sealed, ledger, request)
        if asked == "left":
            return {"left": _left(sealed, ledger), "refused": _count(ledger, "refused")}
    except (ValueError, KeyError, TypeError) as error:
        return _refused(ledger, asked, f"{type(error).__name__}: {error}"[:200])
    return _refused(ledger, asked, "the scorer takes submit, final and left; it gives out no labels")


def _submitted(sealed: Mapping[str, Any], ledger: Journal, request: Request) -> dict[str, Any]:
    answers = numbers_of(request["answers"])
    labels = labels_of(sealed[DEVELOPED])
    if len(answers) != len(labels):
        raise ValueError(f"{len(answers)} answers to {len(labels)} cases")
    key = Journal.key("submit", answers)
    if kept := ledger.get(key):
        return {"score": kept["told"], "rose": kept["rose"], "left": _left(sealed, ledger), "again": True}
    if not (left := _left(sealed, ledger)):
        return _refused(ledger, "submit", "the budget of submissions is spent")
    before = [row["told"] for row in ledger.records() if row["sort"] == "submit"]
    told = climb(before[-1] if before else None, score(sealed["measure"], answers, labels), sealed["step"])
    number = sealed["submissions"] - left + 1
    kept = {"key": key, "sort": "submit", "id": str(request["id"])[:80], "number": number, "told": told.score,
            "rose": told.rose, "answers": answers}  # fmt: skip
    ledger.put([kept])
    return {"score": told.score, "rose": told.rose, "left": left - 1, "again": False}


def _final(folder: Path, sealed: Mapping[str, Any], ledger: Journal, request: Request) -> dict[str, Any]:
    default, best = numbers_of(request["default"]), numbers_of(request["best"])
    if kept := ledger.get("final"):
        if kept["asked"] != digest([default, best]):
            return _refused(ledger, "final", "world B was scored, and is scored once: these are other answers")
        return dict(kept["said"])
    measure, submissions = sealed["measure"], [row for row in ledger.records() if row["sort"] == "submit"]
    labels = labels_of(json.loads((folder / f"labels-{KEPT}.json").read_bytes()))
    said: dict[str, Any] = {
        "submissions": len(submissions),
        "default": asdict(estimate(measure, default, labels, 0.95)),
        "best": asdict(estimate(measure, best, labels, 0.95)),
        "gain": asdict(gain(measure, best, default, labels)),
    }
    if chosen := [row for row in submissions if row["id"] == request.get("trial")]:
        # One of so many submissions was picked by its score: each interval holds at 95 % for all of them together.
        corrected = 1 - 0.05 / len(submissions)
        known = estimate(measure, chosen[-1]["answers"], labels_of(sealed[DEVELOPED]), corrected)
        said["developed"] = {**asdict(known), "confidence_each": corrected}
    ledger.put([{"key": "final", "sort": "final", "asked": digest([default, best]), "said": said}])
    return said


def _refused(ledger: Journal, asked: object, why: str) -> dict[str, Any]:
    number = _count(ledger, "refused")
    if number < 1000:  # a flood is told by its thousand first
        ledger.put([{"key": f"refused {number}", "sort": "refused", "asked": str(asked)[:80], "why": why}])
    return {"refused": why}


def _count(ledger: Journal, sort: str) -> int:
    return sum(row["sort"] == sort for row in ledger.records())


def _left(sealed: Mapping[str, Any], ledger: Journal) -> int:
    return max(0, int(sealed["submissions"]) - _count(ledger, "submit"))


def labels_of(rows: Any) -> list[Label]:
    """Labels from plain data."""
    return [Label(**row) for row in rows]


def main() -> None:
    """Serve standard input until it ends."""
    folder = Path(sys.argv[1])
    for line in iter(lambda: sys.stdin.buffer.readline(LARGEST), b""):
        try:
            request = json.loads(line) if line.endswith(b"\n") else None
        except (ValueError, RecursionError):
            request = None
        try:
            said = answer(folder, request)
        except (CasebackError, OSError) as error:
            said = {"error": str(error)}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
