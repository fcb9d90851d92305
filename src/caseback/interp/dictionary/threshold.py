"""One threshold in place of a rule over several latents or tokens, so that a code depends on nothing but its token."""

from dataclasses import replace

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary, encode
from caseback.interp.dictionary.highest import kth
from caseback.interp.dictionary.kernels.choose import kernels_for
from caseback.interp.dictionary.peers import ALONE, Peers
from caseback.interp.dictionary.routing import Router, candidates, floor
from caseback.interp.dictionary.training import Training

SPARE = 4
"""Looked at are the highest so many times k latents of each token."""
ROWS = 512
"""Tokens at a time."""
LOOKED_AT = 64
"""Tokens on which all latents of a routed dictionary are computed."""


def with_threshold(dictionary: Dictionary, acts_BD: Tensor) -> Dictionary:
    """A TopK dictionary with one threshold in place of k: that at which k latents are active on average over these
    activations, as at the end of BatchTopK (Bussmann et al. 2024, arXiv 2412.06410).

    Args:
        acts_BD: Activations to set it on, thousands of tokens.

    Raises:
        CasebackError: it has a threshold already, or there are no activations.
    """
    if dictionary.k is None:
        raise CasebackError("the dictionary has a threshold already")
    if not len(acts_BD):
        raise CasebackError("no activations were given to set the threshold on")
    wide = replace(dictionary, k=min(dictionary.width, SPARE * dictionary.k))
    cut = _cut(encode(wide, acts_BD).values_BK.flatten(), dictionary.k * len(acts_BD))
    return replace(dictionary, k=None, threshold=torch.full_like(dictionary.b_enc, cut))


def level(training: Training, x_BD: Tensor, k: int, chosen: int = 0) -> float:
    """The threshold at which k latents of a dictionary in training are active on average over these activations."""
    few = min(training.width, SPARE * k)
    if training.router is not None and training.b_router is not None:
        router = Router(training.router, training.b_router, chosen, training.peers)
        some = x_BD[:LOOKED_AT]
        kernels = kernels_for(x_BD.device)
        least = floor(some, torch.addmm(training.b_enc, some, training.W_enc.T), router, k, kernels)
        at_least_F = torch.full_like(training.b_enc, least)
        found = candidates(x_BD, training.W_enc, training.b_enc, router, at_least_F, kernels)
        return _cut(found.values, k * len(x_BD), training.peers)
    values = [
        torch.addmm(training.b_enc, x, training.W_enc.T).topk(few, dim=1, sorted=False).values.relu()
        for x in torch.split(x_BD, ROWS)
    ]
    of_all = torch.cat(values)
    if training.peers.count > 1:  # each process has its own highest few
        of_all = of_all.where(of_all >= kth(of_all, SPARE * k, training.peers)[:, None], 0)
    return _cut(of_all.flatten(), k * len(x_BD), training.peers)


def _cut(values: Tensor, wanted: int, peers: Peers = ALONE) -> float:
    """Just below the last of so many highest values, for codes are what exceeds the threshold."""
    if peers.count > 1:
        return float(kth(values[None], wanted, peers)) * (1 - 1e-6)
    if wanted > len(values):
        return 0.0
    return max(0.0, float(values.kthvalue(len(values) - wanted + 1).values) * (1 - 1e-6))
