"""The dictionary of a few latents alone, where what they do depends on no other latent."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from caseback.errors import CasebackError
from caseback.interp.dictionary.dictionary import Dictionary


def dependence(dictionary: Dictionary) -> str:
    """Why it depends on other latents whether one is active, in words; empty where it does not."""
    if dictionary.k is not None and dictionary.k < dictionary.width:
        return f"only the {dictionary.k} highest of its {dictionary.width} latents are active (TopK)"
    if dictionary.router is not None and dictionary.chosen < dictionary.router.shape[1]:
        return f"its router looks into only {dictionary.chosen} of {dictionary.router.shape[1]} groups of latents"
    return ""


def narrowed(dictionary: Dictionary, latents: Sequence[int]) -> Dictionary:
    """The dictionary of these latents alone, in this order: on any input each is as active as in the whole one.

    As active up to rounding, since products are summed in another order: pre-activations differ by
    2 d_in eps (|x| |W_enc column| + |b_enc|) at most, with eps that of the dictionary's precision. One that is within
    that of its threshold may be active in one dictionary and not in the other.

    Raises:
        CasebackError: no latents, one twice, one that is not there, or whether they are active depends on the others.
    """
    if wrong := [each for each in latents if not 0 <= each < dictionary.width]:
        raise CasebackError(f"no latent {wrong[0]}; the dictionary has 0 to {dictionary.width - 1}")
    if not latents or len(set(latents)) < len(latents):
        raise CasebackError(f"latents {list(latents)!r:.60}: name one at least, and each once")
    if why := dependence(dictionary):
        raise CasebackError(
            f"{why}, so no latent can be taken out of the dictionary: fit one by `caseback look fit` with --kind "
            "batchtopk or jumprelu and without --routed, or give one of TopK a threshold in Python (with_threshold)"
        )
    at = torch.tensor(latents, device=dictionary.W_enc.device)
    thresholds = torch.zeros_like(dictionary.b_enc) if dictionary.threshold is None else dictionary.threshold
    return replace(
        dictionary,
        W_enc=dictionary.W_enc[:, at],
        b_enc=dictionary.b_enc[at],
        W_dec=dictionary.W_dec[at],
        k=None,
        threshold=thresholds[at],
        router=None,
        b_router=None,
        chosen=0,
    )
