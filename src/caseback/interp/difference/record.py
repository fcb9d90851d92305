"""Comparisons as plain data for difference.json, and their tensors for difference.safetensors."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from torch import Tensor

from caseback.interp.difference.agreement import Agreement
from caseback.interp.difference.compare import Comparison
from caseback.interp.difference.crosscoder import CrosscoderLatents
from caseback.interp.difference.parts import PartsMoved
from caseback.interp.difference.taken_hold import TakenHold
from caseback.interp.plain_data import plain_data

KIND, VERSION = "caseback difference", 1
"""At the head of the file."""


def difference_data(
    arms: Sequence[Comparison],
    agreements: Sequence[Agreement],
    clauses: Sequence[TakenHold],
    seed: int,
    crosscoder: CrosscoderLatents | None = None,
) -> dict[str, Any]:
    """Everything but vectors, as JSON data. Neurons are too many to be listed: the most moved stand there."""
    return {
        "kind": KIND,
        "version": VERSION,
        "seed": seed,
        "arms": [_arm(arm) for arm in arms],
        "agreements": plain_data(list(agreements)),
        "crosscoder": plain_data(crosscoder),
        "clauses": [clause_data(clause) for clause in clauses],
    }


def clause_data(clause: TakenHold) -> dict[str, Any]:
    """One clause as JSON data."""
    data: dict[str, Any] = plain_data(clause)
    return data


def difference_tensors(arms: Sequence[Comparison]) -> dict[str, Tensor]:
    """The mean difference and mean activation per site, and the change of every head and neuron, by arm."""
    found: dict[str, Tensor] = {}
    for arm in arms:
        for site in arm.sites:
            found[f"{arm.name}/mean_difference/{site.site}"] = site.mean.contiguous()
            found[f"{arm.name}/mean_before/{site.site}"] = site.mean_before.contiguous()
        for part in arm.parts:
            for layer, change in part.change.items():
                found[f"{arm.name}/{part.kind}/{layer}"] = change.contiguous()
    return found


def _arm(arm: Comparison) -> dict[str, Any]:
    kept: Mapping[str, Any] = {f.name: getattr(arm, f.name) for f in fields(arm) if f.name != "parts"}
    return {**plain_data(kept), "parts": [_part(part) for part in arm.parts]}


def _part(part: PartsMoved) -> dict[str, Any]:
    listed = part.kind == "heads"
    return {
        "kind": part.kind,
        "units": part.units,
        "share": part.share,
        "most": plain_data(part.most),
        "missing": plain_data(part.missing),
        "change": {str(layer): change.tolist() for layer, change in part.change.items()} if listed else None,
    }
