"""Choosing the next token of every row from its logits, so that no row's choice depends on the others."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Drawn:
    """Next tokens, one per row.

    Attributes:
        tokens: chosen ids, ``[rows]``.
        logprobs: natural logarithm of the model's own probability (temperature 1, no top-p) of each, ``[rows]``.
        close: True where rounding could have changed the choice, ``[rows]``.
    """

    tokens: Tensor
    logprobs: Tensor
    close: Tensor


def draw(logits: Tensor, temperature: float, top_p: float, uniforms: Tensor) -> Drawn:
    """Greedy at temperature 0; otherwise the token at which the cumulative probability passes ``uniforms``.

    Drawing by one uniform number per token, from a generator of the row's own, makes the text a function of the seed
    and the row's probabilities. Top-p keeps the smallest set of most probable tokens that reaches ``top_p`` (Holtzman
    et al., 2020, arXiv:1904.09751).

    Args:
        logits: ``[rows, vocabulary]``.
        uniforms: ``[rows]``, in [0, 1).
    """
    logits = logits.float()
    normaliser = logits.logsumexp(-1)
    best, tokens = logits.max(-1)
    # Rounding moves fp32 logits by some millionths of their size, depending on the shape of the batch.
    noise = 1e-4 + 1e-5 * best.abs()
    if temperature == 0:
        close = (logits > (best - noise)[:, None]).sum(-1) > 1
    else:
        tokens, close = _sample(torch.softmax(logits / temperature, -1), top_p, uniforms, noise / temperature)
    logprobs = logits.gather(-1, tokens[:, None])[:, 0] - normaliser
    return Drawn(tokens, logprobs, close)


def _sample(probabilities: Tensor, top_p: float, uniforms: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Inverse of the cumulative distribution at ``uniforms``, and whether an edge of it lies within ``noise``."""
    close = torch.zeros_like(uniforms, dtype=torch.bool)
    if top_p < 1:
        ordered, order = probabilities.sort(dim=-1, descending=True, stable=True)
        before = ordered.cumsum(-1) - ordered
        inside = before < top_p
        # Whether a token of some weight is in or out of the set may hang on rounding too.
        close = (((before - top_p).abs() < noise[:, None]) & (ordered > noise[:, None])).any(-1)
        probabilities = probabilities * torch.zeros_like(inside).scatter(-1, order, inside)
    edges = probabilities.cumsum(-1)
    target = uniforms * edges[:, -1]
    tokens = torch.searchsorted(edges, target[:, None], right=True)[:, 0]
    # The last token with any probability: rounding may put the target at the very end.
    last = probabilities.shape[-1] - 1 - (probabilities > 0).flip(-1).int().argmax(-1)
    tokens = torch.minimum(tokens, last)
    above = edges.gather(-1, tokens[:, None])[:, 0]
    below = above - probabilities.gather(-1, tokens[:, None])[:, 0]
    slack = noise.clamp(max=0.01)
    return tokens, close | (above - target < slack) | ((target - below < slack) & (below > 0))
