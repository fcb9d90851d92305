"""Every two overseers, and every overseer with every overseen: do they err together?"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from caseback.oversight.independence.overseers import Verdicts
from caseback.stats.agreement import both_wrong, capa, kappa_of_errors
from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.effective_votes import mean_error_correlation, votes_at
from caseback.stats.jackknife import Jackknifed, jackknife
from caseback.stats.means import clustered_mean

Overseer = tuple[int, int]
"""A base and a share of the data, by number."""


@dataclass(frozen=True)
class Shared:
    """What two overseers have in common.

    Attributes:
        base: ``one base``, ``kindred bases`` (of one descent) or ``other base``.
        constitution: ``one constitution`` or ``another constitution``, that the bases were trained towards; empty where
            none is told.
        data: ``the same data`` or ``other data``, that the overseers learnt from.
    """

    base: str
    constitution: str
    data: str

    def __str__(self) -> str:
        return ", ".join(part for part in (self.base, self.constitution, self.data) if part)


def pairs_sorted(
    names: Sequence[str], kin: Mapping[str, str], taught: Mapping[str, str]
) -> dict[Shared, list[tuple[Overseer, Overseer]]]:
    """All pairs of overseers by what they share; each name of a base has as many shares of the data as there are bases.

    Args:
        names: of the bases.
        kin: what a base descends from.
        taught: which constitution a base was trained towards; those without one share that they have none.
    """
    k = len(names)
    sorts: dict[Shared, list[tuple[Overseer, Overseer]]] = {}
    for b, (s, t) in itertools.product(range(k), itertools.combinations(range(k), 2)):
        sorts.setdefault(Shared("one base", "", "other data"), []).append(((b, s), (b, t)))
    for (a, b), s in itertools.product(itertools.combinations(range(k), 2), range(k)):
        one, other = names[a], names[b]
        base = "kindred bases" if kin.get(one, one) == kin.get(other, other) else "other base"
        document = "one constitution" if taught.get(one) == taught.get(other) else "another constitution"
        for data, t in (("the same data", s), ("other data", (s + 1) % k)):
            sorts.setdefault(Shared(base, document if taught else "", data), []).append(((a, s), (b, t)))
    return dict(sorted(sorts.items(), key=lambda item: _order(item[0])))


def _order(shared: Shared) -> tuple[int, int, int]:
    return (
        ("one base", "kindred bases", "other base").index(shared.base),
        ("", "one constitution", "another constitution").index(shared.constitution),
        ("the same data", "other data").index(shared.data),
    )


def pairs_by_kind(
    sorts: Mapping[Shared, Sequence[tuple[Overseer, Overseer]]],
    members: int,
    verdicts: Mapping[Overseer, Verdicts],
    truth: Any,
    families: Sequence[str],
) -> list[dict[str, Any]]:
    """Each sort averaged over its pairs, with intervals over families: kappa, CAPA, same answers where both are wrong,
    and the votes that ``members`` overseers would be worth of whom every two share this much."""
    return [_sort(str(shared), each, members, verdicts, truth, families) for shared, each in sorts.items()]


def kappas_lost(
    sorts: Mapping[Shared, Sequence[tuple[Overseer, Overseer]]],
    verdicts: Mapping[Overseer, Verdicts],
    truth: Any,
    families: Sequence[str],
) -> dict[str, Jackknifed]:
    """How much kappa falls where just one thing is no longer shared, by what that is.

    All is held against kindred bases with one constitution (where any is told) and the same data; what no pair
    shows is left out.
    """
    near = [each for each in sorts if each.base == "kindred bases" and each.data == "the same data"]
    if not near or near[0].constitution == "another constitution":
        return {}
    alike = near[0]
    apart = {
        "another base": replace(alike, base="other base"),
        "another constitution": replace(alike, constitution="another constitution"),
        "other data": replace(alike, data="other data"),
    }

    chosen = {at: each.chosen for at, each in verdicts.items()}

    def kappa(rows: Any, shared: Shared) -> float:
        return _mean([kappa_of_errors(chosen[a][rows], chosen[b][rows], truth[rows]) for a, b in sorts[shared]])

    def lost(shared: Shared) -> Jackknifed:
        return jackknife(lambda rows: kappa(rows, alike) - kappa(rows, shared), families)

    return {what: lost(shared) for what, shared in apart.items() if shared in sorts}


def _sort(
    name: str,
    pairs: Sequence[tuple[Overseer, Overseer]],
    members: int,
    verdicts: Mapping[Overseer, Verdicts],
    truth: Any,
    families: Sequence[str],
) -> dict[str, Any]:
    chosen = {at: each.chosen for at, each in verdicts.items()}
    wrong = {at: np.where(each < 0, np.nan, (each != truth).astype(float)) for at, each in chosen.items()}

    def kappa(rows: Any) -> float:
        return _mean([kappa_of_errors(chosen[a][rows], chosen[b][rows], truth[rows]) for a, b in pairs])

    def alike(rows: Any) -> float:
        return _mean(
            [capa(verdicts[a].probabilities[rows], verdicts[b].probabilities[rows], truth[rows]) for a, b in pairs]
        )

    def votes(rows: Any) -> float:
        together = [mean_error_correlation(np.stack([wrong[a][rows], wrong[b][rows]])) for a, b in pairs]
        return votes_at(_mean(together), members)

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
        "votes": plain(jackknife(votes, families)),
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
