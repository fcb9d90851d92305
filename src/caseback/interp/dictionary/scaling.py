"""Bringing activations to mean 0 and mean square 1 per number for training, and the dictionary back to their units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary
from caseback.interp.dictionary.training import Training
from caseback.subject.site import Site


@dataclass(frozen=True, eq=False)
class Scaling:
    """Per column a centre and a scale [d]; each site has one scale, so that sites of a crosscoder weigh alike."""

    centre: Tensor
    scale: Tensor

    def apply(self, acts_BD: Tensor) -> Tensor:
        """Activations in the units of training."""
        return (acts_BD.float() - self.centre) / self.scale

    def to(self, device: torch.device) -> "Scaling":
        """The scaling on a device."""
        return Scaling(self.centre.to(device), self.scale.to(device))


def measure_scaling(acts_BD: Tensor, sites: int) -> Scaling:
    """The scaling of a sample of activations of so many sites of equal width, side by side.

    Raises:
        CasebackError: they do not vary, or are not finite.
    """
    acts = acts_BD.double()
    if not bool(acts.isfinite().all()):
        raise CasebackError("the store holds activations that are not finite: capture it again")
    centre = acts.mean(0)
    width = acts.shape[1] // sites
    scale = (acts - centre).square().mean(0).view(sites, width).mean(1).sqrt()
    if not bool((scale > 0).all()):
        raise CasebackError("the activations do not vary, so there is nothing to fit: capture more tokens")
    return Scaling(centre.float(), scale.repeat_interleave(width).float())


def in_own_units(
    training: Training,
    reads: Scaling,
    writes: Scaling,
    *,
    k: int | None,
    threshold: Tensor | None,
    chosen: int = 0,
    sites: tuple[tuple[Site, ...], tuple[Site, ...]],
    models: Sequence[str],
    tokenizer: str,
    provenance: Mapping[str, Any],
) -> Dictionary:
    """The dictionary that does to raw activations what the trained one does to scaled ones.

    Codes are in the units of what is written, so that decoder rows keep length 1; with several sites of different
    scales, decoder rows have the sites' scales in them instead.
    """
    return made(
        own_tensors(training, reads, writes, threshold),
        k=k,
        chosen=chosen,
        sites=sites,
        models=models,
        tokenizer=tokenizer,
        provenance=provenance,
    )


def made(
    tensors: Mapping[str, Tensor | None],
    *,
    k: int | None,
    chosen: int,
    sites: tuple[tuple[Site, ...], tuple[Site, ...]],
    models: Sequence[str],
    tokenizer: str,
    provenance: Mapping[str, Any],
) -> Dictionary:
    """A dictionary of these tensors."""
    return Dictionary(
        reads=sites[0],
        writes=sites[1],
        **tensors,  # type: ignore[arg-type]
        k=k,
        chosen=chosen,
        models=tuple(models),
        tokenizer=tokenizer,
        provenance=provenance,
    )


def own_tensors(
    training: Training, reads: Scaling, writes: Scaling, threshold: Tensor | None
) -> dict[str, Tensor | None]:
    """The tensors of that dictionary, by name; of several processes, those of the latents of this one."""
    reads, writes = reads.to(training.W_enc.device), writes.to(training.W_enc.device)
    one = float(writes.scale[0]) if bool((writes.scale == writes.scale[0]).all()) else 1.0
    W_enc = (training.W_enc / reads.scale).T * one
    router = None if training.router is None else (training.router / reads.scale).T.contiguous()
    W_skip = None if training.W_skip is None else training.W_skip / reads.scale[:, None] * writes.scale
    b_dec = training.b_dec * writes.scale + writes.centre
    return {
        "W_enc": W_enc.contiguous(),
        "b_enc": training.b_enc * one - reads.centre @ W_enc,
        "W_dec": training.W_dec * (writes.scale / one),
        "b_dec": b_dec if W_skip is None else b_dec - reads.centre @ W_skip,
        "threshold": None if threshold is None else threshold * one,
        "W_skip": W_skip,
        "router": router,
        "b_router": None if router is None or training.b_router is None else training.b_router - reads.centre @ router,
    }
