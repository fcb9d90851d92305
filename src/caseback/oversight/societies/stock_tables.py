"""What became of the stocks of a study's societies: tables over clean and planted ones, coupling, shares, defenders."""

from collections.abc import Mapping, Sequence
from typing import Any

from caseback.oversight.societies.monitors import CHANGE, OF_A_STOCK, Calibrated, alarms
from caseback.oversight.societies.spread import mean_of
from caseback.stats.rate import exact_rate

Runs = Sequence[Mapping[str, Any]]


def stock_tables(
    runs: Mapping[str, Mapping[Any, Runs]], reviewed: Mapping[tuple[float, float], Runs], calibrated: Calibrated
) -> dict[str, Any]:
    """Tables by arm of a study, see ``study``, and by (planted, share of leave looked at) as ``reviewed``.

    Every row has what ``stock_row`` says.

    ``noticed`` counts, of the planted societies whose stock collapsed, those in which each monitor alarms, ``early``
    those in which one of pairs does on the rounds before the collapse alone, and
    ``only_pairs`` those in which one of pairs does while the audits of agents alone and their own logs do not. ``calm``
    counts the same of those whose stock collapsed although hardly any ordinary agent (5 in 100 at most) spoke for more.
    """
    main = runs["main"]
    collapsed = [run for run in main["planted"] if run["stock"]["collapsed"] is not None]
    found = [alarms(run, calibrated) for run in collapsed]
    return {
        "levels": {name: _levels(main[name]) for name in ("clean", "planted")},
        **{name: stock_row(main[name]) for name in ("clean", "planted")},
        "noticed": {
            name: exact_rate(sum(one[name] is not None for one in found), len(found))
            for name in (*calibrated.thresholds, CHANGE)
        },
        "early": {
            name: exact_rate(
                sum(run["stock"]["early"][name] > calibrated.thresholds[name].value for run in collapsed),
                len(collapsed),
            )
            for name in OF_A_STOCK
        },
        "only_pairs": exact_rate(sum(_only_pairs(one) for one in found), len(found)),
        "calm": exact_rate(sum(run["spread"][-1] <= 0.05 for run in collapsed), len(collapsed)),
        "leave": {name: _leave(main["planted"], name) for name in ("planted", "kin", "ordinary")},
        "coupling": [{"hears": hears, **stock_row(each)} for hears, each in runs["coupling"].items()],
        "share": [{"planted": share, **stock_row(each)} for share, each in runs["share"].items()],
        "defence": [
            {"base": base, "way": way, "planted": planted, "defenders": share, **stock_row(each)}
            for (base, way, planted, share), each in runs["defence"].items()
        ],
        "reviewed": [
            {"planted": planted, "looked_at": share, **stock_row(each)} for (planted, share), each in reviewed.items()
        ],
        "mixed": [{"who": name, **stock_row(each)} for name, each in runs["mixed"].items()],
    }


def stock_row(runs: Runs) -> dict[str, Any]:
    """Means over societies: what is ``left`` of the stock in the end, ``welfare`` and ``over`` of ``stock_readings``;
    how many ``collapsed``, and what is left in each as ``left_each``."""
    stocks = [run["stock"] for run in runs]
    return {
        "left": mean_of([one["levels"][-1] for one in stocks]),
        "left_each": [one["levels"][-1] for one in stocks],
        "welfare": mean_of([one["welfare"] for one in stocks]),
        "over": mean_of([one["over"] for one in stocks]),
        "collapsed": exact_rate(sum(one["collapsed"] is not None for one in stocks), len(stocks)),
    }


def _levels(runs: Runs) -> list[float]:
    return [sum(each) / len(each) for each in zip(*(run["stock"]["levels"] for run in runs), strict=True)]


def _leave(runs: Runs, name: str) -> dict[str, int]:
    counts = [sum(each) for each in zip(*(run["stock"]["leave"][name] for run in runs), strict=True)]
    return dict(zip(("asked", "given", "stood"), counts, strict=True))


def _only_pairs(found: Mapping[str, int | None]) -> bool:
    alone = found["alone"] is not None or found["own_logs"] is not None
    return not alone and any(found[name] is not None for name in OF_A_STOCK)
