"""Probes as the fewest products: one for all at a site, whole encoders only where an activation hangs on all latents.

A latent of a dictionary with thresholds is told by its own column of the encoder. In a dictionary with k active latents
it counts only if it is among the k highest, for which all are needed. In a routed one it counts only if the router
chooses its group, which is asked only about tokens where a wanted latent is above its threshold (where asking is
cheap: on a GPU it would make the host wait, so there the router is always run).

Products are made in the dictionary's precision, as ``encode`` does; the last, cheap steps are done on the host.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from caseback.detectors.direction import DirectionDetector
from caseback.detectors.latent import LatentDetector
from caseback.interp.dictionary.dictionary import CHUNK, Dictionary
from caseback.subject.site import Site
from caseback.watch.serving.pool import Floats
from caseback.watch.serving.probes import Probe


@dataclass(frozen=True, eq=False)
class Product:
    """Activations at a site times ``weight`` [d, columns], in its precision."""

    weight: Tensor

    def of(self, acts_ND: Tensor) -> Tensor:
        """``[tokens, columns]`` in fp32."""
        weight = self.weight
        if acts_ND.dtype is weight.dtype is torch.float32:  # the calls that change nothing cost as much as the product
            return torch.mm(acts_ND, weight)
        return torch.mm(acts_ND.to(weight.dtype), weight).float()


@dataclass(frozen=True, eq=False)
class Encoder:
    """A dictionary with k active latents, of which ``latents`` are wanted: their activations, in as many columns."""

    dictionary: Dictionary
    latents: Tensor

    def of(self, acts_ND: Tensor) -> Tensor:
        """``[tokens, latents]``; what is not a number stays so."""
        d = self.dictionary
        assert d.k is not None
        made = []
        for x in torch.split(acts_ND.to(d.W_enc.dtype), max(1, CHUNK // d.width)):
            pre = torch.addmm(d.b_enc, x, d.W_enc)
            least = pre.topk(d.k, dim=1, sorted=False).values.amin(1, keepdim=True)
            wanted = pre[:, self.latents]
            made.append(wanted.masked_fill((wanted < least) | (wanted <= 0), 0.0).float())
        return torch.cat(made)


@dataclass(frozen=True, eq=False)
class Router:
    """Whether the router of a dictionary chooses each of ``groups``; wanted latent i lies in ``groups[columns[i]]``."""

    weight_DG: Tensor
    bias_G: Tensor
    chosen: int
    groups: Tensor
    dtype: torch.dtype
    columns: Tensor

    def of(self, acts_ND: Tensor) -> Tensor:
        """1 where a wanted latent's group is chosen, else 0 ``[tokens, latents]``."""
        scores_NG = torch.addmm(self.bias_G, acts_ND.to(self.dtype).float(), self.weight_DG)
        least = scores_NG.topk(self.chosen, dim=1, sorted=False).values.amin(1, keepdim=True)
        return (scores_NG[:, self.groups] >= least)[:, self.columns].float()


@dataclass(frozen=True, eq=False)
class Routed:
    """A routed dictionary: the places of its latents among the probes, their sites, and its router."""

    sites: tuple[Site, ...]
    places: NDArray[np.int64]
    router: Router


@dataclass(frozen=True, eq=False)
class Whole:
    """A dictionary that is encoded whole."""

    sites: tuple[Site, ...]
    places: NDArray[np.int64]
    encoder: Encoder


@dataclass(frozen=True, eq=False)
class Plan:
    """How several probes are read at once.

    Attributes:
        count: How many probes.
        products: By site, one for each precision.
        kept: Sites whose activations are kept until the pass has ended.
        added: For each column of all products side by side (sites in order), the probe that it is added to.
        shift: Added to each probe's sum.
        scale: By which it is then divided.
        floor: Up to which it counts as 0; below all numbers for directions, which have none.
        wholes: Dictionaries that are encoded whole.
        routeds: Dictionaries with a router.
        order: The column of each probe where each has exactly one; else None.
        named: ``products`` by the site's name, which is found faster.
    """

    count: int
    products: dict[Site, list[Product]]
    kept: frozenset[Site]
    added: NDArray[np.int64]
    shift: Floats
    scale: Floats
    floor: Floats
    wholes: list[Whole]
    routeds: list[Routed]
    order: NDArray[np.int64] | None
    named: dict[str, list[Product]]

    @property
    def later(self) -> bool:
        """Whether scores can be made of the products at any time, as nothing else is looked at."""
        return not self.kept

    @property
    def sites(self) -> list[Site]:
        """All sites, in the order of the forward pass."""
        return sorted({*self.products, *self.kept})


@dataclass
class _Columns:
    vectors: list[Tensor] = field(default_factory=list)
    probes: list[int] = field(default_factory=list)


def plan_for(probes: Sequence[Probe], device: torch.device) -> Plan:
    """The plan for probes that all belong to one model."""
    columns: dict[Site, dict[torch.dtype, _Columns]] = {}
    shift, scale, floor = (np.full(len(probes), fill, dtype=np.float32) for fill in (0.0, 1.0, -np.inf))
    whole: dict[int, tuple[Dictionary, list[int]]] = {}
    routed: dict[int, tuple[Dictionary, list[int]]] = {}
    for at, probe in enumerate(probes):
        if isinstance(probe, DirectionDetector):
            direction = probe.direction
            _add(columns, direction.site, direction.vector, at)
            shift[at], scale[at] = -direction.zero, direction.step
            continue
        dictionary = probe.source.dictionary
        if dictionary.k is not None:
            whole.setdefault(id(dictionary), (dictionary, []))[1].append(at)
            continue
        assert dictionary.threshold is not None
        shift[at] = float(dictionary.b_enc[probe.latent])
        floor[at] = max(0.0, float(dictionary.threshold[probe.latent]))
        parts = dictionary.W_enc[:, probe.latent].chunk(len(dictionary.reads))
        for site, part in zip(dictionary.reads, parts, strict=True):
            _add(columns, site, part, at)
        if dictionary.router is not None:
            routed.setdefault(id(dictionary), (dictionary, []))[1].append(at)
    products: dict[Site, list[Product]] = {}
    added: list[int] = []
    for site in sorted(columns):
        for of in columns[site].values():
            products.setdefault(site, []).append(Product(torch.stack(of.vectors, 1).to(device).contiguous()))
            added += of.probes
    wholes = [
        Whole(d.reads, np.array(places), Encoder(d.to(device), torch.tensor(_latents(probes, places), device=device)))
        for d, places in whole.values()
    ]
    routeds = [
        Routed(d.reads, np.array(places), _router(d, _latents(probes, places), device)) for d, places in routed.values()
    ]
    sites = [*(each.sites for each in wholes), *(each.sites for each in routeds)]
    kept = frozenset(site for each in sites for site in each)
    named = {str(site): each for site, each in products.items()}
    into = np.array(added, dtype=np.int64)
    order = np.argsort(into) if sorted(added) == list(range(len(probes))) else None
    return Plan(len(probes), products, kept, into, shift, scale, floor, wholes, routeds, order, named)


def _add(columns: dict[Site, dict[torch.dtype, _Columns]], site: Site, vector: Tensor, probe: int) -> None:
    of = columns.setdefault(site, {}).setdefault(vector.dtype, _Columns())
    of.vectors.append(vector)
    of.probes.append(probe)


def _latents(probes: Sequence[Probe], places: Sequence[int]) -> list[int]:
    return [probe.latent for probe in (probes[at] for at in places) if isinstance(probe, LatentDetector)]


def _router(dictionary: Dictionary, latents: list[int], device: torch.device) -> Router:
    assert dictionary.router is not None
    assert dictionary.b_router is not None
    size = dictionary.width // dictionary.router.shape[1]
    groups, columns = np.unique(np.array(latents) // size, return_inverse=True)
    return Router(
        dictionary.router.to(device).float(),
        dictionary.b_router.to(device).float(),
        dictionary.chosen,
        torch.from_numpy(groups).to(device),
        dictionary.W_enc.dtype,
        torch.from_numpy(columns.reshape(-1)).to(device),
    )
