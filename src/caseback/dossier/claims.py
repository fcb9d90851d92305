"""The claims ledger: every figure that we state, the command that measures it, and its last result.

``claims/<id>.yaml`` says what is claimed; ``claims/<id>.result.json`` what was measured last. A claim that does not
hold stays, marked so.
"""

import json
import math
import operator
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import yaml

import caseback
from caseback.errors import CasebackError

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "==": operator.eq,
}
TARGET = re.compile(r"(>=|<=|==|>|<)\s*(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)")


@dataclass(frozen=True)
class Result:
    """What measuring a claim gave. ``low`` and ``high`` bound ``value``; a figure that could not be had is None."""

    value: float | None
    low: float | None
    high: float | None
    n: int | None
    holds: bool
    note: str
    machine: str
    commit: str
    measured_at: str


@dataclass(frozen=True)
class Claim:
    """A statement with a figure in it.

    ``target`` is text such as ``>= 2.0 on mixed lengths``; the first comparison in it is checked against the measured
    value. ``command`` prints, as its last line, a JSON object with value, low, high, n, holds and note. ``result`` is
    None where nothing was measured yet.
    """

    id: str
    statement: str
    target: str
    unit: str
    seeds: tuple[int, ...]
    command: str
    result: Result | None = None

    def meets(self, value: float | None) -> bool | None:
        """Whether the value meets the target; None where the target names no number to compare with."""
        found = TARGET.search(self.target)
        if not found:
            return None
        sign, bound = found.groups()
        return value is not None and COMPARISONS[sign](value, float(bound))


def load_claims(folder: Path) -> list[Claim]:
    """All claims of a folder, by id.

    Raises:
        CasebackError: where the folder is missing, or a file in it is malformed: it names the file and the key.
    """
    if not folder.is_dir():
        raise CasebackError(f"there is no claims folder at {folder}: name one with --dir")
    return [load_claim(folder, path.stem) for path in sorted(folder.glob("*.yaml"))]


def load_claim(folder: Path, id: str) -> Claim:
    """One claim, with its last result.

    Raises:
        CasebackError: where it is missing or malformed: it names the file and the key.
    """
    path = folder / f"{id}.yaml"
    written = _read_claim(path)
    if written["id"] != id:
        raise CasebackError(f"{path}: id is {written['id']!r}, which is not the name of its file")
    packages = sorted(module.name for module in iter_modules(caseback.__path__) if module.ispkg)
    if id.split(".")[0] not in packages or "." not in id:
        raise CasebackError(f"{path}: id must begin with a package and a dot, one of {', '.join(packages)}")
    file = folder / f"{id}.result.json"
    result = Result(**_read_result(file)) if file.exists() else None
    return Claim(**{**written, "seeds": tuple(written["seeds"])}, result=result)


def _read_claim(path: Path) -> dict[str, Any]:
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(sorted(other.stem for other in path.parent.glob("*.yaml"))) or "none yet"
        raise CasebackError(f"there is no claim {path.stem} in {path.parent}: it holds {known}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CasebackError(f"{path}: not readable as YAML ({' '.join(str(error).split())})") from error
    if not isinstance(value, dict):
        raise CasebackError(f"{path}: not a mapping with the keys id, statement, target, unit, seeds, command")
    value.setdefault("seeds", [])
    texts = ("id", "statement", "target", "unit", "command")
    for key in texts:
        if not isinstance(value.get(key), str) or not value[key].strip():
            raise CasebackError(f"{path}: {key} must be text{' (put it in quotes)' if key in value else ''}")
        value[key] = " ".join(value[key].split())
    try:
        shlex.split(value["command"])
    except ValueError as error:
        raise CasebackError(f"{path}: command cannot be split into words ({error})") from error
    if not isinstance(value["seeds"], list) or not all(type(seed) is int for seed in value["seeds"]):
        raise CasebackError(f"{path}: seeds must be a list of whole numbers")
    if strange := sorted(str(key) for key in set(value) - {*texts, "seeds"}):
        raise CasebackError(f"{path}: {strange[0]} is not a key of a claim")
    return value


def _read_result(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CasebackError(f"{path}: not readable as JSON ({error}); measure the claim again") from error
    names = {field.name for field in fields(Result)}
    if not isinstance(value, dict) or set(value) != names:
        raise CasebackError(f"{path}: must have exactly the keys {', '.join(sorted(names))}; measure the claim again")
    for key in ("note", "machine", "commit", "measured_at"):
        if not isinstance(value[key], str):
            raise CasebackError(f"{path}: {key} must be text; measure the claim again")
    return value | check_figures(value, str(path))


def check_figures(value: dict[str, Any], where: str) -> dict[str, Any]:
    """The figures of a result, each of its type.

    Raises:
        CasebackError: naming ``where`` and the key that is missing or wrong.
    """
    for key in ("value", "low", "high", "n"):
        figure = value.get(key)
        if key not in value or isinstance(figure, bool) or not isinstance(figure, int | float | None):
            raise CasebackError(f"{where}: {key} must be a number or null")
        if isinstance(figure, float) and not math.isfinite(figure):
            raise CasebackError(f"{where}: {key} is {figure}; write null for a figure that could not be had")
    if not isinstance(value.get("holds"), bool):
        raise CasebackError(f"{where}: holds must be true or false")
    return {key: value[key] for key in ("value", "low", "high", "n", "holds")}
