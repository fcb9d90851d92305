"""The rungs of a ladder: models in order of the compute that they were trained with."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from caseback.errors import CasebackError
from caseback.subject.digest import folder_digest
from caseback.world.reference import named_or_given

LEAST = 2
"""Rungs without which there is no gap."""


@dataclass(frozen=True)
class Rung:
    """A model of a ladder.

    Attributes:
        name: as people call it.
        path: its folder.
        digest: of its weights, configuration and tokenizer.
        parameters: how many weights it has.
        compute: log10 of the floating-point operations that it was trained with, six for each weight and token (Kaplan
            et al. 2020, arXiv 2001.08361).
    """

    name: str
    path: str
    digest: str
    parameters: int
    compute: float


def read_rungs(named: Mapping[str, str], flops: Mapping[str, float] | None = None) -> tuple[Rung, ...]:
    """The ladder, weakest first.

    Args:
        named: folders by name; the name of a reference model is as good as its folder.
        flops: training compute of those whose folders do not say it, by name.

    Raises:
        CasebackError: fewer than two models, one twice, no such folder, or a compute that is not known.
    """
    if len(named) < LEAST:
        raise CasebackError(f"{len(named)} model on the ladder: give at least {LEAST}, such as ladder-1 ref-base")
    rungs = [_rung(name, given, (flops or {}).get(name)) for name, given in named.items()]
    by_digest: dict[str, str] = {}
    for rung in rungs:
        if (other := by_digest.setdefault(rung.digest, rung.name)) != rung.name:
            raise CasebackError(f"{rung.name} and {other} are the same weights: leave one of them out")
    return tuple(sorted(rungs, key=lambda rung: rung.compute))


def gap(weak: Rung, strong: Rung) -> float:
    """How far the strong one is above the weak one, in powers of ten of compute."""
    return strong.compute - weak.compute


def _rung(name: str, given: str, flops: float | None) -> Rung:
    folder = Path(named_or_given(given)[0])
    if not (folder / "config.json").is_file():
        raise CasebackError(f"{given}: no model folder (config.json is missing); build it with caseback world build")
    parameters = _parameters(folder)
    if flops is None:
        tokens = _tokens(folder)
        if tokens is None:
            raise CasebackError(
                f"{name}: its folder does not say how many tokens it was trained on; give the compute of its training, "
                f"as in --flops {name}=2e15"
            )
        flops = 6.0 * parameters * tokens
    if not (flops > 0 and math.isfinite(flops)):
        raise CasebackError(f"{name}: a compute of {flops:g} is none; give it in floating-point operations, as in 2e15")
    return Rung(name, str(folder), folder_digest(folder), parameters, math.log10(flops))


def _parameters(folder: Path) -> int:
    """Weights as the headers of the safetensors files tell them, without reading one."""
    count = 0
    for file in sorted(folder.glob("*.safetensors")):
        with file.open("rb") as opened:
            header = json.loads(opened.read(int.from_bytes(opened.read(8), "little")))
        count += sum(math.prod(each["shape"]) for name, each in header.items() if name != "__metadata__")
    if not count:
        raise CasebackError(f"{folder}: no weights in safetensors form; save the model with save_pretrained")
    return count


def _tokens(folder: Path) -> float | None:
    """Tokens seen in training: of a model built here, or of one of its checkpoints, ``steps/<n>`` beside it. None where
    nothing says so."""
    whole = folder.parent.parent / "model"
    try:
        if (folder / "training.json").is_file():
            return float(json.loads((folder / "training.json").read_text())["tokens_seen"])
        if folder.parent.name == "steps" and folder.name.isdecimal() and (whole / "training.json").is_file():
            found = json.loads((whole / "training.json").read_text())
            return float(found["tokens_seen"]) * int(folder.name) / float(found["steps"])
    except (ValueError, KeyError, TypeError, ZeroDivisionError):
        return None  # a record of some other tool, which need not say it
    return None
