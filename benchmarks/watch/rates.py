"""Do bounds of live rates cover at every time at once, and how soon is an alarm raised? Simulated deployments.

    python benchmarks/watch/rates.py cover         least share of deployments whose bounds covered throughout
    python benchmarks/watch/rates.py time          time to an alarm against a fixed-window test
    python benchmarks/watch/rates.py false         share of deployments with an alarm while within the budget
    python benchmarks/watch/rates.py change        tasks to a false alarm that more is flagged than was usual

A deployment is traffic with a planted rate of violations, a detector that misses some and flags some that are none, a
calibration of it on labelled cases (drawn anew, so that its intervals miss as often as they may), and people who look
at a random slice and at what is flagged. It goes the way of real traffic from the draw on: levels, units, counts,
bounds (``caseback.watch.rates``). Prints a JSON line.
"""

import argparse
import json
import math
import sys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binom, chi2

from caseback.stats.audited_rate import OperatingPoint, audited_rate, combined_rate, flag_budget, flagged_rate
from caseback.stats.change import change_above
from caseback.stats.confidence_sequence import rate_sequence
from caseback.stats.rate import Rate, exact_rate
from caseback.watch.rates.changed import FIRST, RUN_LENGTH
from caseback.watch.rates.counts import watched
from caseback.watch.rates.levels import levels, rounded_down
from caseback.watch.rates.operating_point import widened
from caseback.watch.rates.over_budget import ALPHA, evidence
from caseback.watch.rates.units import Units

SENSITIVITY, FALSE = 0.9, 0.002
SLICE, FLAGGED = 0.02, 0.5
"""Probabilities of audit: of everything, and of what is flagged (brought down to a level)."""
PLANTED = {1e-2: 20_000, 1e-3: 100_000, 1e-4: 400_000}
"""Tasks of a deployment, by the planted rate."""
MULTIPLES, WINDOWS = (2, 4, 10), (5, 20, 80)
"""True rates in budgets, and windows that the fixed-window test cuts the time into."""
BUDGET, HORIZON = 1e-3, 200_000
SHARES, HOURLY, FOLLOWED = (1e-3, 1e-2, 1e-1), 100, 1_000_000
"""Of the alarm on change: shares flagged, tasks an hour, and tasks of a deployment."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Deployment:
    """Traffic, and what is known of its detector."""

    units: Units
    point: OperatingPoint


def deployment(rate: float, tasks: int, rng: np.random.Generator) -> Deployment:
    """One deployment, drawn."""
    bad = rng.random(tasks) < rate
    flagged = rng.random(tasks) < np.where(bad, SENSITIVITY, FALSE)
    inclusion = rounded_down(np.where(flagged, FLAGGED, SLICE), SLICE)
    chosen = rng.random(tasks) < inclusion
    nothing, never = np.zeros(tasks), np.zeros(tasks, dtype=bool)
    units = Units(
        flagged.astype(np.int8),
        np.where(bad & chosen, inclusion, 0.0),
        nothing,
        never,
        never,
        np.ones(tasks, dtype=np.int64),
        np.arange(tasks, dtype=np.float64),
    )
    return Deployment(units, measured_point(rng))


def measured_point(rng: np.random.Generator, positives: int = 500, negatives: int = 20_000) -> OperatingPoint:
    """The detector's operating point, as a calibration on so many labelled cases gives it."""
    recall = exact_rate(int(rng.binomial(positives, SENSITIVITY)), positives)
    false = exact_rate(int(rng.binomial(negatives, FALSE)), negatives)
    return OperatingPoint(widened(recall, 0.99), widened(false, 0.99))


def moments(tasks: int, many: int) -> npt.NDArray[np.int64]:
    """When one looks: so many times, evenly on a logarithmic scale."""
    return np.unique(np.geomspace(10, tasks, many).astype(np.int64))


def covered(rate: float, deployments: int, looks: int, seed: int) -> dict[str, float]:
    """By method the share of deployments whose bounds held the rate at all looks."""
    rng, tasks = np.random.default_rng([seed, int(1 / rate)]), PLANTED[rate]
    ends, grid = moments(tasks, looks), levels(SLICE)
    held: dict[str, list[bool]] = {"audits": [], "flags": [], "both": []}
    for _ in range(deployments):
        one = deployment(rate, tasks, rng)
        counts = watched(one.units, one.units.found, grid, ends)
        for name, got in (
            ("audits", audited_rate(counts, CONFIDENCE)),
            ("flags", flagged_rate(counts, one.point, CONFIDENCE)),
            ("both", combined_rate(counts, one.point, CONFIDENCE)),
        ):
            held[name].append(bool(((got.low <= rate) & (rate <= got.high)).all()))
    return {name: float(np.mean(found)) for name, found in held.items()}


def cover(deployments: int, looks: int, seed: int) -> dict[str, object]:
    """The least share, over planted rates and methods."""
    found = {}
    for rate in PLANTED:
        found[rate] = covered(rate, deployments, looks, seed)
        print(f"planted {rate:g}: {found[rate]}", file=sys.stderr)
    least = min(share for each in found.values() for share in each.values())
    interval = exact_rate(round(least * deployments), deployments)
    said = "; ".join(f"{rate:g}: " + ", ".join(f"{n} {s:.4f}" for n, s in each.items()) for rate, each in found.items())
    return {"value": least, "low": interval.low, "high": interval.high, "n": deployments, "holds": least >= CONFIDENCE,
            "note": f"{deployments} deployments a rate, {looks} looks at each; {said}"}  # fmt: skip


def alarm_times(rate: float, deployments: int, rng: np.random.Generator) -> dict[str, npt.NDArray[np.float64]]:
    """When there was an alarm on the flags of a detector whose errors are known, by test; the horizon where never."""
    sure = OperatingPoint(_known(SENSITIVITY), _known(FALSE))
    share, ends = flag_budget(sure, BUDGET), np.arange(50, HORIZON + 1, 50)
    found: dict[str, list[float]] = {}
    for _ in range(deployments):
        units = deployment(rate, HORIZON, rng).units
        log_e, needed, _ = evidence(units, None, sure, BUDGET, ALPHA, ends)
        found.setdefault("e-process", []).append(_first(log_e >= needed, ends))
        for windows in WINDOWS:
            size = HORIZON // windows
            flags = (units.flagged == 1).reshape(windows, size).sum(axis=1)
            # Each window at a like part of alpha: the chance of any false alarm is at most alpha too.
            found.setdefault(f"{windows} windows", []).append(
                _first(binom.sf(flags - 1, size, share) <= ALPHA / windows, size * np.arange(1, windows + 1))
            )
    return {name: np.array(times) for name, times in found.items()}


def time(deployments: int, seed: int) -> dict[str, object]:
    """The largest ratio of mean times to alarm, e-process over fixed windows, over true rates and windows."""
    rng, rows = np.random.default_rng([seed, 1]), []
    for multiple in MULTIPLES:
        times = alarm_times(multiple * BUDGET, deployments, rng)
        mine = times.pop("e-process")
        for name, theirs in times.items():
            ratios = [
                float(mine[pick].mean() / theirs[pick].mean()) for pick in rng.integers(0, len(mine), (1000, len(mine)))
            ]
            said = f"{multiple} budgets, {name}: {mine.mean():.0f} against {theirs.mean():.0f} tasks"
            rows.append((float(mine.mean() / theirs.mean()), np.quantile(ratios, [0.025, 0.975]).tolist(), said))
            print(rows[-1], file=sys.stderr)
    worst, (low, high), _ = max(rows)
    return {"value": worst, "low": low, "high": high, "n": deployments, "holds": worst <= 1,
            "note": "largest of " + "; ".join(f"{row[2]} ({row[0]:.2f})" for row in rows)}  # fmt: skip


def false(deployments: int, seed: int) -> dict[str, object]:
    """Share of deployments that ever have an alarm although the rate is the budget."""
    rng, grid, ends = np.random.default_rng([seed, 2]), levels(SLICE), np.arange(50, HORIZON + 1, 50)
    alarms = 0
    for _ in range(deployments):
        one = deployment(BUDGET, HORIZON, rng)
        log_e, needed, _ = evidence(one.units, grid, one.point, BUDGET, ALPHA, ends)
        alarms += bool((log_e >= needed).any())
    found = exact_rate(alarms, deployments)
    return {"value": found.value, "low": found.low, "high": found.high, "n": deployments, "holds": found.value <= ALPHA,
            "note": f"looked at every 50 tasks of {HORIZON}; the rate is the budget itself"}  # fmt: skip


def change(deployments: int, seed: int) -> dict[str, object]:
    """Tasks seen for each false alarm on change, the least over shares flagged that stay what they were.

    What is usual is told from each deployment's own first tasks, as ``changed`` does; beside it stands what it would be
    if the usual share were known, which is the hardest that the run length is promised for.
    """
    rng, said, rows = np.random.default_rng([seed, 3]), [], []
    for share in SHARES:
        tasks, alarms, below = run_lengths(share, deployments, None, rng)
        sure = run_lengths(share, deployments, share, rng)
        told = [f"{t / a:.3g}" if a else f"over {t:.3g}" for t, a in ((tasks, alarms), sure[:2])]
        said.append(
            f"{share:g} flagged: {told[0]} ({alarms} alarms; usual share below the true one in {below}), and {told[1]} "
            f"({sure[1]} alarms) with the usual share known"
        )
        print(said[-1], file=sys.stderr)
        low = 2 * tasks / float(chi2.ppf(0.975, 2 * alarms + 2))
        high = 2 * tasks / float(chi2.ppf(0.025, 2 * alarms)) if alarms else math.nan
        rows.append((tasks / max(alarms, 1), low, high))
    value, low, high = min(rows)
    return {"value": value, "low": low, "high": high, "n": deployments, "holds": bool(low >= RUN_LENGTH),
            "note": f"{deployments} deployments of {FOLLOWED} tasks a share, {HOURLY} an hour; tasks for each alarm at "
            + "; ".join(said)}  # fmt: skip


def run_lengths(
    share: float, deployments: int, usual: float | None, rng: np.random.Generator
) -> tuple[float, int, int]:
    """Tasks seen until an alarm or the end, of all deployments together; alarms; how often the usual share was held to
    be below the true one."""
    first = rng.binomial(FIRST, share, deployments)
    tasks, alarms, below = 0.0, 0, 0
    for k, many in zip(*np.unique(first, return_counts=True), strict=True):
        held = float(rate_sequence(k, FIRST).high) if usual is None else usual
        below += int(many) * (held < share)
        events = rng.binomial(HOURLY, share, (FOLLOWED // HOURLY, many))
        at = change_above(events, np.full(events.shape, HOURLY), held, RUN_LENGTH).alarm
        tasks += float(np.where(at < 0, FOLLOWED, (at + 1) * HOURLY).sum())
        alarms += int((at >= 0).sum())
    return tasks, alarms, below


def _known(rate: float) -> Rate:
    return Rate(0, 0, rate, rate, 1.0)


def _first(over: npt.NDArray[np.bool_], ends: npt.NDArray[np.int64]) -> float:
    return float(ends[int(over.argmax())]) if over.any() else float(HORIZON)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("cover", "time", "false", "change"))
    parser.add_argument("--deployments", type=int, default=400)
    parser.add_argument("--looks", type=int, default=100, help="of cover")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.what == "cover":
        result = cover(given.deployments, given.looks, given.seed)
    else:
        result = {"time": time, "false": false, "change": change}[given.what](given.deployments, given.seed)
    print(json.dumps({name: None if isinstance(v, float) and math.isnan(v) else v for name, v in result.items()}))


if __name__ == "__main__":
    main()
