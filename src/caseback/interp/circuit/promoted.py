"""What a latent's direction says to the output by itself: the tokens whose logits its decoder raises most.

A first reading, no meaning that was tested (nostalgebraist 2020, *the logit lens*; Geva et al. 2022, arXiv 2203.14680,
for MLP neurons). Latents of early blocks act through later ones, so it says least there.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch

from caseback.interp.circuit.graph import LATENT, Graph
from caseback.interp.circuit.replacement import Transcoders
from caseback.interp.dictionary.together import parts_of
from caseback.subject.layers import find_decoder


@torch.no_grad()
def promoted(
    model: Any,
    transcoders: Transcoders,
    latents: Iterable[tuple[int, int]],
    spell: Callable[[int], str],
    count: int = 4,
) -> dict[tuple[int, int], str]:
    """Per latent (block, number) the tokens it raises most, such as ``raises Austin · Dallas``; weighed by the last
    norm's weight, its denominator left out. Of a latent that writes several layers, by the sum of what it writes.
    """
    decoder = find_decoder(model)
    head: Any = decoder.head
    weight = getattr(decoder.norm, "weight", None)
    found = {}
    for layer, latent in latents:
        parts = parts_of(transcoders[layer], transcoders[layer].W_dec[latent].to(head.weight))
        row_D = torch.stack(list(parts.values())).sum(0)
        logits_V = head.weight @ (row_D if weight is None else row_D * weight)
        best = logits_V.topk(min(count, len(logits_V))).indices.tolist()
        found[layer, latent] = "raises " + " · ".join(spell(token).strip() or repr(spell(token)) for token in best)
    return found


def latents_of(graph: Graph) -> list[tuple[int, int]]:
    """The different latents of a graph, by (block, number)."""
    at = graph.of_kind(LATENT)
    return sorted(set(zip(graph.layer_N[at].tolist(), graph.index_N[at].tolist(), strict=True)))
