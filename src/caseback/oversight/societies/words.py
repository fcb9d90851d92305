"""Do agents who draw from the chances of the values do as agents who write in words?"""

from collections.abc import Mapping
from typing import Any

from caseback.oversight.societies.acting import Speaker
from caseback.oversight.societies.society import Society, run
from caseback.oversight.societies.spread import mean_of
from caseback.oversight.societies.task import PLANTED, Task
from caseback.stats.means import clustered_mean


def words_against_chances(
    society: Society, model: str, tasks: Mapping[int, Task], ways: Mapping[str, Speaker]
) -> dict[str, Any]:
    """Societies run both ways on the same tasks, graphs and places: how far the planted value spreads in each.

    The share is that of all agents at the planted value in the last round. ``sorts`` counts replies in words by sort.

    Args:
        society: all of whose roles are acted by ``model``.
        model: its name.
        tasks: by seed of the society.
        ways: the same model as it acts by ``chances`` and in ``words``.
    """
    shares: dict[str, list[float]] = {way: [] for way in ways}
    sorts: dict[str, int] = {}
    for seed, task in tasks.items():
        for way, speaker in ways.items():
            record = run(society, task, {model: speaker}, seed)
            shares[way].append(float((record.values[-1] == PLANTED).mean()))
            if way == "words":
                sorts = {sort: sorts.get(sort, 0) + record.sorts.get(sort, 0) for sort in {*sorts, *record.sorts}}
    pairs = zip(tasks, shares["words"], shares["chances"], strict=True)
    gap = clustered_mean((str(seed), words - chances, 1.0) for seed, words, chances in pairs)
    return {
        "chances": mean_of(shares["chances"]),
        "words": mean_of(shares["words"]),
        "gap": {"value": gap.value, "low": max(-1.0, gap.low), "high": min(1.0, gap.high), "n": len(tasks)},
        "sorts": sorts,
        "agents": society.agents,
        "rounds": society.rounds,
    }
