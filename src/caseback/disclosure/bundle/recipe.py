"""A recipe: contrast sets and a way to fit, by which another model's owner makes the detector for their own model.

A direction holds for one model. What is portable between models is how it was come by.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from caseback.disclosure.bundle.limits import SMALL, TRANSCRIPTS
from caseback.disclosure.bundle.manifest import sha256
from caseback.disclosure.bundle.strict_json import parse
from caseback.dossier.record import canonical
from caseback.errors import CasebackError
from caseback.interp.part import Part, Pool

FORMAT = "caseback recipe 1"
Method = Literal["mean", "logistic", "lda"]
FitPool = Literal["last", "mean"]
ANY = "any"
"""For the importer to choose, by what sets the behaviour apart from ordinary traffic there."""
METHODS: tuple[Method, ...] = get_args(Method)
PARTS: tuple[Part, ...] = get_args(Part)
FIT_POOLS: tuple[FitPool, ...] = get_args(FitPool)
POOLS: tuple[Pool, ...] = get_args(Pool)
FIELDS = {"format", "name", "behaviour", "method", "part", "fit_pool", "pool", "seed", "fit", "dev", "test", "gate"}
SETS = ("fit", "dev", "test")


@dataclass(frozen=True)
class Recipe:
    """How a direction is fitted.

    Attributes:
        name: Of the detector that comes out.
        behaviour: What it looks for.
        method: ``mean`` of the classes' difference, ``logistic`` regression, ``lda``, or ``any``.
        part: Which tokens are read.
        fit_pool: How they are pooled to fit: ``last``, ``mean`` or ``any``.
        pool: How token scores are pooled at work, or ``any``.
        seed: Of what is drawn.
        fit: File of the transcripts to fit on; ``dev`` of those by which the layer, and what is open, is chosen;
            ``test`` of those that the result must tell apart. No family is in two of them.
        gate: AUROC on ``test`` that the result must reach, or it is refused.
    """

    name: str
    behaviour: str
    method: Method | Literal["any"]
    part: Part
    fit_pool: FitPool | Literal["any"]
    pool: Pool | Literal["any"]
    seed: int
    fit: str
    dev: str
    test: str
    gate: float


def recipe_data(recipe: Recipe) -> bytes:
    """As it lies in a bundle, in canonical JSON."""
    return canonical({"format": FORMAT, **vars(recipe)})


def recipe_from(text: bytes, what: str) -> Recipe:
    """The recipe in a file.

    Raises:
        CasebackError: it is none; ``what`` names the file.
    """
    data = parse(text, what, SMALL)
    if not isinstance(data, dict) or set(data) != FIELDS or data["format"] != FORMAT:
        raise CasebackError(f"{what} is no recipe of the format {FORMAT!r}")
    open_ = (("method", METHODS), ("fit_pool", FIT_POOLS), ("pool", POOLS))
    for key, allowed in (("part", PARTS), *((key, (*known, ANY)) for key, known in open_)):
        if data[key] not in allowed:
            raise CasebackError(f"{what}: {key} is {str(data[key])[:40]!r}, and must be one of {', '.join(allowed)}")
    for key in ("name", "behaviour", *SETS):
        if not isinstance(data[key], str) or not 0 < len(data[key]) <= 120:
            raise CasebackError(f"{what}: {key} must be text of 120 characters at most")
    if type(data["seed"]) is not int or not 0 <= data["seed"] < 1 << 31:
        raise CasebackError(f"{what}: seed must be a whole number")
    gate = data["gate"]
    if isinstance(gate, bool) or not isinstance(gate, int | float) or not 0.5 <= gate <= 1 or not math.isfinite(gate):
        raise CasebackError(f"{what}: gate is {gate!r:.20}, and must be an AUROC from 0.5 to 1")
    return Recipe(**{key: value for key, value in data.items() if key != "format"})


def read_rows(text: bytes, what: str, most: int = TRANSCRIPTS) -> list[dict[str, Any]]:
    """The transcripts of a file as plain data, each labelled and of a family.

    Raises:
        CasebackError: there are too many, or a line is none; ``what`` names the file.
    """
    lines = text.split(b"\n")
    if lines[-1:] == [b""]:
        lines.pop()
    if not 0 < len(lines) <= most:
        raise CasebackError(f"{what} holds {len(lines)} transcripts; 1 to {most} are allowed")
    rows = []
    for number, line in enumerate(lines, start=1):
        row = parse(line, f"{what}, line {number}", SMALL)
        if not isinstance(row, dict) or set(row) != {"messages", "label", "family"} or type(row["label"]) is not bool:
            raise CasebackError(f"{what}, line {number}: it needs messages, label (true or false) and family")
        if not isinstance(row["family"], str) or not row["family"]:
            raise CasebackError(f"{what}, line {number}: it needs the family of its situation")
        rows.append(row)
    return rows


def rows_text(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Transcripts as JSON Lines."""
    return b"".join(json.dumps(dict(row), ensure_ascii=False, sort_keys=True).encode() + b"\n" for row in rows)


def split_by_family(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Half of the families to fit on, a quarter to choose the layer on, a quarter to test on; the same ones each time.

    Raises:
        CasebackError: there are too few families of a class.
    """
    labels: dict[str, set[bool]] = {}
    for row in rows:
        labels.setdefault(row["family"], set()).add(row["label"])
    place: dict[str, str] = {}
    for kind in ({True, False}, {True}, {False}):
        names = [name for name, found in labels.items() if found == kind]
        names.sort(key=lambda name: sha256(name.encode()))
        place |= {name: ("test", "dev", "fit", "fit")[at % 4] for at, name in enumerate(names)}
    parts = {name: [dict(row) for row in rows if place[row["family"]] == name] for name in SETS}
    for name, part in parts.items():
        if {row["label"] for row in part} != {True, False}:
            raise CasebackError(
                f"the contrast set has too few families to {name} on: give transcripts of both labels in at least 3 "
                "families of each, so that what is tested was not fitted on"
            )
    return parts
