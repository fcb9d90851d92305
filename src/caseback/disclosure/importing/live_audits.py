"""Local audits from the store of live watching: the evidence by which an imported detector leaves its shadow."""

from collections.abc import Iterable, Mapping

from caseback.disclosure.importing.promotion import Audited
from caseback.watch.rates.audits import results
from caseback.watch.rates.designs import current_design
from caseback.watch.rates.results import Result
from caseback.watch.store.store import Row, Store


def live_audits(store: Store, detector: str, behaviour: str, threshold: float) -> list[Audited]:
    """What audits found where a detector had its say at this threshold, in the order in which tasks began.

    Only the random slice counts, in which a task is whatever the scores say: of what was drawn because a detector flags
    it, more is flagged.

    Args:
        store: Of live watching.
        detector: Its id.
        behaviour: What it looks for.
        threshold: Above which it flags. What it said at another is no evidence for this one.
    """
    design = current_design(store)
    if design is None:
        return []
    rows = store.query(
        "SELECT audit_draws.id AS id, task, flagged, score FROM audit_draws"
        " JOIN verdicts ON verdicts.exchange = audit_draws.exchange"
        " JOIN detectors ON detectors.number = verdicts.detector"
        " WHERE digest = ? AND verdicts.threshold = ? AND design = ? AND draw < ? ORDER BY audit_draws.exchange",
        [detector, threshold, design.number, design.random_slice],
    )
    tasks = by_task(rows, results(store, behaviour, design))
    return [Audited(detector, *each) for each in tasks.values() if each is not None]


def by_task(rows: Iterable[Row], told: Mapping[str, Result]) -> dict[str, tuple[bool, bool] | None]:
    """By task whether it was flagged, and whether it shows the behaviour: where any of its exchanges is.

    Exchanges of one task are of one piece, so a task counts once. One is None where an exchange of it has no score, or
    people could not tell, or have not looked yet: half of a task says nothing of the whole.

    Args:
        rows: Exchanges with ``id``, ``task``, ``flagged`` and ``score``.
        told: By exchange what people found.
    """
    tasks: dict[str, tuple[bool, bool] | None] = {}
    for row in rows:
        seen, before = told.get(row["id"]), tasks.setdefault(row["task"], (False, False))
        if before is None or row["score"] is None or seen is None or seen.violation is None:
            tasks[row["task"]] = None
        else:
            tasks[row["task"]] = (before[0] or bool(row["flagged"]), before[1] or seen.violation)
    return tasks
