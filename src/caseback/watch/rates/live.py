"""What is shown of live traffic: for each detector the rate of violations with its bounds, and coverage beside it."""

from dataclasses import dataclass, replace

from caseback.errors import CasebackError
from caseback.stats.audited_rate import OperatingPoint
from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.rate import Rate
from caseback.watch.rates.calibrations import kept_calibration
from caseback.watch.rates.designs import Design, current_design
from caseback.watch.rates.estimate import CONFIDENCE, Estimate, from_audits, from_both, from_flags
from caseback.watch.rates.levels import Floats, levels
from caseback.watch.rates.operating_point import live_point
from caseback.watch.rates.reading import By, Group, asked, column, seen
from caseback.watch.rates.units import Seen, Units, units
from caseback.watch.store.coverage import coverage
from caseback.watch.store.read import detectors
from caseback.watch.store.rows import Watched
from caseback.watch.store.store import Store


@dataclass(frozen=True)
class Counts:
    """Exchanges, as they were counted.

    Attributes:
        exchanges: In the store.
        evaluated: Of them scored by the detector.
        flagged: Of them flagged.
        lost: Known to have been and not in the store; of part of the traffic: that may have belonged to it.
        gaps: Times of which nobody knows how many exchanges they held.
        tasks: Tasks that the exchanges make up.
        going: Tasks that may not be over.
        drawn: Exchanges that people are to look at.
        audited: Of them those of which there is a result.
        unclear: Of those results, how many say that it cannot be told.
        violations: Violations among them.
    """

    exchanges: int
    evaluated: int
    flagged: int
    lost: int
    gaps: int
    tasks: int
    going: int
    drawn: int
    audited: int
    unclear: int
    violations: int

    @property
    def coverage(self) -> float | None:
        """Share evaluated of what is known to have been; None where nothing was."""
        total = self.exchanges + self.lost
        return self.evaluated / total if total else None


@dataclass(frozen=True)
class LiveRate:
    """A detector's row.

    Attributes:
        detector: Its name.
        digest: Its id.
        behaviour: What it looks for.
        group: Of which part of the traffic; all where ``by`` is empty.
        since: From when on, Unix time in seconds: when the detector, or what audits are drawn by, began.
        until: Until when.
        counts: What was counted.
        audits: The rate from audits alone.
        flags: From its flags, corrected for its errors.
        both: From both together.
        precision: Violations among flagged exchanges that people looked at, drawn or not. Its interval allows for
            tasks, whose exchanges are alike.
        of_all: Bounds of the rate in all traffic, from nothing that was not evaluated being a violation to all of it.
            Of the best estimate that there is.
    """

    detector: str
    digest: str
    behaviour: str
    group: Group
    since: float
    until: float
    counts: Counts
    audits: Estimate
    flags: Estimate
    both: Estimate
    precision: Rate
    of_all: tuple[float, float]

    @property
    def best(self) -> Estimate:
        """From both where audits have come at least half as far as flags; else from flags, or from what there is. That
        looks at no bounds, since whoever picked the narrowest would err more often than each of them."""
        if self.both.value is not None and 2 * self.both.tasks >= self.flags.tasks:
            return self.both
        return self.flags if self.flags.value is not None else self.audits


def live_rates(
    store: Store,
    now: float,
    *,
    by: By | None = None,
    width: float | None = None,
    since: float = 0.0,
    until: float | None = None,
    which: str | None = None,
) -> list[LiveRate]:
    """Rates of every detector that has had its say, over all the time or part of it.

    Each row's bounds hold at every time at once for that row. Of many rows, one in twenty may still be wrong.

    Args:
        store: Where.
        now: Unix time in seconds.
        by: A row for each model, client, agent or path.
        width: A row for each span of so many seconds; tasks belong to that in which they began.
        since: Leaves out what came before.
        until: Leaves out what came then or later.
        which: A detector's name or digest; by default all.

    Raises:
        CasebackError: there is no such detector, or the width is not above 0.
    """
    if width is not None and not width > 0:
        raise CasebackError(f"buckets of {width} seconds: give more than 0")
    found = [each for each in detectors(store) if which in (None, each.name, each.digest)]
    if which is not None and not found:
        there = ", ".join(each.name for each in detectors(store)) or "none yet"
        raise CasebackError(f"no detector {which!r} has had its say; there are: {there}")
    design, made = current_design(store), []
    for detector in found:
        for group in _groups(store, by):
            everything = list(seen(store, detector, design, now, group=group, since=since, until=until))
            begun = max(since, min((each.time for each in everything), default=detector.first_seen))
            for at, part in _spans(everything, width):
                first = begun if at is None or width is None else at
                last = min(until or now, now) if at is None or width is None else at + width
                made.append(_row(store, detector, design, group, (first, last), part, now))
    return made


def point_of(store: Store, detector: Watched) -> tuple[OperatingPoint | None, str]:
    """Its operating point at the threshold that it has, or None and why there is none."""
    try:
        return live_point(detector.name, kept_calibration(store, detector.digest), detector.threshold), ""
    except CasebackError as error:
        return None, str(error)


def audit_levels(design: Design | None, detector: Watched) -> Floats | None:
    """The probabilities of audit, or None where this behaviour is not audited."""
    return levels(design.random_slice) if design and asked(design, detector) else None


def _groups(store: Store, by: By | None) -> list[Group]:
    if by is None:
        return [Group()]
    rows = store.query(f"SELECT DISTINCT {column(by)} AS value FROM exchanges WHERE ended <> 'refused' ORDER BY value")
    return [Group(by, row["value"]) for row in rows]


def _spans(everything: list[Seen], width: float | None) -> list[tuple[float | None, list[Seen]]]:
    """The exchanges by when their tasks began, with the beginning of the span; all in one without a width."""
    if width is None:
        return [(None, everything)]
    began: dict[str, float] = {}
    spans: dict[float, list[Seen]] = {}
    for each in everything:
        spans.setdefault(began.setdefault(each.task, each.time) // width * width, []).append(each)
    return [(begun, spans[begun]) for begun in sorted(spans)]


def _row(
    store: Store,
    detector: Watched,
    design: Design | None,
    group: Group,
    span: tuple[float, float],
    part: list[Seen],
    now: float,
) -> LiveRate:
    tasks, grid = units(part, now), audit_levels(design, detector)
    point, why = point_of(store, detector)
    found = coverage(store, *span)
    counts = _counts(part, tasks, found.missed, found.unknown)
    untold = Estimate(
        None, 0.0, 1.0, CONFIDENCE, 0, f"{detector.behaviour} is not audited: `caseback watch audit begin`"
    )
    audits = untold if grid is None else from_audits(tasks, grid)
    flags = replace(untold, why=why) if point is None else from_flags(tasks, point)
    both = replace(untold, why=why) if point is None else untold if grid is None else from_both(tasks, grid, point)
    flagged = [each for each in part if each.flagged and each.violation is not None]
    row = LiveRate(
        detector.name, detector.digest, detector.behaviour, group, *span, counts, audits, flags, both,
        clustered_rate(by_cluster((each.task for each in flagged), (bool(each.violation) for each in flagged))),
        (0.0, 1.0),
    )  # fmt: skip
    told = len(tasks) if row.best is audits else int((tasks.flagged >= 0).sum())
    return replace(row, of_all=row.best.of_all(told, len(tasks) - told + counts.lost))


def _counts(part: list[Seen], tasks: Units, lost: int, gaps: int) -> Counts:
    done = [each for each in part if each.chosen and each.audited]
    return Counts(
        exchanges=len(part),
        evaluated=sum(each.flagged is not None for each in part),
        flagged=sum(each.flagged is True for each in part),
        lost=lost,
        gaps=gaps,
        tasks=len(tasks),
        going=int(tasks.going.sum()),
        drawn=sum(each.chosen is True for each in part),
        audited=len(done),
        unclear=sum(each.violation is None for each in done),
        violations=sum(each.violation is True for each in done),
    )
