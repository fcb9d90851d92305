"""Which latents are active in training: the three rules, on sparse entries."""

import math
from collections.abc import Callable, Sequence
from types import ModuleType

import torch
from torch import Tensor
from torch.nn import functional as F

from caseback.interp.dictionary.entries import Entries
from caseback.interp.dictionary.highest import level_of_all, of_batch, of_rows
from caseback.interp.dictionary.routing import SAFE, Router, candidates, floor, router_gradients, shown
from caseback.interp.dictionary.settings import Settings
from caseback.interp.dictionary.training import Training

TILE = 1 << 23
"""Pre-activations computed at a time, so that they are read again while still in the cache."""
SPARE = 4
"""BatchTopK looks at so many times k latents of each token."""
LOOKED_AT = 64
"""Tokens that suggest a level to it."""


def select(training: Training, x_BD: Tensor, settings: Settings, kernels: ModuleType) -> Entries:
    """Active latents of a batch by the rule of the settings. For JumpReLU, those just below their threshold come with
    them, because they give it its gradient.

    Args:
        x_BD: Activations in the encoder's precision.
    """
    if settings.kind == "topk":
        few = min(settings.k, training.width)
        return of_rows(_encoded(training, x_BD, lambda pre_BF: kernels.topk(pre_BF, few)), settings.k, training.peers)
    if settings.groups:
        return _routed(training, x_BD, settings, kernels)
    if settings.kind == "batchtopk":
        return _batch_topk([training], [x_BD], settings.k, kernels)
    if training.step == 0:
        _begin_thresholds(training, x_BD, settings, kernels)
    assert training.log_threshold is not None
    least_F = training.log_threshold.exp() - settings.bandwidth / 2
    return _encoded(training, x_BD, lambda pre_BF: kernels.above(pre_BF, least_F))


def at_inference(
    training: Training, x_BD: Tensor, threshold_F: Tensor | None, settings: Settings, kernels: ModuleType
) -> Entries:
    """Active latents as the finished dictionary has them: above the threshold of each, or the k highest."""
    if threshold_F is None:
        return select(training, x_BD, settings, kernels)
    least_F = threshold_F.clamp(min=0)
    if training.router is None or training.b_router is None:
        return _encoded(training, x_BD, lambda pre_BF: kernels.above(pre_BF, least_F))
    router = Router(training.router, training.b_router, settings.chosen, training.peers)
    return candidates(x_BD, training.W_enc, training.b_enc, router, least_F, kernels)


def select_across(
    parts: Sequence[Training], x: Sequence[Tensor], settings: Settings, kernels: ModuleType
) -> list[Entries]:
    """Active latents of several dictionaries of equal width at the same tokens, each with what it reads [B, d]: of
    TopK k in each, of BatchTopK k in each on average over the batch and over the dictionaries.
    """
    if settings.kind == "topk":
        return [select(part, x_BD, settings, kernels) for part, x_BD in zip(parts, x, strict=True)]
    found, tokens = _batch_topk(parts, x, settings.k, kernels), len(x[0])
    return [rows_of(found, tokens * number, tokens * (number + 1)) for number in range(len(parts))]


def _batch_topk(parts: Sequence[Training], x: Sequence[Tensor], k: int, kernels: ModuleType) -> Entries:
    """The k times rows highest pre-activations of the whole batch; of several dictionaries, one after the other, the
    batch is all their rows.

    The first tokens suggest a level. If enough of the batch exceeds it, all that count are among those. If not, they
    are looked for among the highest few of each token; and should all of a token's few count, among more.
    """

    def encoded(choose: Callable[[Tensor], Entries], rows: int | None = None) -> Entries:
        return joined([_encoded(part, x_BD[:rows], choose) for part, x_BD in zip(parts, x, strict=True)])

    width, peers, looked_at = parts[0].width, parts[0].peers, LOOKED_AT * len(parts)
    wanted, few = k * sum(map(len, x)), min(width, SPARE * k)
    some = encoded(lambda pre_BF: kernels.topk(pre_BF, few), LOOKED_AT).values
    if peers.total(len(some)) > k * looked_at:
        level_F = torch.full_like(parts[0].b_enc, SAFE * level_of_all(some, k * looked_at, peers))
        found = encoded(lambda pre_BF: kernels.above(pre_BF, level_F))
        if peers.total(len(found.values)) >= wanted:
            return of_batch(found, wanted, peers)
    while True:
        found = encoded(lambda pre_BF, few=few: kernels.topk(pre_BF, few))  # type: ignore[misc]
        if wanted >= peers.total(len(found.values)):
            return found
        chosen = of_batch(found, wanted, peers)
        if few == width or not peers.total(int(chosen.offsets.diff().max()) >= few):
            return chosen
        few = min(width, few * 2)


def _routed(training: Training, x_BD: Tensor, settings: Settings, kernels: ModuleType) -> Entries:
    """The k times B highest pre-activations in the groups that the router chooses."""
    assert training.router is not None
    assert training.b_router is not None
    router = Router(training.router, training.b_router, settings.chosen, training.peers)
    weight = training.W_enc if training.half is None else training.half
    some = x_BD[: shown(len(x_BD), settings.share)]
    pre_BF = F.linear(some, weight, training.b_enc.to(weight.dtype))
    training.pending = dict(
        zip(("router", "b_router"), router_gradients(some, pre_BF, router, settings.k, kernels), strict=True)
    )
    least_F = torch.full_like(training.b_enc, floor(some, pre_BF, router, settings.k, kernels))
    found = candidates(x_BD, weight, training.b_enc, router, least_F, kernels)
    wanted = settings.k * len(x_BD)
    few = wanted >= training.peers.total(len(found.values))
    return found if few else of_batch(found, wanted, training.peers)


def _begin_thresholds(training: Training, x_BD: Tensor, settings: Settings, kernels: ModuleType) -> None:
    """Thresholds at which k latents are active on average at the start, so that JumpReLU is sparse from there on."""
    assert training.log_threshold is not None
    first = _batch_topk([training], [x_BD[: TILE // settings.width + 1]], settings.k, kernels).values
    lowest = first.min() if len(first) else torch.full_like(training.b_enc[0], torch.inf)
    found = float(training.peers.least(lowest.clone()))
    training.log_threshold.fill_(math.log(max(found if math.isfinite(found) else 0.0, settings.bandwidth)))


def _encoded(training: Training, x_BD: Tensor, choose: Callable[[Tensor], Entries]) -> Entries:
    weight = training.W_enc if training.half is None else training.half
    bias = training.b_enc.to(weight.dtype)
    rows = max(1, TILE // training.width)
    return joined([choose(F.linear(x, weight, bias)) for x in torch.split(x_BD, rows)])


def joined(parts: Sequence[Entries]) -> Entries:
    """Entries of consecutive rows, as one."""
    if len(parts) == 1:
        return parts[0]
    counts = torch.cat([part.offsets.diff() for part in parts])
    latents, values = (torch.cat([getattr(part, name) for part in parts]) for name in ("latents", "values"))
    return Entries(F.pad(counts.cumsum(0), (1, 0)), latents, values, parts[0].width)


def rows_of(entries: Entries, first: int, last: int) -> Entries:
    """The entries of rows ``first`` up to ``last``."""
    offsets = entries.offsets[first : last + 1]
    part = slice(int(offsets[0]), int(offsets[-1]))
    return Entries(offsets - offsets[0], entries.latents[part], entries.values[part], entries.width)
