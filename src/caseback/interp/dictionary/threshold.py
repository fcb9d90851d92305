"""From TopK to a threshold, so that a token's code depends on nothing but the token."""

from dataclasses import replace

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary, encode


def with_threshold(dictionary: Dictionary, acts_BD: Tensor) -> Dictionary:
    """The dictionary with one threshold in place of k: the one at which k latents are active on average over these
    activations, as for BatchTopK (Bussmann et al. 2024, arXiv 2412.06410).

    Args:
        acts_BD: Activations to set it on, thousands of tokens.

    Raises:
        CasebackError: it has a threshold already, or there are no activations.
    """
    if dictionary.k is None:
        raise CasebackError("the dictionary has a threshold already")
    if not len(acts_BD):
        raise CasebackError("no activations were given to set the threshold on")
    wide = replace(dictionary, k=min(dictionary.width, 4 * dictionary.k))
    values = encode(wide, acts_BD).values_BK.flatten()
    wanted = dictionary.k * len(acts_BD)
    cut = float(values.kthvalue(len(values) - wanted + 1).values) if wanted <= len(values) else 0.0
    # Codes exceed the threshold, so it lies just below the last that counts.
    level = torch.full_like(dictionary.b_enc, max(0.0, cut * (1 - 1e-6)))
    return replace(dictionary, k=None, threshold=level)
