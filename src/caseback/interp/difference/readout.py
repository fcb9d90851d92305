"""What a mean difference says in tokens: read straight through the final norm and the unembedding.

The logit lens (nostalgebraist 2020) on a difference, as in Minder et al. 2025 (arXiv 2510.13900): which tokens become
likelier where the mean difference is added to the mean activation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.subject.layers import device_of, find_decoder

DRAWS = 99
"""Random directions of equal norm that a readout is held against."""


@dataclass(frozen=True)
class ReadToken:
    """A token and by how much its logit changes; ``spreads`` is that in standard deviations over the vocabulary."""

    token: int
    text: str
    logit: float
    spreads: float


@dataclass(frozen=True)
class Readout:
    """The tokens that a direction raises and lowers most.

    ``sharpness`` is the largest change in standard deviations over the vocabulary; ``random`` the median of that over
    random directions of equal norm, and ``p`` the share of them (itself counted) that are at least as sharp. Where p is
    large, the tokens listed mean nothing.
    """

    site: str
    raised: tuple[ReadToken, ...]
    lowered: tuple[ReadToken, ...]
    sharpness: float
    random: float
    draws: int
    seed: int
    p: float


@torch.no_grad()
def readout(
    model: Any,
    tokenizer: Any,
    site: str,
    mean_before_D: Tensor,
    mean_D: Tensor,
    *,
    top: int = 10,
    draws: int = DRAWS,
    seed: int = 0,
) -> Readout:
    """Logits of norm(a + Δ) less those of norm(a), through the model's own final norm and unembedding.

    Args:
        model: whose norm and unembedding are used.
        tokenizer: its.
        site: where in the residual stream the difference was read.
        mean_before_D: mean activation a [d_model].
        mean_D: mean difference Δ [d_model].
        top: tokens listed of either kind.
        draws: random directions of equal norm for comparison.
        seed: of these.

    Raises:
        CasebackError: the model has no unembedding.
    """
    decoder = find_decoder(model)
    if decoder.head is None:
        raise CasebackError(f"{type(model).__name__} has no unembedding, so a difference cannot be read out in tokens")
    head, norm = decoder.head, decoder.norm
    dtype = next(head.parameters()).dtype
    device = device_of(head)
    start_D = mean_before_D.to(device, torch.float32)

    def logits(points_ND: Tensor) -> Tensor:
        points_ND = points_ND.to(dtype)
        return head(norm(points_ND) if norm is not None else points_ND).float()

    base_V = logits(start_D[None])[0]
    change_V = logits((start_D + mean_D.to(start_D))[None])[0] - base_V
    generator = torch.Generator().manual_seed(seed)
    drawn_ND = torch.randn(draws, len(start_D), generator=generator)
    drawn_ND = drawn_ND / drawn_ND.norm(dim=1, keepdim=True) * mean_D.float().norm().cpu()
    sharp = [
        _sharpness(logits((start_D + part_D.to(start_D))[None])[0] - base_V, len(tokenizer)) for part_D in drawn_ND
    ]
    # Rows of a padded unembedding are no tokens.
    change_V = change_V[: len(tokenizer)]
    own = _sharpness(change_V, len(tokenizer))
    order = change_V.argsort(descending=True).tolist()
    return Readout(
        site=site,
        raised=_tokens(tokenizer, change_V, order[:top]),
        lowered=_tokens(tokenizer, change_V, order[::-1][:top]),
        sharpness=own,
        random=sorted(sharp)[len(sharp) // 2] if sharp else float("nan"),
        draws=draws,
        seed=seed,
        p=(1 + sum(value >= own for value in sharp)) / (1 + len(sharp)),
    )


def _sharpness(change_V: Tensor, tokens: int) -> float:
    change_V = change_V[:tokens]
    spread = float(change_V.std())
    return float(change_V.max() - change_V.mean()) / spread if spread else 0.0


def _tokens(tokenizer: Any, change_V: Tensor, ids: Sequence[int]) -> tuple[ReadToken, ...]:
    spread, mean = float(change_V.std()) or 1.0, float(change_V.mean())
    return tuple(
        ReadToken(i, str(tokenizer.decode([i])), float(change_V[i]), (float(change_V[i]) - mean) / spread) for i in ids
    )
