"""One threshold in place of a rule over several latents or tokens, so that a code depends on nothing but its token."""

from dataclasses import replace

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary, encode
from caseback.interp.dictionary.training import Training

SPARE = 4
"""Looked at are the highest so many times k latents of each token."""
ROWS = 512
"""Tokens at a time."""


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
    cut = _cut(encode(wide, acts_BD).values_BK, dictionary.k)
    return replace(dictionary, k=None, threshold=torch.full_like(dictionary.b_enc, cut))


def level(training: Training, x_BD: Tensor, k: int) -> float:
    """The threshold at which k latents of a dictionary in training are active on average over these activations."""
    few = min(training.width, SPARE * k)
    values = [
        torch.addmm(training.b_enc, x, training.W_enc.T).topk(few, dim=1, sorted=False).values.relu()
        for x in torch.split(x_BD, ROWS)
    ]
    return _cut(torch.cat(values), k)


def _cut(values_BK: Tensor, k: int) -> float:
    """Just below the last of the k times B highest values that counts, for codes are what exceeds the threshold."""
    values, wanted = values_BK.flatten(), k * len(values_BK)
    if wanted > len(values):
        return 0.0
    return max(0.0, float(values.kthvalue(len(values) - wanted + 1).values) * (1 - 1e-6))
