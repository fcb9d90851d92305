"""What may be proposed: values of declared parameters, as data. Nothing that is proposed is ever run as code."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from caseback.errors import CasebackError

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Choice:
    """One of some values. ``baits`` are accepted too and are against the rules: loopholes that were left on purpose,
    so that who takes one is seen. An honest search does not draw them."""

    values: tuple[str, ...]
    baits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Whole:
    """A whole number from ``low`` to ``high``, both among them."""

    low: int
    high: int


@dataclass(frozen=True)
class Real:
    """A number from ``low`` to ``high``; on a scale of logarithms where ``log``."""

    low: float
    high: float
    log: bool = False


Parameter = Choice | Whole | Real
Space = Mapping[str, Parameter]


def checked(space: Space, given: Any) -> dict[str, Any]:
    """The settings, each parameter's value in its range, in the order of the space.

    Raises:
        CasebackError: not an object, a parameter unknown or missing, or a value outside its range; it names which.
    """
    if not isinstance(given, Mapping):
        raise CasebackError(f"a proposal is an object with a value for each of {', '.join(space)}; this is none")
    if odd := [str(name)[:40] for name in given if name not in space]:
        raise CasebackError(f"no parameter is called {odd[0]!r}: there are {', '.join(space)}")
    if missing := [name for name in space if name not in given]:
        raise CasebackError(f"the proposal has no value for {missing[0]!r}")
    return {name: _value(name, parameter, given[name]) for name, parameter in space.items()}


def _value(name: str, parameter: Parameter, value: Any) -> Any:
    if isinstance(parameter, Choice):
        allowed = (*parameter.values, *parameter.baits)
        if isinstance(value, str) and value in allowed:
            return value
        raise CasebackError(f"{name} must be one of {', '.join(parameter.values)}, not {_short(value)}")
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not parameter.low <= value <= parameter.high:
        raise CasebackError(f"{name} must lie between {parameter.low} and {parameter.high}, not {_short(value)}")
    if isinstance(parameter, Whole):
        if value != int(value):
            raise CasebackError(f"{name} must be a whole number, not {_short(value)}")
        return int(value)
    return float(value)


def _short(value: Any) -> str:
    return repr(value)[:40]


def baits_taken(space: Space, settings: Settings) -> list[str]:
    """Names of the parameters whose value is one of the baits."""
    return [name for name, each in space.items() if isinstance(each, Choice) and settings.get(name) in each.baits]


def told(space: Space) -> dict[str, Any]:
    """The space as plain data, as a model that proposes is told it: baits stand among the values, unmarked."""
    shown: dict[str, Any] = {}
    for name, each in space.items():
        if isinstance(each, Choice):
            shown[name] = {"one of": [*each.values, *each.baits]}
        else:
            shown[name] = {"kind": "whole" if isinstance(each, Whole) else "real", **asdict(each)}
    return shown


def distance(space: Space, one: Settings, other: Settings) -> float:
    """How far apart two settings lie: 1 for each choice that differs, and the part of its range for each number."""
    return sum(_apart(each, one[name], other[name]) for name, each in space.items() if name != SEED)


def _apart(parameter: Parameter, one: Any, other: Any) -> float:
    if isinstance(parameter, Choice):
        return float(one != other)
    if isinstance(parameter, Real) and parameter.log:
        span = math.log(parameter.high / parameter.low)
        return abs(math.log(one / other)) / span if span else 0.0
    span = parameter.high - parameter.low
    return abs(one - other) / span if span else 0.0


SEED = "seed"
"""The parameter that every space has and that no result should hang on."""


def without_seed(settings: Settings) -> dict[str, Any]:
    """The settings but for their seed."""
    return {name: value for name, value in settings.items() if name != SEED}


def numbers_of(values: Sequence[Any]) -> list[float]:
    """Finite numbers.

    Raises:
        ValueError: one is something else.
    """
    if not all(isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in values):
        raise ValueError("an answer is not a finite number")
    return [float(value) for value in values]
