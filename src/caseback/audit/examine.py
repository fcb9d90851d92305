"""Put one model through a panel, assay by assay; what fails is told as such and never as clean."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from caseback.audit.assay import Assay, Examined, Progress
from caseback.audit.statistic import Statistic, untold
from caseback.errors import CasebackError
from caseback.subject.open_subject import OpenSubject
from caseback.training.ask import can_score
from caseback.training.journal import Journal

VERSION = 2
"""Of what the assays do. A calibration holds for its version only."""
Statistics = dict[str, Statistic]


class _OverrunError(Exception):
    """An assay took longer than it may."""


def examine(
    examined: Examined,
    assays: Mapping[str, Assay],
    seconds: float,
    journal: Journal,
    progress: Callable[[str, int, int], None] | None = None,
) -> Statistics:
    """The statistic of every assay, in order; what the journal holds already is not measured again.

    An assay that crashes, overruns its budget, or needs more than there is of the model, cannot tell. What overran or
    crashed is not kept, so that it is tried again.

    Args:
        seconds: the budget of each assay.
        progress: called with (assay, assays done, assays in all).
    """
    found: Statistics = {}
    for done, (name, assay) in enumerate(assays.items()):
        if progress:
            progress(name, done, len(assays))
        found[name] = _one(examined, assay, seconds, journal)
    return found


def _one(examined: Examined, assay: Assay, seconds: float, journal: Journal) -> Statistic:
    if missing := _missing(examined, assay):
        return untold(missing)
    key = _key(examined, assay)
    if kept := journal.get(key):
        return Statistic(**kept["statistic"])
    start = time.monotonic()
    try:
        statistic = assay.work(replace(examined, progress=_watched(examined.progress, start + seconds)))
    except _OverrunError:
        return untold(f"took longer than its budget of {seconds:g} s")
    except CasebackError as error:
        return untold(str(error))
    except Exception as error:  # a crash in one assay says nothing of the model, and must not end the others
        return untold(f"crashed: {type(error).__name__}: {error}".splitlines()[0][:200])
    taken = round(time.monotonic() - start, 2)
    journal.put([{"key": key, "assay": assay.name, "statistic": asdict(statistic), "seconds": taken}])
    return statistic


def _missing(examined: Examined, assay: Assay) -> str:
    """What the assay needs and there is not; empty where all is there."""
    if assay.needs == "scores" and not can_score(examined.subject):
        return "needs log-probabilities, which this subject does not give"
    if assay.needs == "weights" and not isinstance(examined.subject, OpenSubject):
        return "needs weights, and this subject is only an address"
    if assay.needs == "weights" and examined.base is None:
        return "needs the base that the calibration holds for, which is not given (or the model grew from another)"
    return ""


def _key(examined: Examined, assay: Assay) -> str:
    base = examined.base.digest if examined.base and assay.needs == "weights" else ""
    what: list[Any] = [VERSION, assay.name, examined.subject.digest, base, examined.ground, examined.n, examined.seed]
    return Journal.key("audit", *what, examined.max_new_tokens)


def _watched(progress: Progress | None, until: float) -> Progress:
    """The progress callback, which ends the assay when its time is up."""

    def tick(done: int, total: int) -> None:
        if time.monotonic() > until and done < total:
            raise _OverrunError
        if progress:
            progress(done, total)

    return tick
