"""An attribution graph: what each active latent and each output logit of one prompt is made of.

Nodes, in this order: the tokens of the prompt; the transcoders' errors, one per block and token; the active latents;
the output logits. An edge is the *direct* linear effect of its source on its target, all paths through attention heads
and skips summed, none through another latent. Edges are kept sparsely, the strongest per target; what a target
receives in all is kept beside them, so that nothing is lost silently.

Shapes: N nodes, E edges.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Kind = Literal["token", "error", "latent", "logit"]
KINDS: tuple[Kind, ...] = ("token", "error", "latent", "logit")
TOKEN, ERROR, LATENT, LOGIT = range(4)


@dataclass(frozen=True)
class Node:
    """One node, as plain data.

    Attributes:
        kind: ``token``, ``error``, ``latent`` or ``logit``.
        layer: Block; -1 for tokens, the number of blocks for logits.
        position: Token of the prompt that it stands at.
        index: Token id of a token or logit, number of a latent, -1 of an error.
        value: Activation of a latent; probability of a logit; norm of what a token or an error writes.
    """

    kind: Kind
    layer: int
    position: int
    index: int
    value: float


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes, edges and totals of one prompt.

    Attributes:
        token_ids: The prompt.
        n_layers: Blocks of the model.
        kind_N: 0 token, 1 error, 2 latent, 3 logit.
        layer_N, position_N, index_N, value_N: As in ``Node``.
        source_E, target_E: Nodes that an edge leads from and to.
        weight_E: Direct effect: so much of the target's pre-activation (of a logit: above the mean logit) comes from
            the source.
        traced_N: Whether a node's inputs were computed. Tokens and errors have none; latents of little influence are
            left out.
        pre_N: Pre-activation of a latent, logit above the mean logit; NaN for tokens and errors.
        total_N: Sum of *all* edges into a node, those not kept among them; NaN where not traced.
        constant_N: What biases give it; NaN for tokens and errors. ``total_N + constant_N`` is ``pre_N``.
        absolute_N4: Sum of the absolute weights of all edges into a node, per kind of source.
    """

    token_ids: tuple[int, ...]
    n_layers: int
    kind_N: Tensor
    layer_N: Tensor
    position_N: Tensor
    index_N: Tensor
    value_N: Tensor
    source_E: Tensor
    target_E: Tensor
    weight_E: Tensor
    traced_N: Tensor
    pre_N: Tensor
    total_N: Tensor
    constant_N: Tensor
    absolute_N4: Tensor

    def __len__(self) -> int:
        return len(self.kind_N)

    def node(self, number: int) -> Node:
        """One node as plain data."""
        kind = KINDS[int(self.kind_N[number])]
        place = int(self.layer_N[number]), int(self.position_N[number]), int(self.index_N[number])
        return Node(kind, *place, float(self.value_N[number]))

    def of_kind(self, kind: int) -> Tensor:
        """Numbers of the nodes of a kind."""
        return (self.kind_N == kind).nonzero().squeeze(1)

    def into(self, number: int) -> list[tuple[int, float]]:
        """Edges kept into a node, (source, weight), strongest first."""
        return self._edges(self.target_E == number, self.source_E)

    def out_of(self, number: int) -> list[tuple[int, float]]:
        """Edges kept out of a node, (target, weight), strongest first."""
        return self._edges(self.source_E == number, self.target_E)

    def _edges(self, chosen_E: Tensor, ends_E: Tensor) -> list[tuple[int, float]]:
        pairs = zip(ends_E[chosen_E].tolist(), self.weight_E[chosen_E].tolist(), strict=True)
        return sorted(pairs, key=lambda pair: -abs(pair[1]))

    @property
    def logit_weights(self) -> Tensor:
        """Probability of each output logit, 0 elsewhere: how much each counts as a place to look back from."""
        return self.value_N.where(self.kind_N == LOGIT, 0.0).double()

    @property
    def dropped(self) -> Tensor:
        """Share of the absolute weight into each traced node that its kept edges do not account for."""
        whole = self.absolute_N4.sum(1)
        kept = torch.zeros_like(whole).index_add_(0, self.target_E, self.weight_E.abs().to(whole))
        return ((whole - kept) / whole.clamp(min=torch.finfo(whole.dtype).tiny)).clamp(min=0.0)
