"""Tests what a graph predicts: groups of latents are set to other values in the real model, and the output is watched.

A latent is set by adding its decoder's direction, times the change of its activation, to what its MLP writes at its
token; one of a cross-layer transcoder by adding to what all the MLPs write that it writes. Blocks are taken from the
first to the last, each under the changes made before it, so that every latent of the group ends at just the value that
it is held at, however the ones before it moved it. Everything else in the model answers freely (``constrained`` and
``direct`` variants of Ameisen, Lindsey et al. 2025 hold more still).

The control changes as many random latents that are active at the same blocks and tokens, by a vector of equal norm.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.circuit.replacement import Transcoders
from caseback.interp.dictionary.dictionary import Codes, Dictionary, encode
from caseback.interp.dictionary.together import parts_of
from caseback.subject.capture import capture
from caseback.subject.edits import Add
from caseback.subject.intervene import intervene
from caseback.subject.site import Site
from caseback.subject.span import Span


@dataclass(frozen=True, order=True)
class Held:
    """A latent held at a value.

    Attributes:
        layer: Its block.
        position: The token of the prompt.
        latent: Its number.
        value: The activation that it is given; 0 silences it.
    """

    layer: int
    position: int
    latent: int
    value: float


Active = Mapping[int, Codes]
"""Per block the active latents of every token of a prompt."""


@torch.no_grad()
def active_latents(model: Any, token_ids: Sequence[int], transcoders: Transcoders) -> dict[int, Codes]:
    """Which latents are active at a prompt, in the model itself."""
    sites = {layer: Site("mlp_in", layer) for layer in sorted(transcoders)}
    (captured,) = capture(model, [token_ids], list(sites.values()))
    return {layer: encode(transcoders[layer], captured.at[site]) for layer, site in sites.items()}


def value_of(active: Active, layer: int, position: int, latent: int) -> float:
    """Activation of a latent at a token; 0 where it is not active."""
    codes = active[layer]
    return float(codes.values_BK[position][codes.indices_BK[position] == latent].sum())


@torch.no_grad()
def hold(model: Any, token_ids: Sequence[int], transcoders: Transcoders, group: Iterable[Held]) -> list[Add]:
    """Edits for ``intervene`` under which the latents of the group have their values at this prompt.

    Raises:
        CasebackError: a latent is held twice, or is not there.
    """
    by_layer: dict[int, list[Held]] = defaultdict(list)
    for held in sorted(group):
        _check(held, by_layer[held.layer], len(token_ids), transcoders)
        by_layer[held.layer].append(held)
    at: dict[tuple[Site, int], Tensor] = {}
    for layer in sorted(by_layer):
        site = Site("mlp_in", layer)
        edits = [edit for edit in _adding(at) if edit.site.layer < layer]
        with intervene(model, edits) if edits else nullcontext():
            (captured,) = capture(model, [token_ids], [site])
        codes = encode(transcoders[layer], captured.at[site])
        for held in by_layer[layer]:
            change = held.value - value_of({layer: codes}, layer, held.position, held.latent)
            row = transcoders[layer].W_dec[held.latent].float() * change
            _write(at, transcoders[layer], held.position, row)
    return _adding(at)


def random_control(
    rng: random.Random, edits: Sequence[Add], group: Iterable[Held], active: Active, transcoders: Transcoders
) -> list[Add]:
    """As many random active latents as the group has, at the same blocks and tokens, changed by vectors of equal norm
    at each MLP and token.

    Each is raised or lowered as one of the group was. Where too few others are active at a token, all of them are used.
    """
    sizes = {(edit.site, edit.span.start): float(edit.vector.norm()) for edit in edits}
    members: dict[tuple[int, int], list[Held]] = defaultdict(list)
    for held in group:
        members[held.layer, held.position].append(held)
    at: dict[tuple[Site, int], Tensor] = {}
    for (layer, position), there in sorted(members.items()):
        if (Site("mlp_out", layer), position) not in sizes:
            continue
        codes = active[layer]
        own = {held.latent for held in there}
        others = [
            latent
            for latent, value in zip(
                codes.indices_BK[position].tolist(), codes.values_BK[position].tolist(), strict=True
            )
            if value > 0 and latent not in own
        ]
        chosen = rng.sample(others, min(len(there), len(others))) if others else []
        for latent, held in zip(chosen, there, strict=False):
            before = value_of(active, layer, position, held.latent)
            sign = 1.0 if held.value >= before else -1.0
            size = value_of(active, layer, position, latent)
            _write(at, transcoders[layer], position, sign * size * transcoders[layer].W_dec[latent].float())
    scaled = {
        place: vector * (sizes[place] / max(float(vector.norm()), 1e-12))
        for place, vector in at.items()
        if place in sizes
    }
    return _adding(scaled)


def _write(at: dict[tuple[Site, int], Tensor], transcoder: Dictionary, position: int, row_E: Tensor) -> None:
    """Adds what a latent writes to what is written at each site and token so far."""
    for site, part_D in parts_of(transcoder, row_E).items():
        at[site, position] = at.get((site, position), torch.zeros_like(part_D)) + part_D


def _adding(at: Mapping[tuple[Site, int], Tensor]) -> list[Add]:
    """What is written, as edits, blocks and tokens in order."""
    return [
        Add(site, vector, span=Span(position, position + 1))
        for (site, position), vector in sorted(at.items(), key=lambda each: (each[0][0].layer, each[0][1]))
        if float(vector.norm()) > 0
    ]


def _check(held: Held, there: Sequence[Held], n_tokens: int, transcoders: Transcoders) -> None:
    if held.layer not in transcoders:
        raise CasebackError(f"{held}: block {held.layer} has no transcoder")
    if not 0 <= held.latent < transcoders[held.layer].width or not 0 <= held.position < n_tokens:
        raise CasebackError(f"{held}: there is no such latent or token")
    if any((other.position, other.latent) == (held.position, held.latent) for other in there):
        raise CasebackError(f"{held}: this latent is held twice at its token")
