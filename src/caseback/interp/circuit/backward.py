"""Direct effects by backward passes through the frozen model, a batch of targets at a time.

The frozen model is run once over as many copies of the prompt as there are targets in a batch. What enters it is a
leaf: the embeddings, and what each MLP writes. No gradient passes through an MLP, so the gradient of a target at a leaf
holds the paths through attention heads and skips alone. The effect of a latent is the sum over the MLPs that it writes.

Shapes: B targets, T tokens, D width of the stream, N nodes.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from caseback.interp.circuit.frozen import run_frozen
from caseback.interp.circuit.graph import LATENT, LOGIT, Graph
from caseback.interp.circuit.replacement import Replacement
from caseback.interp.dictionary.dictionary import Dictionary


class Backward:
    """The frozen model over ``copies`` copies of the prompt, ready for backward passes."""

    def __init__(self, replacement: Replacement, graph: Graph, logit_directions_LD: Tensor, copies: int) -> None:
        self.copies = copies
        self._replacement = replacement
        self._graph = graph
        self._logit_directions_LD = logit_directions_LD
        frozen = replacement.frozen

        def leaf(x_TD: Tensor) -> Tensor:
            return x_TD.expand(copies, -1, -1).clone().requires_grad_()

        self._embedded = leaf(frozen.embedded_TD)
        self._written = [leaf(layer.written_TD + layer.error_TD) for layer in replacement.layers]
        with torch.enable_grad():
            self._flow = run_frozen(frozen, self._embedded, self._written, replacement.skips)

    def effects(self, targets_B: Tensor) -> Tensor:
        """Direct effects of all nodes on these targets, latents or logits [B, N], in float64; at most ``copies``."""
        outputs, gradients = self._inject(targets_B)
        leaves = [self._embedded, *self._written]
        found = torch.autograd.grad(outputs, leaves, gradients, retain_graph=True, allow_unused=True)
        count, graph = len(targets_B), self._graph
        at_embedded, *at_written = [None if g is None else g[:count] for g in found]
        effects_BN = torch.zeros(count, len(graph), dtype=torch.float64)
        n_tokens = len(graph.token_ids)
        with torch.no_grad():
            if at_embedded is not None:
                effects_BN[:, :n_tokens] = _along(at_embedded, self._replacement.frozen.embedded_TD)
            latent = n_tokens * (graph.n_layers + 1)
            for number, (layer, at_BTD) in enumerate(zip(self._replacement.layers, at_written, strict=True)):
                active_TK = layer.codes.values_BK > 0
                width = int(active_TK.sum())
                if at_BTD is not None:
                    first = n_tokens * (number + 1)
                    effects_BN[:, first : first + n_tokens] = _along(at_BTD, layer.error_TD)
                if layer.transcoder is not None and width:
                    at_BTE = self._where_written(layer.transcoder, at_written)
                    if at_BTE is not None:
                        parts = [
                            at_BTE[:, t] @ layer.transcoder.W_dec[indices_K[active_K]].T * values_K[active_K]
                            for t, (indices_K, values_K, active_K) in enumerate(
                                zip(layer.codes.indices_BK, layer.codes.values_BK, active_TK, strict=True)
                            )
                        ]
                        effects_BN[:, latent : latent + width] = torch.cat(parts, 1).cpu().double()
                latent += width
        return effects_BN

    def _where_written(self, transcoder: Dictionary, at_written: Sequence[Tensor | None]) -> Tensor | None:
        """The gradient at all that a transcoder writes, side by side [B, T, d_out]; None where there is none."""
        parts = [at_written[site.layer] for site in transcoder.writes]
        there = next((part for part in parts if part is not None), None)
        if there is None:
            return None
        return torch.cat([torch.zeros_like(there) if part is None else part for part in parts], -1)

    def _inject(self, targets_B: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """What to differentiate, and along which direction in each copy."""
        graph, layers = self._graph, self._replacement.layers
        first_logit = int((graph.kind_N == LOGIT).nonzero()[0])
        at: dict[int, Tensor] = {}
        for row, target in enumerate(targets_B.tolist()):
            layer, position = int(graph.layer_N[target]), int(graph.position_N[target])
            where = self._flow.final_BTD if layer == graph.n_layers else self._flow.mlp_in[layer]
            gradient = at.setdefault(layer, torch.zeros_like(where))
            if graph.kind_N[target] == LATENT:
                transcoder = layers[layer].transcoder
                assert transcoder is not None
                gradient[row, position] = transcoder.W_enc[:, int(graph.index_N[target])]
            else:
                gradient[row, position] = self._logit_directions_LD[target - first_logit]
        flows = {**dict(enumerate(self._flow.mlp_in)), graph.n_layers: self._flow.final_BTD}
        return [flows[layer] for layer in at], list(at.values())


def _along(at_BTD: Tensor, written_TD: Tensor) -> Tensor:
    """Gradient times what is written there [B, T]."""
    return torch.einsum("btd,td->bt", at_BTD, written_TD).cpu().double()
