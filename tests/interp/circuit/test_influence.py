"""Scores and pruning against the definitions of circuit-tracer, written out on dense matrices."""

import json

import pytest
import torch
from torch import Tensor

from caseback.errors import CasebackError
from caseback.interp.circuit.graph import ERROR, LATENT, LOGIT, TOKEN, Graph
from caseback.interp.circuit.graph_json import graph_json, node_id, paired
from caseback.interp.circuit.influence import flow_back, prune, scores, total_effects
from caseback.interp.circuit.promoted import latents_of, promoted
from caseback.interp.circuit.trace import trace
from circuits_for_tests import planted, random_transcoders
from models_for_tests import tiny

IDS = [1, 40, 77, 12, 300, 8]


@pytest.fixture(scope="module")
def graph() -> Graph:
    model, _ = tiny("qwen3", torch.float64)
    return trace(model, IDS, random_transcoders(model, k=6), rest=0.0, edges_per_node=10**6)


def dense(graph: Graph) -> Tensor:
    matrix = torch.zeros(len(graph), len(graph), dtype=torch.float64)
    matrix[graph.target_E, graph.source_E] = graph.weight_E
    return matrix


def normalised(matrix: Tensor) -> Tensor:
    return matrix.abs() / matrix.abs().sum(1, keepdim=True).clamp(min=1e-10)


def dense_influence(matrix: Tensor, start: Tensor) -> Tensor:
    """start A + start A^2 + ..., through the inverse of I - A."""
    n = len(matrix)
    return start @ (torch.linalg.inv(torch.eye(n, dtype=torch.float64) - matrix) - torch.eye(n, dtype=torch.float64))


def test_influence_is_the_sum_over_all_paths(graph: Graph):
    expected = dense_influence(normalised(dense(graph)), graph.logit_weights)
    torch.testing.assert_close(flow_back(graph), expected)


def test_scores_are_those_of_circuit_tracer(graph: Graph):
    a = normalised(dense(graph))
    influence = dense_influence(a, graph.logit_weights)
    tokens, errors = influence[graph.kind_N == TOKEN].sum(), influence[graph.kind_N == ERROR].sum()
    output = influence + graph.logit_weights
    complete = ((1 - a[:, graph.kind_N == ERROR].sum(1)) * output).sum() / output.sum()
    found = scores(graph)
    assert found.replacement == pytest.approx(float(tokens / (tokens + errors)), rel=1e-6)
    assert found.completeness == pytest.approx(float(complete), rel=1e-6)
    assert found.unresolved == pytest.approx(0, abs=1e-6)
    assert 0 < found.replacement < 1


def test_exact_transcoders_score_one():
    model, transcoders = planted(n_layers=3)
    found = scores(trace(model, IDS, transcoders, rest=0.0, edges_per_node=10**6))
    assert found.replacement == pytest.approx(1)
    assert found.completeness == pytest.approx(1)


def test_what_was_not_followed_bounds_the_score(graph: Graph):
    model, _ = tiny("qwen3", torch.float64)
    whole = scores(graph).replacement
    for few in (3, 20):
        part = scores(trace(model, IDS, random_transcoders(model, k=6), max_latents=few, rest=0.0, edges_per_node=few))
        assert part.unresolved > 0.01
        assert part.replacement_low <= whole <= part.replacement_high


@pytest.mark.parametrize(("nodes", "edges"), [(0.8, 0.98), (0.5, 0.7), (1.0, 1.0), (0.0, 0.5)])
def test_pruning_is_circuit_tracers(graph: Graph, nodes: float, edges: float):
    def threshold(values: Tensor, share: float) -> Tensor:
        ordered = values.sort(descending=True).values
        place = int(torch.searchsorted(ordered.cumsum(0) / ordered.sum(), share))
        return ordered[min(place, len(ordered) - 1)]

    a, start = dense(graph), graph.logit_weights
    influence = dense_influence(normalised(a), start)
    ends = (graph.kind_N == TOKEN) | (graph.kind_N == LOGIT)
    keep = (influence >= threshold(influence, nodes)) | ends
    a[~keep] = 0
    a[:, ~keep] = 0
    within = normalised(a)
    edge_scores = within * (dense_influence(within, start) + start)[:, None]
    keep_edges = edge_scores >= threshold(edge_scores.flatten(), edges)
    keep_edges &= a != 0
    for _ in range(graph.n_layers + 2):
        keep_edges[~keep] = False
        keep_edges[:, ~keep] = False
        inner = keep & ~ends
        keep[inner] &= keep_edges.any(0)[inner]
        latents = keep & (graph.kind_N == LATENT)
        keep[latents] &= keep_edges.any(1)[latents]
    found = prune(graph, nodes, edges)
    assert found.keep_N.equal(keep)
    got = torch.zeros_like(keep_edges)
    got[graph.target_E[found.keep_E], graph.source_E[found.keep_E]] = True
    assert got.equal(keep_edges)
    ranks = influence.argsort(descending=True)
    torch.testing.assert_close(found.cumulative_N[ranks], influence[ranks].cumsum(0) / influence.sum())


def test_total_effects_of_tokens_errors_and_biases_make_up_the_logits():
    """With exact transcoders and no latent at its edge: the slope of the real model along what a latent writes."""
    model, transcoders = planted(n_layers=3)
    ids = trace(model, IDS, transcoders).index_N[-1:].tolist()
    graph = trace(model, IDS, transcoders, targets=[*ids, 9], rest=0.0, edges_per_node=10**6)
    found = total_effects(graph, {ids[0]: 1.0, 9: -1.0})
    matrix = dense(graph)
    latents = graph.kind_N == LATENT
    # Dense: x = A x + sources, effects of unit sources by the inverse.
    per_unit = matrix / graph.value_N.where(latents, 1.0)
    inverse = torch.linalg.inv(torch.eye(len(graph), dtype=torch.float64) - per_unit)
    expected = (inverse[-2] - inverse[-1]) * graph.value_N.where(latents, 1.0)
    torch.testing.assert_close(found[latents], expected[latents])
    with pytest.raises(CasebackError, match="token 77"):
        total_effects(graph, {77: 1.0})


def test_shares_out_of_range_are_refused(graph: Graph):
    with pytest.raises(CasebackError, match="from 0 to 1"):
        prune(graph, 1.5)


def made(graph: Graph, **more) -> dict:
    spell = {int(i): f"t{i}" for i in graph.index_N[graph.of_kind(LOGIT)]}
    tokens = [f"t{i}" for i in graph.token_ids]
    return graph_json(graph, prune(graph), tokens, slug="a", scan="m", prompt="".join(tokens), spell=spell, **more)


REQUIRED = {"node_id", "feature", "layer", "ctx_idx", "feature_type", "jsNodeId", "clerp"}


def test_the_json_is_what_the_viewers_read(graph: Graph):
    data = json.loads(json.dumps(made(graph, labels={(1, 3): "three"}), allow_nan=False))
    assert {"metadata", "qParams", "nodes", "links"} == set(data)
    assert {"slug", "scan", "prompt_tokens", "prompt", "node_threshold", "schema_version"} <= set(data["metadata"])
    ids = [node["node_id"] for node in data["nodes"]]
    assert len(set(ids)) == len(ids)
    assert all(set(node) >= REQUIRED for node in data["nodes"])
    assert {link["source"] for link in data["links"]} | {link["target"] for link in data["links"]} <= set(ids)
    kinds = {node["feature_type"] for node in data["nodes"]}
    assert kinds <= {"embedding", "mlp reconstruction error", "cross layer transcoder", "logit"}
    assert sum(node["is_target_logit"] for node in data["nodes"]) == 1
    for node in data["nodes"]:
        layer, index, position = node["node_id"].split("_")
        assert (layer, int(position)) == (node["layer"], node["ctx_idx"])
        if node["feature_type"] == "cross layer transcoder":
            assert node["feature"] == paired(int(layer), int(index))
            assert node["clerp"] == ("three" if (layer, index) == ("1", "3") else "")
        if node["feature_type"] == "logit":
            assert layer == str(graph.n_layers + 1)


def test_weights_in_the_json_are_the_graphs(graph: Graph):
    names = {node_id(graph, n): n for n in range(len(graph))}
    for link in made(graph)["links"]:
        assert dict(graph.into(names[link["target"]]))[names[link["source"]]] == link["weight"]


def test_pairing_keeps_layers_and_latents_apart():
    assert len({paired(layer, latent) for layer in range(40) for latent in range(40)}) == 1600
    assert (paired(0, 0), paired(1, 0), paired(0, 1), paired(2, 3)) == (0, 1, 2, 18)


def test_promoted_tokens_are_those_a_latent_was_given():
    model, transcoders = planted(n_layers=2)
    model.model.norm.weight.data.fill_(1.0)
    transcoders[1].W_dec[5] = model.lm_head.weight[42].detach() * 3
    found = promoted(model, transcoders, [(1, 5)], str, count=2)
    logits = (model.lm_head.weight @ model.lm_head.weight[42]).topk(2).indices.tolist()
    assert found == {(1, 5): f"raises {logits[0]} · {logits[1]}"}
    graph = trace(model, IDS, transcoders)
    assert all(0 <= layer < 2 and 0 <= latent < 24 for layer, latent in latents_of(graph))
