"""How much each node of a graph bears on the output, how much of the model the graph explains, and what to leave out.

Definitions are those of circuit-tracer (``graph.py`` of decoderesearch/circuit-tracer, after Ameisen, Lindsey et al.
2025): the absolute weights into a node are divided by their sum; influence is what flows back along them from the
logits, weighed by probability, over all paths; the **replacement score** is the share of what arrives at tokens and
errors that arrives at tokens; the **completeness score** is the share of a node's input that does not come from errors,
averaged over nodes weighed by influence. Here edges are sparse and the graph has an order, so one sweep from the top
block to the bottom replaces powers of a dense matrix.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.circuit.graph import ERROR, LATENT, LOGIT, TOKEN, Graph


@dataclass(frozen=True)
class Scores:
    """How much of what the model does at a prompt the transcoders' latents account for.

    Attributes:
        replacement: Of the influence that was followed down to its end, the share that came from tokens through
            latents and attention rather than from errors.
        completeness: The share of inputs, weighed by influence, that are no errors.
        unresolved: The share of influence that was not followed: edges not kept, latents not traced. The replacement
            score would lie between ``replacement_low`` and ``replacement_high`` had it been.
        replacement_low: If all of it came from errors.
        replacement_high: If none of it did.
    """

    replacement: float
    completeness: float
    unresolved: float
    replacement_low: float
    replacement_high: float


@dataclass(frozen=True, eq=False)
class Pruned:
    """The part of a graph that matters.

    Attributes:
        keep_N: Nodes kept. Tokens and logits always are.
        keep_E: Edges kept.
        cumulative_N: For each node the share of all influence that it and the nodes of more influence have.
        influence_N: Influence of each node.
    """

    keep_N: Tensor
    keep_E: Tensor
    cumulative_N: Tensor
    influence_N: Tensor


def flow_back(graph: Graph, keep_E: Tensor | None = None, whole_N: Tensor | None = None) -> Tensor:
    """Influence of each node on the logits [N]: of a unit of probability, so much passes through it.

    Args:
        keep_E: Only along these edges.
        whole_N: What the absolute weights into a node are divided by; default the sum over all edges into it, those
            not kept among them.
    """
    whole_N = graph.absolute_N4.sum(1) if whole_N is None else whole_N
    share_E = graph.weight_E.abs() / whole_N[graph.target_E].clamp(min=1e-10)
    if keep_E is not None:
        share_E = share_E.where(keep_E, 0.0)
    flow_N = graph.logit_weights
    level_E = graph.layer_N[graph.target_E]
    for level in range(graph.n_layers, -1, -1):
        at = (level_E == level).nonzero().squeeze(1)
        flow_N.index_add_(0, graph.source_E[at], flow_N[graph.target_E[at]] * share_E[at])
    return flow_N - graph.logit_weights


def total_effects(graph: Graph, seeds: Mapping[int, float]) -> Tensor:
    """What each node contributes to a sum of logits [N], through all paths, with its sign.

    Latents on the way answer a change of their pre-activation one to one, as an active ReLU does; what they would do
    if they fell silent or others awoke is not in it. Tokens, errors and constants together make up the sum.

    Args:
        seeds: Weight of each logit, by token id: ``{yes: 1.0, no: -1.0}`` for a difference.

    Raises:
        CasebackError: a token's logit is not in the graph.
    """
    slope_N = torch.zeros(len(graph), dtype=torch.float64)
    at = {int(graph.index_N[number]): int(number) for number in graph.of_kind(LOGIT)}
    for token, weight in seeds.items():
        if token not in at:
            raise CasebackError(f"the graph does not explain token {token}: name it among the targets of the trace")
        slope_N[at[token]] = weight
    # A latent's edge is its activation times the slope of its target in that activation.
    per_unit_E = graph.weight_E / graph.value_N[graph.source_E].where(graph.kind_N[graph.source_E] == LATENT, 1.0)
    level_E = graph.layer_N[graph.target_E]
    for level in range(graph.n_layers, -1, -1):
        into = (level_E == level).nonzero().squeeze(1)
        slope_N.index_add_(0, graph.source_E[into], slope_N[graph.target_E[into]] * per_unit_E[into])
    return (slope_N * graph.value_N).where(graph.kind_N == LATENT, slope_N).where(graph.kind_N != LOGIT, 0.0)


def scores(graph: Graph) -> Scores:
    """Replacement and completeness score."""
    influence_N, start = flow_back(graph), float(graph.logit_weights.sum())
    from_tokens = float(influence_N[graph.of_kind(TOKEN)].sum())
    from_errors = float(influence_N[graph.of_kind(ERROR)].sum())
    resolved = from_tokens + from_errors
    unresolved = max(0.0, start - resolved)
    output_N = influence_N + graph.logit_weights
    whole_N = graph.absolute_N4.sum(1)
    explained_N = 1 - graph.absolute_N4[:, ERROR] / whole_N.clamp(min=1e-10)
    return Scores(
        replacement=from_tokens / resolved if resolved else float("nan"),
        completeness=float((explained_N * output_N).sum() / output_N.sum()),
        unresolved=unresolved / start,
        replacement_low=from_tokens / start,
        replacement_high=(from_tokens + unresolved) / start,
    )


def prune(graph: Graph, node_share: float = 0.8, edge_share: float = 0.98) -> Pruned:
    """Keep the nodes that carry ``node_share`` of all influence, and of the edges between them ``edge_share``.

    A latent is kept only with an edge in and an edge out, an error only with an edge out. The rule and its defaults
    are circuit-tracer's.

    Raises:
        CasebackError: a share is not between 0 and 1.
    """
    if not (0 <= node_share <= 1 and 0 <= edge_share <= 1):
        raise CasebackError(f"shares {node_share} and {edge_share} of influence to keep: each is from 0 to 1")
    influence_N = flow_back(graph)
    ends_N = (graph.kind_N == TOKEN) | (graph.kind_N == LOGIT)
    keep_N = (influence_N >= _threshold(influence_N, node_share)) | ends_N
    keep_E = keep_N[graph.source_E] & keep_N[graph.target_E]
    whole_N = torch.zeros(len(graph), dtype=torch.float64)
    whole_N.index_add_(0, graph.target_E[keep_E], graph.weight_E[keep_E].abs())
    within_N = flow_back(graph, keep_E, whole_N) + graph.logit_weights
    score_E = graph.weight_E.abs() / whole_N[graph.target_E].clamp(min=1e-10) * within_N[graph.target_E]
    score_E = score_E.where(keep_E, 0.0)
    keep_E = keep_E & (score_E >= _threshold(score_E[keep_E], edge_share))
    while True:
        before = int(keep_N.sum())
        leaves, enters = torch.zeros(len(graph), dtype=torch.bool), torch.zeros(len(graph), dtype=torch.bool)
        leaves[graph.source_E[keep_E]] = True
        enters[graph.target_E[keep_E]] = True
        keep_N = keep_N & (ends_N | (leaves & (enters | (graph.kind_N != LATENT))))
        keep_E = keep_E & keep_N[graph.source_E] & keep_N[graph.target_E]
        if int(keep_N.sum()) == before:
            break
    order = influence_N.argsort(descending=True, stable=True)
    cumulative_N = torch.zeros_like(influence_N)
    cumulative_N[order] = influence_N[order].cumsum(0) / influence_N.sum().clamp(min=1e-30)
    return Pruned(keep_N, keep_E, cumulative_N, influence_N)


def _threshold(values: Tensor, share: float) -> float:
    """The value from which on the highest ones make up this share of the sum."""
    if not len(values):
        return 0.0
    ordered = values.sort(descending=True).values
    cumulative = ordered.cumsum(0) / ordered.sum().clamp(min=1e-30)
    place = int(torch.searchsorted(cumulative, torch.tensor(share, dtype=cumulative.dtype)))
    return float(ordered[min(place, len(ordered) - 1)])
