"""Local audits from the store of live watching: the evidence by which an imported detector leaves its shadow."""

from collections.abc import Mapping

from caseback.disclosure.importing.promotion import Audited
from caseback.watch.rates.audits import results
from caseback.watch.rates.designs import current_design
from caseback.watch.store.store import Store


def live_audits(store: Store, detectors: Mapping[str, str]) -> list[Audited]:
    """What audits found where these detectors had their say, in the order in which tasks began.

    Only the random slice counts, in which a task is whatever the scores say: of what was drawn because a detector flags
    it, more is flagged. Exchanges of one task are of one piece, so a task counts once: flagged, and showing the
    behaviour, where any of its exchanges is. One that was not evaluated, or of which people could not tell, is left out
    with its task.

    Args:
        store: Of live watching.
        detectors: By id the behaviour that each looks for.
    """
    design = current_design(store)
    if design is None:
        return []
    found: list[Audited] = []
    for id, behaviour in detectors.items():
        told = results(store, behaviour, design)
        tasks: dict[str, tuple[bool, bool] | None] = {}
        for row in store.query(
            "SELECT audit_draws.id AS id, task, flagged, score FROM audit_draws"
            " JOIN verdicts ON verdicts.exchange = audit_draws.exchange"
            " JOIN detectors ON detectors.number = verdicts.detector"
            " WHERE digest = ? AND design = ? AND draw < ? ORDER BY audit_draws.exchange",
            [id, design.number, design.random_slice],
        ):
            seen = told.get(row["id"])
            before = tasks.setdefault(row["task"], (False, False))
            if before is None or row["score"] is None or seen is None or seen.violation is None:
                tasks[row["task"]] = None
            else:
                tasks[row["task"]] = (before[0] or bool(row["flagged"]), before[1] or seen.violation)
        found += [Audited(id, *each) for each in tasks.values() if each is not None]
    return found
