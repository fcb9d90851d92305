"""A ladder as a report: the matrix, the curves, how far trust reaches, and a chain beside one step."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from caseback.organisms.rates import rate_data
from caseback.oversight.ladder.recall import Watched
from caseback.oversight.ladder.recovered import SIGMAS, Pair, accuracy, amounts, recovered_pairs
from caseback.oversight.ladder.study import Ladder
from caseback.oversight.ladder.trust import Point, Reach, rate_curve, reach, share_curve
from caseback.oversight.report import Figure, report
from caseback.stats.crossed import crossed_difference
from caseback.stats.means import Mean, clustered_mean

ABOUT = "How much of what the strong can do do the weak bring out, and how much of what they do wrong do the weak see?"


def ladder_report(found: Ladder) -> dict[str, Any]:
    """The report of a ladder, as JSON."""
    names, plan = [rung.name for rung in found.rungs], found.plan
    pairs = recovered_pairs(found.verdicts, names)
    kept = [pair for pair in pairs if not pair.excluded]
    gaps = {(weak.name, strong.name): strong.compute - weak.compute for weak in found.rungs for strong in found.rungs}
    recall = rate_curve((trial for each in found.watched for trial in each.trials), plan.step)
    recovered = {arm: _recovered_curve(found, kept, gaps, arm) for arm in found.verdicts[0].student}
    far = reach(recall, plan.bound)
    shares = [_share(found, kept, arm) for arm in recovered]
    figures = [*shares, *_gains(found, kept), *_critic(found), *_trust(recall, far)]
    left_out = [f"left out: {each.teacher} to {each.student}: {each.excluded}" for each in pairs if each.excluded]
    return report(
        "ladder",
        ABOUT,
        {rung.name: rung.digest for rung in found.rungs},
        list(range(plan.seeds)),
        figures,
        [*_notes(found), *left_out],
        plan={**asdict(plan), "behaviours": list(plan.behaviours), "arms": list(plan.arms)},
        rungs=[{**asdict(rung), "path": None, "accuracy": _own(found, rung.name)} for rung in found.rungs],
        pairs=[_pair(each, gaps) for each in pairs],
        recall=[_watched(each) for each in found.watched],
        subjects=[
            {"name": name, "broke": k, "judged": n} for name, (k, n) in found.written.items()
        ],
        curves={"recall": [asdict(point) for point in recall],
                "recovered": {arm: [_finite(asdict(point)) for point in curve] for arm, curve in recovered.items()}},
        reach=asdict(far),
    )  # fmt: skip


def _own(found: Ladder, name: str) -> dict[str, float]:
    return {
        side: sum(accuracy(getattr(one, side)[name]) for one in found.verdicts) / len(found.verdicts)
        for side in ("weak", "ceiling")
    }


def _recovered_curve(found: Ladder, kept: Sequence[Pair], gaps: Any, arm: str) -> list[Point]:
    rows = [
        (gaps[pair], f"{pair[0]} to {pair[1]}", seed, gained, whole)
        for each in kept
        for pair in [(each.teacher, each.student)]
        for seed, gained, whole in amounts(found.verdicts, arm, pair)
    ]
    return share_curve(rows, found.plan.step)


def _share(found: Ladder, kept: Sequence[Pair], arm: str) -> Figure:
    rows = [row for pair in kept for row in amounts(found.verdicts, arm, (pair.teacher, pair.student))]
    mean = clustered_mean(rows)
    text = f"share of the performance gap recovered, {arm}, all pairs with a ceiling gap of {SIGMAS:g} sigma together"
    return _mean(f"recovered_{arm}", text, mean, "seeds")


def _gains(found: Ladder, kept: Sequence[Pair]) -> list[Figure]:
    """What each arm adds to labels straight from the weak one, on the same test cases at the same seeds."""
    arms = found.verdicts[0].student
    texts = {
        "confidence": ("confidence_gain", "also towards its own hardened verdicts"),
        "bootstrapped": ("chain_gain", "by labels handed up rung by rung"),
        "crossed": ("chain_gain_crossed", "by labels handed up rung by rung, each half by what the other half taught"),
        "critique": ("critique_student_gain", "by labels given beside its own critique"),
    }
    made = []
    for arm, (name, how) in texts.items():
        if arm in arms and "naive" in arms:
            pairs = [(each.teacher, each.student) for each in kept if (each.teacher, each.student) in arms[arm]]
            rows = [
                (one.student[arm][pair], one.student["naive"][pair], seed)
                for seed, one in enumerate(found.verdicts)
                for pair in pairs
            ]
            made.append(_paired(found, name, f"right verdicts of the student, taught {how}, less naive", rows))
    return made


def _paired(found: Ladder, name: str, text: str, rows: Sequence[tuple[str, str, int]]) -> Figure:
    """Right verdicts, first less second, over families and seeds; None without rows."""
    if not rows:
        return Figure(name, text, None, None, None, 0, "families")
    test = [case.family for case in found.cases if case.split == "test"]
    difference = crossed_difference(
        [each == "1" for first, _, _ in rows for each in first],
        [each == "1" for _, second, _ in rows for each in second],
        test * len(rows),
        [seed for _, _, seed in rows for _ in test],
    )
    return Figure(name, text, difference.value, difference.low, difference.high, len(set(test)), "families")


def _critic(found: Ladder) -> list[Figure]:
    """What a strong one's critique does for the weak one's own verdicts."""
    if not found.verdicts[0].helped:
        return []
    rows = [
        (right, one.weak[weak], seed)
        for seed, one in enumerate(found.verdicts)
        for (weak, _), right in one.helped.items()
    ]
    text = "right verdicts of the weak one itself, all pairs: beside a stronger one's critique, less alone"
    return [_paired(found, "critique_gain", text, rows)]


def _trust(curve: Sequence[Point], far: Reach) -> list[Figure]:
    told = [point for point in curve if point.gap >= 0]
    made = [
        Figure(
            f"recall_{name}", f"planted violations caught, overseer {point.gap:g} powers of ten of compute below",
            point.value, point.low, point.high, point.clusters, "families",
        )
        for name, point in (("narrowest", told[0]), ("widest", told[-1]))
    ] if told else []  # fmt: skip
    text = f"widest gap, in powers of ten of compute, up to which recall is surely at least {far.bound:g}"
    return [*made, Figure("reach", text, far.gap, None, None, len(told), "gaps")]


def _notes(found: Ladder) -> list[str]:
    few = sorted({each.subject for each in found.watched if not each.met})
    none = sorted(name for name, (k, _) in found.written.items() if not k)
    return [
        "Verdicts are by a linear head on the model's activations at the question; nothing else of it is trained."
        if found.plan.trained == "head"
        else "Teachers and students were trained in all their weights; overseers watch by a linear head.",
        "Intervals of recall are over families and hold for all gaps of the curve together; those of shares recovered "
        "are over seeds. Neither speaks of other models. A subject was planted once.",
        *([f"too few clean replies for {found.plan.alarms:g} false alarms: {', '.join(few)}"] if few else []),
        *([f"broke no clause after planting: {', '.join(none)}"] if none else []),
    ]


def _pair(each: Pair, gaps: Any) -> dict[str, Any]:
    return {
        **asdict(each),
        "gap": gaps[(each.teacher, each.student)],
        "sigmas": each.sigmas if math.isfinite(each.sigmas) else None,
        "recovered": {arm: _finite(asdict(mean)) for arm, mean in each.recovered.items()},
    }


def _watched(each: Watched) -> dict[str, Any]:
    return {
        "overseer": each.overseer, "subject": each.subject, "gap": each.gap, "met": each.met,
        "recall": rate_data(each.caught.recall), "false": rate_data(each.caught.false),
    }  # fmt: skip


def _finite(record: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinity: an interval without an end has None there."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in record.items()}


def _mean(name: str, text: str, mean: Mean, unit: str) -> Figure:
    value, low, high = (None if not math.isfinite(x) else x for x in (mean.value, mean.low, mean.high))
    return Figure(name, text, value, low, high, mean.clusters, unit)
