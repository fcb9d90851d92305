"""Proposes settings without a model: a search by Optuna, and recombination of what did well.

Deterministic in what was tried before and the seed, so a search that was stopped goes on as it would have gone on, and
one worker proposes what two do.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caseback.errors import CasebackError
from caseback.research.space import SEED, Choice, Parameter, Real, Settings, Space, distance, without_seed

STARTING = 8
"""Trials after which Optuna's sampler models what was tried; before, it draws at random."""
PARENTS = 4
NEIGHBOURS = 3


@dataclass(frozen=True)
class Tried:
    """Settings that were tried, and their score on the open data; None where the trial failed."""

    settings: Settings
    score: float | None


@dataclass(frozen=True)
class Proposal:
    """Settings, who proposes them and why, and what is predicted before they are tried: that they score ``above`` or
    ``below`` the hand-written settings on the open data."""

    settings: dict[str, Any]
    by: str
    why: str
    predicts: str


def search(space: Space, default: Settings, tried: Sequence[Tried], n: int, seed: int) -> list[Proposal]:
    """``n`` proposals, each other one a recombination as soon as there are two to recombine.

    Every proposal has the default's seed: no result should hang on it.

    Raises:
        CasebackError: Optuna is not installed.
    """
    drawn = _drawn(space, tried, n, seed)
    rng = random.Random(f"{seed}/{len(tried)}")
    ranked = sorted((each for each in tried if each.score is not None), key=lambda each: -(each.score or 0.0))
    made: list[Proposal] = []
    seen = [without_seed(each.settings) for each in tried]
    for at in range(n):
        settings, by, why = drawn[at], "search", "Optuna's TPE sampler expects more here than elsewhere"
        if at % 2 and len(ranked) >= 2:
            settings, why = _recombined(space, ranked[:PARENTS], rng)
            by = "recombination"
        settings = {**settings, SEED: default[SEED]}
        for _ in range(20):
            if without_seed(settings) not in seen:
                break
            settings = _mutated(space, settings, rng)
        seen.append(without_seed(settings))
        made.append(Proposal(settings, by, why, predicted(space, default, tried, settings)))
    return made


def predicted(space: Space, default: Settings, tried: Sequence[Tried], settings: Settings) -> str:
    """``above`` or ``below``: whether the settings' nearest neighbours among those tried scored above the hand-written
    ones on average. Before the hand-written ones were tried, and at a tie, ``above``: why else propose it."""
    known = [each for each in tried if each.score is not None]
    baseline = next((each.score for each in known if without_seed(each.settings) == without_seed(default)), None)
    if baseline is None:
        return "above"
    near = sorted(known, key=lambda each: distance(space, each.settings, settings))[:NEIGHBOURS]
    return "above" if sum(each.score or 0.0 for each in near) / len(near) >= baseline else "below"


def _drawn(space: Space, tried: Sequence[Tried], n: int, seed: int) -> list[dict[str, Any]]:
    try:
        import optuna
    except ImportError:
        raise CasebackError("the search needs Optuna: pip install 'caseback[research]', or let a model propose "
                            "(--model)") from None  # fmt: skip
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    ranges = {name: _distribution(each) for name, each in space.items() if name != SEED}
    sampler = optuna.samplers.TPESampler(
        seed=seed * 10_007 + len(tried), n_startup_trials=STARTING, multivariate=True, constant_liar=True
    )
    study = optuna.create_study(direction="maximize", sampler=sampler)
    honest = [each for each in tried if _drawable(space, each.settings)]
    study.add_trials([
        optuna.trial.create_trial(
            params={name: each.settings[name] for name in ranges}, distributions=ranges,
            **({"value": each.score} if each.score is not None else {"state": optuna.trial.TrialState.FAIL}),
        )
        for each in honest
    ])  # fmt: skip
    return [dict(study.ask(ranges).params) for _ in range(n)]


def _drawable(space: Space, settings: Settings) -> bool:
    return all(not isinstance(each, Choice) or settings[name] in each.values for name, each in space.items())


def _distribution(parameter: Parameter) -> Any:
    from optuna import distributions

    if isinstance(parameter, Choice):
        return distributions.CategoricalDistribution(parameter.values)
    if isinstance(parameter, Real):
        return distributions.FloatDistribution(parameter.low, parameter.high, log=parameter.log)
    return distributions.IntDistribution(parameter.low, parameter.high)


def _recombined(space: Space, parents: Sequence[Tried], rng: random.Random) -> tuple[dict[str, Any], str]:
    """Each value from one of two of the best, and one of them drawn anew."""
    one, other = rng.sample(list(parents), 2)
    child = {name: rng.choice((one, other)).settings[name] for name in space}
    return _mutated(space, child, rng), f"values of two of the best {len(parents)} tried, and one drawn anew"


def _mutated(space: Space, settings: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    name = rng.choice([name for name in space if name != SEED])
    each = space[name]
    value: Any
    if isinstance(each, Choice):
        value = rng.choice(each.values)
    elif isinstance(each, Real) and each.log:
        value = each.low * (each.high / each.low) ** rng.random()
    else:
        value = rng.uniform(each.low, each.high) if isinstance(each, Real) else rng.randint(each.low, each.high)
    return {**settings, name: value}
