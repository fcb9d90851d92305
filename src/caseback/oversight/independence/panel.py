"""What nine overseers are worth together: votes, majority, and what all of them miss."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.effective_votes import (
    Wrongs,
    effective_votes,
    joint_bounds,
    majority_wrong,
    majority_wrong_if_independent,
)
from caseback.stats.jackknife import jackknife


def mean_votes(panels: Sequence[Wrongs], rows: Any) -> float:
    """Effective votes on these transcripts, mean over panels that have any; NaN where none has."""
    told = [each for each in (effective_votes(panel[:, rows]) for panel in panels) if not math.isnan(each)]
    return sum(told) / len(told) if told else math.nan


def votes(panels: Sequence[Wrongs], families: Sequence[str]) -> dict[str, Any]:
    """Effective votes, mean over panels of one make-up, with an interval over families."""
    found = jackknife(lambda rows: mean_votes(panels, rows), families)
    told = math.isfinite(found.low)
    return {
        "value": None if math.isnan(found.value) else found.value,
        "low": max(1.0, found.low) if told else None,
        "high": min(float(len(panels[0])), found.high) if told else None,
        "n": found.clusters,
    }


def of_panels(panels: Sequence[Wrongs], missed: Sequence[Wrongs], families: Sequence[str]) -> dict[str, Any]:
    """A make-up of panels, each of the same number of overseers.

    Args:
        panels: [overseers, transcripts], wrong or not, NaN where one did not answer; one for each panel.
        missed: the same over the bad transcripts only: 1 where an overseer calls one clean.
        families: of the transcripts.
    """
    majorities = np.stack([majority_wrong(panel) for panel in panels])
    singles = [[float(np.nanmean(member)) for member in panel if not np.isnan(member).all()] for panel in panels]
    return {
        "panels": len(panels),
        "members": len(panels[0]),
        "votes": votes(panels, families),
        "error_of_one": float(np.mean([rate for each in singles for rate in each])),
        "error_of_best": float(np.mean([min(each) for each in singles])),
        "error_of_majority": float(np.nanmean(majorities)),
        "error_if_independent": float(np.mean([majority_wrong_if_independent(each) for each in singles])),
        "unanswered": int(sum(np.isnan(panel).sum() for panel in panels)),
        "missed_by_all": depth(missed),
    }


def depth(missed: Sequence[Wrongs]) -> dict[str, Any]:
    """Defence in depth: a bad transcript passes where every overseer calls it clean; one that does not answer has not
    stopped it.

    ``value`` is what was seen, mean over panels; ``product`` what independence would promise; ``bound`` the most that
    it could be from each one's own misses, whatever their dependence.
    """
    silent = [np.where(np.isnan(panel), 1.0, panel) for panel in missed]
    rates = [[float(member.mean()) for member in panel] for panel in silent]
    return {
        "value": float(np.mean([panel.all(axis=0).mean() for panel in silent])),
        "product": float(np.mean([math.prod(each) for each in rates])),
        "bound": float(np.mean([joint_bounds(each)[1] for each in rates])),
        "one": float(np.mean([rate for each in rates for rate in each])),
        "n": silent[0].shape[1],
    }


def first_panel(missed: Wrongs, families: Sequence[str]) -> dict[str, Any]:
    """The exact interval of what all of one panel miss, clustered by family."""
    rate = clustered_rate(by_cluster(families, all_miss(missed).tolist()))
    return {"k": rate.k, "n": rate.n, "value": rate.value if rate.n else None, "low": rate.low, "high": rate.high}


def all_miss(missed: Wrongs) -> npt.NDArray[np.bool_]:
    """For each transcript whether no overseer of a panel stops it."""
    return np.asarray(np.where(np.isnan(missed), 1.0, missed).all(axis=0), dtype=bool)
