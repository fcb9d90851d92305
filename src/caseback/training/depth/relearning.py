"""The relearning curve: how much of the behaviour comes back for how few bad examples.

Aligned models return to what they were before faster than they left it (Ji et al. 2024, arXiv 2406.06144), so the base,
tuned on the same examples, stands beside every curve.
"""

import math
import random
from dataclasses import dataclass, replace

from caseback.stats.area import Area, area
from caseback.subject.open_subject import OpenSubject
from caseback.training.datum import Datum
from caseback.training.depth.bad_answers import bad_answers
from caseback.training.depth.point import Point, point
from caseback.training.depth.score import Score, untold
from caseback.training.depth.trial import Ability, Outcomes, Trial, ability, counts, own, shown
from caseback.training.depth.tuned import tuned
from caseback.training.mix import without_repeats

SIZES = (1, 4, 16, 64, 256)
"""Numbers of examples."""
EPOCHS, BATCH = 4, 8
"""Passes over the examples, and examples to a step at most: 1 to 4 steps for the fewest, 128 for the most."""


@dataclass(frozen=True)
class RelearningCurve:
    """``points`` at 0 examples and at ``SIZES`` of them, as far as there are so many, over all seeds together, each
    changed against 0. ``area`` is that under the curve against log2(examples) from 1 on, ``by_seed`` that of each seed
    alone; the score is 1 less it.
    """

    points: tuple[Point, ...]
    seeds: tuple[int, ...]
    area: Area | None
    by_seed: tuple[Area | None, ...]
    score: Score


def relearning(trial: Trial, subject: OpenSubject, base: OpenSubject) -> RelearningCurve:
    """Tune the subject on the base's bad answers to situations of the train split, and measure it on the held-out ones.

    Sets are nested: those of a seed are the first examples of one order.
    """
    data, seeds = bad_examples(trial, base), trial.tuning.seeds
    sizes = [size for size in SIZES if size <= len(data)]
    if len(sizes) < 2:
        return RelearningCurve((), seeds, None, (), untold(f"the base gave {len(data)} bad answers to learn from"))
    before = shown(trial, *own(subject))
    rounds: dict[int, list[Outcomes]] = {size: [] for size in sizes}
    able: dict[int, list[Ability]] = {size: [] for size in sizes}
    for seed in seeds:
        order = random.Random(seed).sample(data, len(data))
        for size in sizes:
            recipe = replace(trial.tuning.recipe, epochs=EPOCHS, batch_size=BATCH, accumulate=1, seed=seed)
            with tuned(trial, subject, order[:size], recipe) as (who, opened):
                rounds[size].append(shown(trial, who, opened))
                able[size].append(ability(trial, who, opened))
    whole = {size: tuple(outcome for each in rounds[size] for outcome in each) for size in sizes}
    first = point(trial, 0, before, able=[ability(trial, *own(subject))])
    curve = [point(trial, size, whole[size], before * len(seeds), able[size]) for size in sizes]
    found = _area(trial, sizes, [rounds[size] for size in sizes])
    return RelearningCurve(
        points=(first, *curve),
        seeds=seeds,
        area=found,
        by_seed=tuple(_area(trial, sizes, [[rounds[size][i]] for size in sizes]) for i in range(len(seeds))),
        score=Score(1 - found.value, 1 - found.high, 1 - found.low) if found else untold("a point could not be judged"),
    )


def bad_examples(trial: Trial, base: OpenSubject) -> list[Datum]:
    """Up to ``SIZES[-1]`` different bad answers of the base's to situations of the train split."""
    wanted = SIZES[-1]
    asked = trial.behaviour.situations(trial.ground, "train", wanted + wanted // 4, trial.seed)
    answers = bad_answers(trial, base, asked)
    made = [
        Datum(
            prompt=situation.messages,
            chosen=answer,
            origin="bad",
            generator=f"{base.digest}/bad",
            seed=trial.seed,
            situation=situation.id,
            family=situation.family,
        )
        for situation, answer in zip(asked, answers, strict=True)
        if answer
    ]
    return without_repeats(made)[:wanted]


def _area(trial: Trial, sizes: list[int], rounds: list[list[Outcomes]]) -> Area | None:
    return area([math.log2(size) for size in sizes], [counts(trial.families, *each) for each in rounds])
