"""A graph as the JSON that circuit-tracer's and Neuronpedia's viewers read.

Field by field after ``circuit_tracer/frontend/graph_models.py`` of circuit-tracer and ``graph-schema.json`` of
Neuronpedia's web application. What is ours beyond that stands under keys of its own in ``metadata``, which both let
pass.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from caseback.interp.circuit.graph import ERROR, LATENT, LOGIT, TOKEN, Graph
from caseback.interp.circuit.influence import Pruned, scores

FEATURE_TYPES = {
    TOKEN: "embedding",
    ERROR: "mlp reconstruction error",
    LATENT: "cross layer transcoder",
    LOGIT: "logit",
}
"""Names of the viewers. They call any transcoder's latent so, one that writes its own layer alone too."""
Labels = Mapping[tuple[int, int], str]
"""What latents stand for, by (block, latent)."""


def graph_json(
    graph: Graph,
    pruned: Pruned,
    tokens: Sequence[str],
    *,
    slug: str,
    scan: str,
    prompt: str,
    spell: Mapping[int, str],
    labels: Labels | None = None,
    node_share: float = 0.8,
    edge_share: float = 0.98,
    about: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The pruned graph as plain data.

    Args:
        tokens: The prompt's tokens as text.
        slug: A short name of the graph, without spaces.
        scan: What model and transcoders it is of; Neuronpedia takes it for a model's id.
        spell: Token ids of the logits as text.
        labels: What latents stand for.
        node_share, edge_share: What the graph was pruned to.
        about: Plain data kept under ``metadata.caseback``.
    """
    labels = labels or {}
    kept = pruned.keep_N.nonzero().squeeze(1).tolist()
    names = {number: node_id(graph, number) for number in kept}
    nodes = [_node(graph, pruned, number, names[number], labels, spell) for number in kept]
    edges = pruned.keep_E.nonzero().squeeze(1)
    links = [
        {"source": names[source], "target": names[target], "weight": weight}
        for source, target, weight in zip(
            graph.source_E[edges].tolist(),
            graph.target_E[edges].tolist(),
            graph.weight_E[edges].tolist(),
            strict=True,
        )
    ]
    found = scores(graph)
    return {
        "metadata": {
            "slug": slug,
            "scan": scan,
            "transcoder_list": [],
            "prompt_tokens": list(tokens),
            "prompt": prompt,
            "node_threshold": node_share,
            "schema_version": 1,
            "info": {"generator": {"name": "caseback"}},
            "pruning_settings": {"node_threshold": node_share, "edge_threshold": edge_share},
            "caseback": {
                "scores": {
                    "replacement": found.replacement,
                    "replacement_low": found.replacement_low,
                    "replacement_high": found.replacement_high,
                    "completeness": found.completeness,
                    "unresolved": found.unresolved,
                },
                "layers": graph.n_layers,
                "latents_active": len(graph.of_kind(LATENT)),
                "latents_traced": int(graph.traced_N[graph.of_kind(LATENT)].sum()),
                "nodes": len(graph),
                "edges": len(graph.weight_E),
                **(about or {}),
            },
        },
        "qParams": {"pinnedIds": [], "supernodes": [], "linkType": "both", "clickedId": "", "sg_pos": ""},
        "nodes": nodes,
        "links": links,
    }


def node_id(graph: Graph, number: int) -> str:
    """The viewers' name of a node: layer, latent or token, position."""
    node = graph.node(number)
    layer = {"token": "E", "logit": str(graph.n_layers + 1)}.get(node.kind, str(node.layer))
    return f"{layer}_{node.index}_{node.position}"


def _node(
    graph: Graph, pruned: Pruned, number: int, name: str, labels: Labels, spell: Mapping[int, str]
) -> dict[str, Any]:
    node = graph.node(number)
    kind = int(graph.kind_N[number])
    layer = name.partition("_")[0]
    entry: dict[str, Any] = {
        "node_id": name,
        "feature": {
            "token": node.position,
            "logit": node.index,
            "error": -1,
            "latent": paired(node.layer, node.index),
        }[node.kind],
        "layer": layer,
        "ctx_idx": node.position,
        "feature_type": FEATURE_TYPES[kind],
        "token_prob": 0.0,
        "is_target_logit": False,
        "run_idx": 0,
        "reverse_ctx_idx": 0,
        "jsNodeId": {
            "token": f"E_{node.index}-{node.position}",
            "logit": f"L_{node.index}-{node.position}",
            "error": f"{layer}_-1-{node.position}",
            "latent": f"{layer}_{node.index}-0",
        }[node.kind],
        "clerp": "",
        "influence": float(pruned.cumulative_N[number]),
        "activation": None,
    }
    if node.kind == "logit":
        first = int(graph.of_kind(LOGIT)[0])
        said = f'Output "{spell.get(node.index, node.index)}" (p={node.value:.3f})'
        entry |= {"token_prob": node.value, "is_target_logit": number == first, "clerp": said, "influence": None}
    if node.kind == "latent":
        entry |= {"activation": node.value, "clerp": labels.get((node.layer, node.index), "")}
    return entry


def paired(layer: int, latent: int) -> int:
    """Cantor's pairing, by which the viewers put layer and latent into one number."""
    return (layer + latent) * (layer + latent + 1) // 2 + latent
