"""Which attention heads and which neurons moved: the relative change of their outputs on text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.difference.in_step import Pair
from caseback.subject.layers import find_decoder
from caseback.subject.site import Kind, Site, find_place

PartKind = Literal["heads", "neurons"]


@dataclass(frozen=True)
class Moved:
    """One head or neuron, and how much it moved."""

    layer: int
    unit: int
    change: float


@dataclass(frozen=True, eq=False)
class PartsMoved:
    """The heads, or the neurons, of all layers that have them.

    ``change[layer]`` is per unit the root mean square of the change of its output: of a head over that of its own
    output before; of a neuron over that of all neurons of its layer before, since many neurons are all but silent and
    would seem to have moved infinitely. ``halves`` is the same on every other passage. ``missing`` says of which layers
    nothing can be told, and why.

    Attributes:
        kind: ``heads`` or ``neurons``.
        change: Per layer a tensor [units].
        halves: Twice the same, from every other passage.
        most: The units that moved most.
        share: Of the sum of squared changes, the share that the top 1 % of units (at least one) hold.
        missing: Per layer without such parts, why.
    """

    kind: PartKind
    change: dict[int, Tensor]
    halves: tuple[dict[int, Tensor], dict[int, Tensor]]
    most: tuple[Moved, ...]
    share: float
    missing: dict[int, str]

    @property
    def units(self) -> int:
        """How many there are."""
        return sum(len(part) for part in self.change.values())


def part_sites(model: Any, kind: PartKind) -> tuple[list[Site], dict[int, str]]:
    """The sites of this kind that the model has, and why it lacks others."""
    decoder = find_decoder(model)
    sites, missing = [], {}
    site_kind: Kind = kind
    for layer in range(len(decoder.blocks)):
        site = Site(site_kind, layer)
        try:
            find_place(decoder, site)
        except CasebackError as error:
            missing[layer] = str(error)
        else:
            sites.append(site)
    return sites, missing


class PartTally:
    """Adds up the squared outputs of parts and their squared changes, apart for every other passage."""

    def __init__(self, kind: PartKind, sites: Sequence[Site], missing: dict[int, str]) -> None:
        self.kind, self.sites, self.missing = kind, tuple(sites), missing
        self.passages = 0
        self.sums: dict[tuple[int, int], Tensor] = {}
        """Per (half, layer): [2, units], squared changes and squared outputs before."""

    @torch.no_grad()
    def add(self, pair: Pair) -> None:
        """Count one passage."""
        half = self.passages % 2
        self.passages += 1
        for site in self.sites:
            before, after = pair.before[site].double(), pair.after[site].double()
            squares = torch.stack([(after - before).square(), before.square()])
            # Heads are [2, tokens, heads, width], neurons [2, tokens, neurons].
            sums = (squares.sum(-1) if squares.dim() == 4 else squares).sum(1)
            key = (half, site.layer)
            self.sums[key] = self.sums[key] + sums if key in self.sums else sums

    def moved(self, top: int = 20) -> PartsMoved:
        """What was added up so far."""
        layers = [site.layer for site in self.sites]
        change = {layer: self._relative(layer, (0, 1)) for layer in layers}
        halves = tuple({layer: self._relative(layer, (half,)) for layer in layers} for half in (0, 1))
        flat = torch.cat([change[layer] for layer in layers]) if layers else torch.zeros(0)
        squares = flat.square().sort(descending=True).values
        leading = max(1, len(squares) // 100)
        return PartsMoved(
            kind=self.kind,
            change=change,
            halves=(halves[0], halves[1]),
            most=most_moved(change, top),
            share=float(squares[:leading].sum() / squares.sum()) if float(squares.sum()) else 0.0,
            missing=self.missing,
        )

    def _relative(self, layer: int, of: Sequence[int]) -> Tensor:
        parts = [self.sums[half, layer] for half in of if (half, layer) in self.sums]
        if not parts:
            return torch.zeros(0)
        changed, before = torch.stack(parts).sum(0)
        beside = before if self.kind == "heads" else before.mean().expand_as(before)
        return (changed / beside.clamp(min=1e-30)).sqrt().float().cpu()


def most_moved(change: dict[int, Tensor], top: int) -> tuple[Moved, ...]:
    """The units with the largest change, largest first."""
    layers = sorted(change)
    if not layers:
        return ()
    owners = [(layer, unit) for layer in layers for unit in range(len(change[layer]))]
    flat = torch.cat([change[layer] for layer in layers])
    order = flat.argsort(descending=True, stable=True)[:top].tolist()
    return tuple(Moved(layer, unit, float(flat[at])) for at in order for layer, unit in [owners[at]])
