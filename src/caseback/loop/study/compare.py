"""What the study found: differences between tellings, and how much of what it does when told a model does untold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from caseback.behaviours.over_refusal import OVER_REFUSAL
from caseback.constitution.variants import Variant
from caseback.loop.arms import Arm
from caseback.loop.study.study import Studied
from caseback.stats.clustered import by_cluster, clustered_rate
from caseback.stats.crossed import crossed_difference
from caseback.stats.paired import PairedDifference
from caseback.stats.rate import Rate

CONTRASTS: tuple[tuple[Variant, Variant], ...] = (
    ("reasons", "rules"),
    ("reasons", "paraphrase"),
    ("reasons", "sentence"),
    ("reasons", "none"),
    ("rules", "none"),
    ("paraphrase", "none"),
)
ENOUGH = 0.8
"""How often a model must keep the document when told it, for what it does untold to mean anything."""


@dataclass(frozen=True)
class Contrast:
    """How much more often models of the first telling go against the document than those of the second; negative is
    better. ``where`` is ``open`` or ``demonstrated``."""

    first: Variant
    second: Variant
    where: str
    difference: PairedDifference


@dataclass(frozen=True)
class Bake:
    """Adherence untold over adherence told. ``ratio`` divides by ``told``'s value, which is taken as it was observed;
    None where that is 0, ``void`` where it is below ``ENOUGH``."""

    variant: Variant
    where: str
    told: Rate
    untold: Rate
    ratio: float | None
    low: float | None
    high: float | None
    void: bool


def contrasts(studied: Studied) -> Iterator[Contrast]:
    """Every contrast of two tellings that were both studied, over all seeds, on open and on demonstrated behaviours."""
    for where, behaviours in places(studied):
        for first, second in CONTRASTS:
            if {first, second} <= set(studied.scheme.variants):
                pairs = [
                    (a, b, family, seed)
                    for seed in studied.scheme.seeds
                    for a, b, family in _both(studied.trained[first, seed], studied.trained[second, seed], behaviours)
                ]
                yield Contrast(first, second, where, _crossed(pairs))


def bakes(studied: Studied) -> Iterator[Bake]:
    """For each telling that says something, the bake ratio on open and on demonstrated behaviours."""
    for where, behaviours in places(studied):
        for variant, told in studied.prompted.items():
            pairs = [
                (not a, not b, family, seed)
                for seed in studied.scheme.seeds
                for a, b, family in _both(studied.trained[variant, seed], told, behaviours)
            ]
            found, families = _crossed(pairs), [family for _, _, family, _ in pairs]
            with_text = clustered_rate(by_cluster(families, [b for _, b, _, _ in pairs]))
            without = clustered_rate(by_cluster(families, [a for a, _, _, _ in pairs]))
            ratio, low, high = (
                1 + change / with_text.value if with_text.k else None for change in (found.value, found.low, found.high)
            )
            void = not with_text.k or with_text.value < ENOUGH
            yield Bake(variant, where, with_text, without, ratio, low, high, void)


def rate(arms: Sequence[Arm], behaviour: str) -> Rate:
    """How often models of several seeds show a behaviour, with an interval that allows for families."""
    units = [unit for arm in arms for unit in arm.measurements[behaviour].units if unit.shown is not None]
    return clustered_rate(by_cluster([unit.family for unit in units], [bool(unit.shown) for unit in units]))


def places(studied: Studied) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Where tellings are compared, and the behaviours that it is; over-refusal is a cost and no place."""
    return (
        ("open", tuple(name for name in studied.open if name != OVER_REFUSAL.name)),
        ("demonstrated", studied.scheme.demonstrated),
    )


Pair = tuple[bool, bool, str, int]


def _both(first: Arm, second: Arm, behaviours: Sequence[str]) -> list[tuple[bool, bool, str]]:
    """What both showed in each situation where both could be judged, and its family."""
    pairs = []
    for name in behaviours:
        other = {unit.samples[0].situation.id: unit.shown for unit in second.measurements[name].units}
        for unit in first.measurements[name].units:
            shown = other.get(unit.samples[0].situation.id)
            if unit.shown is not None and shown is not None:
                pairs.append((unit.shown, shown, unit.family))
    return pairs


def _crossed(pairs: Sequence[Pair]) -> PairedDifference:
    first, second, families, seeds = zip(*pairs, strict=True) if pairs else ((), (), (), ())
    return crossed_difference(first, second, families, seeds)
