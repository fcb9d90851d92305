"""How fast oversight decays with the gap, from the report of a ladder of overseers."""

from collections.abc import Mapping, Sequence
from typing import Any

from caseback.errors import CasebackError
from caseback.oversight.easy_or_hard.along import Along, Level, by_stratum
from caseback.oversight.easy_or_hard.signs import DECAY
from caseback.oversight.report import KIND
from caseback.stats.blocked_trend import Block, blocked_trend

LADDER = f"{KIND}ladder"


def decay(reports: Sequence[tuple[str, Mapping[str, Any]]]) -> Along:
    """Recall of planted violations over the gap, each subject a block that is watched by overseers below it.

    Args:
        reports: of ladders, each with the file that it was read from.

    Raises:
        CasebackError: a report that does not hold what a ladder's does.
    """
    blocks: list[Block] = []
    levels: list[Level] = []
    for source, report in reports:
        try:
            levels += [
                Level(f"{point['gap']:g}", point["gap"], point["value"], point["low"], point["high"], point["n"])
                for point in report["curves"]["recall"]
                if point["gap"] >= 0
            ]
            blocks += _blocks(source if len(reports) > 1 else "", report["recall"])
        except (KeyError, TypeError, ValueError) as error:
            raise CasebackError(
                f"{source} is no report of a ladder as this version writes it ({type(error).__name__}: {error}): run "
                "caseback oversee ladder again"
            ) from None
    return Along(DECAY, tuple(sorted(levels, key=lambda each: each.at)), blocked_trend(blocks), by_stratum(blocks), 0)


def _blocks(stratum: str, rows: Sequence[Mapping[str, Any]]) -> list[Block]:
    by_subject: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if row["gap"] >= 0 and row["recall"]["value"] is not None:
            by_subject.setdefault(row["subject"], []).append((float(row["gap"]), float(row["recall"]["value"])))
    return [
        Block(stratum, *zip(*sorted(points), strict=True))
        for points in by_subject.values()
        if len({gap for gap, _ in points}) > 1
    ]
