"""Every two overseers, and every overseer with every overseen: do they err together?"""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from caseback.oversight.independence.overseers import Verdicts
from caseback.stats.agreement import both_wrong, capa, kappa_of_errors
from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.jackknife import jackknife
from caseback.stats.means import clustered_mean


def pairs_by_kind(
    names: Sequence[str],
    kin: Mapping[str, str],
    verdicts: Mapping[tuple[int, int], Verdicts],
    truth: Any,
    families: Sequence[str],
) -> list[dict[str, Any]]:
    """Pairs of overseers by what they share, each sort averaged over its pairs, with intervals over families."""
    k = len(names)
    sorts: dict[str, list[tuple[tuple[int, int], tuple[int, int]]]] = {
        "one base, other data": [((b, s), (b, t)) for b in range(k) for s, t in itertools.combinations(range(k), 2)],
        "kindred bases, the same data": [],
        "kindred bases, other data": [],
        "other base, the same data": [],
        "other base, other data": [],
    }
    for (a, b), s in itertools.product(itertools.combinations(range(k), 2), range(k)):
        near = kin.get(names[a], names[a]) == kin.get(names[b], names[b])
        who = "kindred bases" if near else "other base"
        sorts[f"{who}, the same data"].append(((a, s), (b, s)))
        sorts[f"{who}, other data"].append(((a, s), (b, (s + 1) % k)))
    return [_sort(name, each, verdicts, truth, families) for name, each in sorts.items() if each]


def _sort(
    name: str,
    pairs: Sequence[tuple[tuple[int, int], tuple[int, int]]],
    verdicts: Mapping[tuple[int, int], Verdicts],
    truth: Any,
    families: Sequence[str],
) -> dict[str, Any]:
    chosen = {at: each.chosen for at, each in verdicts.items()}

    def kappa(rows: Any) -> float:
        return _mean([kappa_of_errors(chosen[a][rows], chosen[b][rows], truth[rows]) for a, b in pairs])

    def alike(rows: Any) -> float:
        return _mean(
            [capa(verdicts[a].probabilities[rows], verdicts[b].probabilities[rows], truth[rows]) for a, b in pairs]
        )

    together = [both_wrong(chosen[a], chosen[b], truth) for a, b in pairs]
    cases = [
        (family, float(same[at]), 1.0) for wrong, same in together for at, family in enumerate(families) if wrong[at]
    ]
    same = clustered_mean(cases)
    return {
        "sort": name,
        "pairs": len(pairs),
        "kappa": plain(jackknife(kappa, families)),
        "capa": plain(jackknife(alike, families)),
        "same_when_both_wrong": plain(same),
    }


def who_passes_whom(names: Sequence[str], answers: Sequence[Any], families: Sequence[str]) -> list[dict[str, Any]]:
    """Every model as the overseer of every other, on questions that both answer: it passes an answer that it would
    give itself. ``passed`` is how often it does so where the overseen is wrong; ``by_chance``, were its errors its own
    and spread evenly over the wrong answers."""
    truth = np.zeros(len(families), dtype=int)
    chosen = [np.nan_to_num(each, nan=-1.0).argmax(axis=1) for each in answers]
    rows = []
    for over, under in itertools.permutations(range(len(names)), 2):
        fell = chosen[under] != truth
        told = [family for family, is_wrong in zip(families, fell, strict=True) if is_wrong]
        rate = clustered_rate(by_cluster(told, [bool(x) for x in (chosen[over] == chosen[under])[fell]]))
        wrong, same = both_wrong(chosen[over], chosen[under], truth)
        offered = (~np.isnan(answers[over])).sum(axis=1)
        chance = float((chosen[over] != truth).mean() * (1 / (offered - 1)).mean())
        kappa, alike = kappa_of_errors(chosen[over], chosen[under], truth), capa(answers[over], answers[under], truth)
        rows.append(
            {
                "overseer": names[over], "overseen": names[under],
                "overseer_wrong": float((chosen[over] != truth).mean()), "overseen_wrong": float(fell.mean()),
                "kappa": None if math.isnan(kappa) else kappa,
                "capa": None if math.isnan(alike) else alike,
                "both_wrong": int(wrong.sum()), "same_wrong": int(same.sum()),
                "passed": {"k": rate.k, "n": rate.n, "value": rate.value if rate.n else None, "low": rate.low,
                           "high": rate.high},
                "by_chance": chance,
            }
        )  # fmt: skip
    return rows


def _mean(values: Sequence[float]) -> float:
    told = [each for each in values if not math.isnan(each)]
    return sum(told) / len(told) if told else math.nan


def plain(found: Any) -> dict[str, Any]:
    """A value with its interval as plain data; None for what is not finite."""

    def finite(x: float) -> float | None:
        return x if math.isfinite(x) else None

    low, high = finite(found.low), finite(found.high)
    both = low is not None and high is not None
    return {
        "value": finite(found.value), "low": low if both else None, "high": high if both else None,
        "n": found.clusters,
    }  # fmt: skip
