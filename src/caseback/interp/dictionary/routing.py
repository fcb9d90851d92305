"""Looking for active latents in some groups only, so that the encoder's cost does not grow in step with the width.

Latents lie in groups of equal size. A router, one linear layer, says for each token which groups are likely to hold its
highest pre-activations; those groups are computed exactly, the others count as silent. It is the two-level search of
product-key memories and inverted files (Lample et al. 2019, arXiv 1907.05242; Jegou et al. 2011) with a learned first
level, and softer than one expert a token (Mudide et al. 2024, arXiv 2410.08201): many groups are taken.

The router learns from the encoder itself. On a few tokens of every batch all latents are computed, which shows the
groups that hold the k highest; logistic regression on those. The same tokens show how high an activation must be to
count, so that candidates are few.
"""

import math
from dataclasses import dataclass
from types import ModuleType

import torch
from torch import Tensor
from torch.nn import functional as F

from caseback.interp.dictionary.entries import Entries
from caseback.interp.dictionary.highest import highest, level_of_all, of_rows
from caseback.interp.dictionary.peers import ALONE, Peers

SHOWN = 1 / 16
"""Share of a batch on which all latents are computed, times the share of the groups that are taken."""
LEAST_SHOWN = 16
SAFE = 0.8
"""Candidates are what reaches this share of the level that the shown tokens suggest."""


@dataclass(frozen=True, eq=False)
class Router:
    """Scores groups of latents: ``weight`` [groups, d_in], ``bias`` [groups]. The ``chosen`` best are looked into. Of
    several processes each has the router of its own groups, and the best are those of all.
    """

    weight: Tensor
    bias: Tensor
    chosen: int
    peers: Peers = ALONE


def best_groups(x_BD: Tensor, router: Router, kernels: ModuleType) -> Entries:
    """The groups of this process that are among the ``chosen`` with the highest scores, for each token."""
    scores_BG = F.linear(x_BD.float(), router.weight, router.bias)
    # The selection takes positive numbers only; an equal shift of a row changes no order.
    shifted_BG = scores_BG - router.peers.least(scores_BG.amin(1))[:, None] + 1e-3
    if router.peers.count == 1:
        return kernels.topk(shifted_BG, router.chosen)
    return _marked(shifted_BG, highest(shifted_BG, router.chosen, router.peers))


def _marked(values_BN: Tensor, mark_BN: Tensor) -> Entries:
    offsets = F.pad(mark_BN.sum(1).cumsum(0), (1, 0))
    return Entries(offsets, mark_BN.nonzero()[:, 1].int(), values_BN[mark_BN], values_BN.shape[1])


def candidates(
    x_BD: Tensor, weight_FD: Tensor, bias_F: Tensor, router: Router, floor_F: Tensor, kernels: ModuleType
) -> Entries:
    """All pre-activations above ``floor_F`` in the groups that the router chooses for each token, row by row.

    Args:
        weight_FD: Encoder, a row per latent, in the precision of ``x_BD``.
    """
    groups, width, rows = len(router.weight), len(weight_FD), len(x_BD)
    size = width // groups
    order = kernels.by_latent(best_groups(x_BD, router, kernels))
    starts = order.starts.tolist()
    counts, latents, values = [], [], []
    bias_F = bias_F.to(weight_FD.dtype)
    for group in range(groups):
        if starts[group] == starts[group + 1]:
            continue
        inside = slice(group * size, (group + 1) * size)
        x = x_BD.index_select(0, order.row_of[starts[group] : starts[group + 1]])
        pre = F.linear(x, weight_FD[inside], bias_F[inside])
        found = kernels.above(pre, floor_F[inside])
        counts.append(found.offsets.diff())
        latents.append(found.latents + group * size)
        values.append(found.values)
    if not counts:  # all the groups chosen are other processes'
        return Entries(order.starts.new_zeros(rows + 1), order.row_of[:0], x_BD.new_zeros(0).float(), width)
    row_N = torch.repeat_interleave(order.row_of.long(), torch.cat(counts))
    # Sorting by row is sorting entries by latent, with rows in the place of latents.
    ends = torch.tensor([0, len(row_N)], device=row_N.device)
    places = kernels.by_latent(Entries(ends, row_N.int(), row_N, rows))
    at = places.entry_of.long()
    return Entries(places.starts, torch.cat(latents)[at], torch.cat(values)[at], width)


def shown(rows: int, share: float) -> int:
    """How many tokens of a batch all latents are computed on."""
    return min(rows, max(LEAST_SHOWN, math.ceil(rows * SHOWN * share)))


def floor(x_BD: Tensor, pre_BF: Tensor, router: Router, k: int, kernels: ModuleType) -> float:
    """Below which no activation in the chosen groups is likely to be among the k times B highest of a batch of tokens
    like these, of which all pre-activations are given.
    """
    best = best_groups(x_BD, router, kernels)
    inside_BG = torch.zeros(len(x_BD), len(router.weight), dtype=torch.bool, device=x_BD.device)
    inside_BG[best.row_of(), best.latents.long()] = True
    inside_BF = inside_BG.repeat_interleave(pre_BF.shape[1] // len(router.weight), dim=1)
    found = kernels.topk(pre_BF.where(inside_BF, 0), min(pre_BF.shape[1], 4 * k))
    found = of_rows(found, 4 * k, router.peers)
    return SAFE * level_of_all(found.values, k * len(pre_BF), router.peers)


def router_gradients(
    x_BD: Tensor, pre_BF: Tensor, router: Router, k: int, kernels: ModuleType
) -> tuple[Tensor, Tensor]:
    """Gradients of the mean logistic loss of the router's scores against which groups hold the k highest.

    Args:
        pre_BF: All pre-activations of these tokens, of the latents of this process.
    """
    groups = len(router.weight)
    best = of_rows(kernels.topk(pre_BF, min(k, pre_BF.shape[1])), k, router.peers)
    held_BG = torch.zeros(len(x_BD), groups, device=x_BD.device)
    held_BG[best.row_of(), best.latents.long() // (pre_BF.shape[1] // groups)] = 1.0
    x = x_BD.float()
    wrong_BG = (F.linear(x, router.weight, router.bias).sigmoid() - held_BG) / (held_BG.numel() * router.peers.count)
    return wrong_BG.T @ x, wrong_BG.sum(0)


def groups_for(width: int, reference: int = 16_384, size: int = 1024) -> tuple[int, float]:
    """Groups, and the share of them to take, such that the encoder's cost grows as the square root of the width: none
    and all up to ``reference`` latents, then groups of about ``size`` and sqrt(reference / width) of them.
    """
    if width <= reference:
        return 0, 1.0
    groups = width // size
    while width % groups:
        groups -= 1
    return groups, math.sqrt(reference / width)
