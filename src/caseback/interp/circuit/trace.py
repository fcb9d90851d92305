"""Traces a prompt: its attribution graph, by backward passes from the output to the tokens.

From each target one backward pass through the frozen model gives the gradient at everything that MLPs and embedding
write; its product with what a source writes is the edge. Targets go in batches, each in a copy of the prompt of its
own. First come the logits; then, batch by batch, the latents that matter most to them by what is known so far, until
the rest matters little (the order of circuit-tracer, whose method this is: Ameisen, Lindsey et al. 2025).

Shapes: B targets of a batch, T tokens, D width of the stream, K latents active at most at a token, N nodes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.circuit.backward import Backward
from caseback.interp.circuit.graph import ERROR, LATENT, LOGIT, TOKEN, Graph
from caseback.interp.circuit.influence import flow_back
from caseback.interp.circuit.replacement import Replacement, Transcoders, replace_mlps

BATCH_TOKENS = 2_048
"""Tokens of one backward pass: copies of the prompt times its length."""
ROUND = 4
"""Batches between two looks at which latents matter most."""


def trace(
    model: Any,
    token_ids: Sequence[int],
    transcoders: Transcoders,
    *,
    targets: Sequence[int] | None = None,
    max_logits: int = 10,
    logit_share: float = 0.95,
    max_latents: int = 4_096,
    rest: float = 0.01,
    edges_per_node: int = 256,
    progress: Callable[[int, int], None] | None = None,
) -> Graph:
    """The attribution graph of the token that follows a prompt.

    Args:
        model: A decoder of transformers in float32, in eval mode.
        token_ids: The prompt, special tokens and all.
        transcoders: Per block the dictionary that stands in for its MLP.
        targets: Token ids whose logits are explained. Default the most probable ones, until ``logit_share`` of the
            probability or ``max_logits`` are reached.
        max_latents: Most latents whose inputs are computed.
        rest: The inputs of latents are computed until those left carry less than this share of all influence.
        edges_per_node: Edges kept into one node, the strongest.
        progress: Called with (latents traced, latents active).

    Raises:
        CasebackError: a transcoder does not belong to its block, the model cannot be frozen, or a target is no token.
    """
    return trace_replacement(
        model,
        replace_mlps(model, token_ids, transcoders),
        targets=targets,
        max_logits=max_logits,
        logit_share=logit_share,
        max_latents=max_latents,
        rest=rest,
        edges_per_node=edges_per_node,
        progress=progress,
    )


def trace_replacement(
    model: Any,
    replacement: Replacement,
    *,
    targets: Sequence[int] | None = None,
    max_logits: int = 10,
    logit_share: float = 0.95,
    max_latents: int = 4_096,
    rest: float = 0.01,
    edges_per_node: int = 256,
    progress: Callable[[int, int], None] | None = None,
) -> Graph:
    """``trace`` for a replacement model that is there already."""
    if min(max_logits, edges_per_node) < 1 or max_latents < 0:
        raise CasebackError("max_logits and edges_per_node are at least 1, max_latents at least 0")
    logits = _logits(replacement, targets, max_logits, logit_share)
    graph = _nodes(replacement, logits)
    batch = min(max(1, BATCH_TOKENS // len(graph.token_ids)), len(graph))
    backward = Backward(replacement, graph, logits.direction_LD, batch)
    rows = _Rows(graph, edges_per_node)
    rows.add(graph.of_kind(LOGIT), backward)
    latents = graph.of_kind(LATENT)
    while True:
        graph = rows.graph()
        waiting = latents[~graph.traced_N[latents]]
        done = len(latents) - len(waiting)
        if progress:
            progress(done, len(latents))
        carried = flow_back(graph)[waiting]
        room = min(ROUND * batch, max_latents - done)
        if room <= 0 or not len(waiting) or float(carried.sum()) <= rest * float(graph.logit_weights.sum()):
            return graph
        chosen = carried.argsort(descending=True, stable=True)[:room]
        rows.add(waiting[chosen[carried[chosen] > 0]].sort().values, backward)


@dataclass(frozen=True, eq=False)
class _Logits:
    """The logits explained: token ids, probabilities, and the direction that each reads of the final stream."""

    ids: list[int]
    probabilities: list[float]
    direction_LD: Tensor
    bias_L: Tensor
    above_mean_L: Tensor


@torch.no_grad()
def _logits(replacement: Replacement, targets: Sequence[int] | None, most: int, share: float) -> _Logits:
    frozen = replacement.frozen
    head: Any = frozen.decoder.head
    if head is None:
        raise CasebackError("the model was loaded without its head, so it has no logits to explain")
    last_D = frozen.final_TD[-1]
    logits_V = head(last_D)
    probabilities_V = logits_V.softmax(0)
    if targets is None:
        order = probabilities_V.argsort(descending=True)[:most]
        enough = int((probabilities_V[order].cumsum(0) < share).sum()) + 1
        ids = order[:enough].tolist()
    else:
        ids = list(dict.fromkeys(int(target) for target in targets))
        wrong = [target for target in ids if not 0 <= target < len(logits_V)]
        if wrong or not ids:
            raise CasebackError(f"{wrong or 'no'} targets: they are token ids from 0 to {len(logits_V) - 1}")
    weight_VD = head.weight.to(last_D)
    bias_V = last_D.new_zeros(len(weight_VD)) if head.bias is None else head.bias.to(last_D)
    direction_LD = weight_VD[ids] - weight_VD.mean(0)
    bias_L = bias_V[ids] - bias_V.mean()
    return _Logits(ids, probabilities_V[ids].tolist(), direction_LD, bias_L, direction_LD @ last_D + bias_L)


@torch.no_grad()
def _nodes(replacement: Replacement, logits: _Logits) -> Graph:
    """The graph without an edge."""
    frozen = replacement.frozen
    n_tokens, n_layers = len(frozen.embedded_TD), len(replacement.layers)
    ids = tuple(frozen.ids[0].tolist())
    places = torch.arange(n_tokens)
    kind, layer, position, index = [torch.full((n_tokens,), TOKEN)], [places * 0 - 1], [places], [torch.tensor(ids)]
    value, pre, constant = [frozen.embedded_TD.norm(dim=1)], [torch.full((n_tokens,), torch.nan)], []
    for number, part in enumerate(replacement.layers):
        kind.append(torch.full((n_tokens,), ERROR))
        layer.append(places * 0 + number)
        position.append(places)
        index.append(places * 0 - 1)
        value.append(part.error_TD.norm(dim=1))
        pre.append(torch.full((n_tokens,), torch.nan))
    constant.append(torch.full((n_tokens * (n_layers + 1),), torch.nan))
    for number, part in enumerate(replacement.layers):
        active_TK = part.codes.values_BK > 0
        where = active_TK.nonzero()[:, 0]
        latent = part.codes.indices_BK[active_TK]
        kind.append(torch.full((len(where),), LATENT))
        layer.append(torch.full((len(where),), number))
        position.append(where)
        index.append(latent)
        value.append(part.codes.values_BK[active_TK])
        if part.transcoder is None:
            continue
        encoder_XD, bias_X = part.transcoder.W_enc.T[latent], part.transcoder.b_enc[latent]
        pre.append((encoder_XD.to(frozen.mlp_in[number]) * frozen.mlp_in[number][where]).sum(1) + bias_X)
        constant.append((encoder_XD * replacement.constants.mlp_in[number][where]).sum(1) + bias_X)
    kind.append(torch.full((len(logits.ids),), LOGIT))
    layer.append(torch.full((len(logits.ids),), n_layers))
    position.append(torch.full((len(logits.ids),), n_tokens - 1))
    index.append(torch.tensor(logits.ids))
    value.append(torch.tensor(logits.probabilities))
    pre.append(logits.above_mean_L)
    constant.append(logits.direction_LD @ replacement.constants.final_TD[-1] + logits.bias_L)
    parts = (kind, layer, position, index, value, pre, constant)
    kind_N, layer_N, position_N, index_N, value_N, pre_N, constant_N = (
        torch.cat([part.cpu() for part in each]) for each in parts
    )
    n, none = len(kind_N), torch.zeros(0, dtype=torch.long)
    return Graph(
        token_ids=ids,
        n_layers=n_layers,
        kind_N=kind_N,
        layer_N=layer_N,
        position_N=position_N,
        index_N=index_N,
        value_N=value_N.double(),
        source_E=none,
        target_E=none,
        weight_E=torch.zeros(0, dtype=torch.float64),
        traced_N=torch.zeros(n, dtype=torch.bool),
        pre_N=pre_N.double(),
        total_N=torch.full((n,), torch.nan, dtype=torch.float64),
        constant_N=constant_N.double(),
        absolute_N4=torch.zeros(n, 4, dtype=torch.float64),
    )


class _Rows:
    """The graph as it grows by targets: their strongest edges and their totals."""

    def __init__(self, graph: Graph, edges_per_node: int) -> None:
        self._graph = graph
        self._most = edges_per_node
        self._edges: list[tuple[Tensor, Tensor, Tensor]] = []

    def add(self, targets: Tensor, backward: Backward) -> None:
        """Compute all that goes into these targets."""
        graph = self._graph
        for targets_B in torch.split(targets, backward.copies):
            effects_BN = backward.effects(targets_B)
            graph.traced_N[targets_B] = True
            graph.total_N[targets_B] = effects_BN.sum(1)
            strength_BN = effects_BN.abs()
            for kind in (TOKEN, ERROR, LATENT):
                graph.absolute_N4[targets_B, kind] = strength_BN[:, graph.kind_N == kind].sum(1)
            strongest_BK, sources_BK = strength_BN.topk(min(self._most, len(graph)), dim=1)
            kept_BK = strongest_BK > 0
            targets_BK = targets_B[:, None].expand_as(sources_BK)
            weights_BK = effects_BN.gather(1, sources_BK)
            self._edges.append((sources_BK[kept_BK], targets_BK[kept_BK], weights_BK[kept_BK]))

    def graph(self) -> Graph:
        """The graph so far."""
        source_E, target_E, weight_E = map(torch.cat, zip(*self._edges, strict=True))
        self._edges = [(source_E, target_E, weight_E)]
        return replace(self._graph, source_E=source_E, target_E=target_E, weight_E=weight_E)
