"""The two workers of circuit_vs_peer.py: caseback and circuit-tracer trace the same prompts, each in its own process.

A worker reads jobs, a JSON object a line, and answers each with one. ``trace`` gives the CPU and wall seconds of some
graphs; ``show`` writes a graph as plain tensors, in the terms of ``caseback.interp.circuit.graph``; ``accept`` has
circuit-tracer read a graph that caseback exported. Imports are inside, for neither tool is in the other's environment.

circuit-tracer gets our model and our transcoders with every weight as it is (``convert_model``,
``convert_transcoders``). Three things are set so that both work on the same graph: the first token's latents and errors
count (as it comes it leaves them out, taking the first token for a beginning-of-sequence token without content); of the
k highest latents those below zero are off; and weights lie in memory rather than being read from the disk when needed.
"""

import argparse
import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Ids = list[int]
TOKEN, ERROR, LATENT, LOGIT = range(4)


@dataclass(frozen=True)
class Tool:
    """What a worker does with a prompt.

    Attributes:
        trace: A graph, given token ids, most latents traced and tokens of one backward pass, copies of the prompt
            counted.
        plain: That graph with all its edges as tensors: ``node_N4`` (kind, layer, position, index), ``value_N``,
            ``traced_N``, ``weight_NN`` (target, source), ``logits_TV``, ``scores_2`` (replacement, completeness).
    """

    trace: Callable[[Ids, int, int], Any]
    plain: Callable[[Ids, int, int], dict[str, Any]]


def caseback(model: Path, transcoders: Path) -> Tool:
    import torch

    from caseback.interp.circuit.influence import scores
    from caseback.interp.circuit.trace import BATCH_TOKENS, trace
    from caseback.interp.circuit.transcoders import load_transcoders
    from caseback.subject.load import load

    subject = load(str(model), dtype="float32")
    found = load_transcoders(transcoders, subject)

    def run(ids: Ids, most: int, batch_tokens: int, **more: Any) -> Any:
        assert batch_tokens == BATCH_TOKENS, "ours takes no other batch"
        return trace(subject.model, ids, found, max_latents=most, rest=0.0, **more)

    def plain(ids: Ids, most: int, batch_tokens: int) -> dict[str, Any]:
        graph = run(ids, most, batch_tokens, edges_per_node=sys.maxsize)
        weight_NN = torch.zeros(len(graph), len(graph))
        weight_NN[graph.target_E, graph.source_E] = graph.weight_E.float()
        with torch.no_grad():
            logits_TV = subject.model(input_ids=torch.tensor([ids])).logits[0]
        of = scores(graph)
        return {
            "node_N4": torch.stack([graph.kind_N, graph.layer_N, graph.position_N, graph.index_N], 1),
            "value_N": graph.value_N,
            "traced_N": graph.traced_N,
            "weight_NN": weight_NN,
            "logits_TV": logits_TV,
            "scores_2": torch.tensor([of.replacement, of.completeness]),
        }

    return Tool(run, plain)


def circuit_tracer(model: Path, transcoders: Path) -> Tool:
    import torch
    from circuit_tracer import attribute
    from circuit_tracer.graph import compute_graph_scores

    replacement = convert_model(model, convert_transcoders(transcoders))

    def run(ids: Ids, most: int, batch_tokens: int) -> Any:
        batch = batch_tokens // len(ids)
        graph = attribute(torch.tensor(ids), replacement, max_feature_nodes=most, batch_size=batch)
        if graph.input_tokens.tolist() != ids:
            raise SystemExit("circuit-tracer put another token before the prompt")
        return graph

    def plain(ids: Ids, most: int, batch_tokens: int) -> dict[str, Any]:
        graph = run(ids, most, batch_tokens)
        layers, latents = graph.cfg.n_layers, graph.active_features[graph.selected_features]
        node_N4 = [[LATENT, *place] for place in latents.tolist()]
        node_N4 += [[ERROR, layer, at, -1] for layer in range(layers) for at in range(len(ids))]
        node_N4 += [[TOKEN, -1, at, token] for at, token in enumerate(ids)]
        node_N4 += [[LOGIT, layers, len(ids) - 1, target.vocab_idx] for target in graph.logit_targets]
        value_N = torch.full((len(node_N4),), torch.nan)
        value_N[: len(latents)] = graph.activation_values[graph.selected_features]
        value_N[-len(graph.logit_targets) :] = graph.logit_probabilities
        kind_N = torch.tensor(node_N4)[:, 0]
        with torch.no_grad():
            logits_TV = replacement(torch.tensor([ids]))[0]
        return {
            "node_N4": torch.tensor(node_N4),
            "value_N": value_N,
            "traced_N": (kind_N == LATENT) | (kind_N == LOGIT),
            "weight_NN": graph.adjacency_matrix.contiguous(),
            "logits_TV": logits_TV.contiguous(),
            "scores_2": torch.tensor(compute_graph_scores(graph)),
        }

    return Tool(run, plain)


def convert_transcoders(folder: Path) -> Any:
    """Our transcoders as circuit-tracer's, per layer or cross-layer; without skips, TopK.

    Its own loaders make ReLU and JumpReLU only, so the activation function is put in by hand.
    """
    import torch
    from circuit_tracer.transcoder.activation_functions import TopK
    from circuit_tracer.transcoder.cross_layer_transcoder import CrossLayerTranscoder
    from circuit_tracer.transcoder.single_layer_transcoder import SingleLayerTranscoder, TranscoderSet
    from safetensors.torch import load_file

    abouts = sorted(folder.glob("layer.*/dictionary.json"), key=lambda path: int(path.parent.suffix[1:]))
    about = [json.loads(path.read_text()) for path in abouts]
    parts = [load_file(path.with_suffix(".safetensors")) for path in abouts]
    if any(each["k"] is None or "W_skip" in part for each, part in zip(about, parts, strict=True)):
        raise SystemExit("only TopK transcoders without skips are converted")
    layers, (d, width), k = len(parts), parts[0]["W_enc"].shape, about[0]["k"]
    active = torch.nn.Sequential(TopK(k), torch.nn.ReLU())
    where = {"feature_input_hook": "mlp.hook_in", "feature_output_hook": "mlp.hook_out", "scan": "caseback"}
    plain = {"device": torch.device("cpu"), "dtype": torch.float32}
    if len(about[0]["writes"]) == 1:
        singles = {}
        for number, part in enumerate(parts):
            singles[number] = SingleLayerTranscoder(d, width, active, number, **plain)
            weights = {**part, "W_enc": part["W_enc"].T.contiguous()}
            singles[number].load_state_dict(weights)
        return TranscoderSet(singles, **where)
    crossing = CrossLayerTranscoder(layers, width, d, lazy_decoder=False, **where, **plain)
    crossing.activation_function = active
    with torch.no_grad():
        for number, part in enumerate(parts):
            crossing.W_enc[number] = part["W_enc"].T
            crossing.b_enc[number] = part["b_enc"]
            crossing.W_dec[number].copy_(part["W_dec"].view(width, layers - number, d))
            crossing.b_dec[number:] += part["b_dec"].view(layers - number, d)
    return crossing


def convert_model(folder: Path, transcoders: Any) -> Any:
    """A small Llama with biases at its attention, for which TransformerLens has no name, as circuit-tracer's model."""
    import torch
    from circuit_tracer.replacement_model.replacement_model_transformerlens import TransformerLensReplacementModel
    from safetensors.torch import load_file
    from transformer_lens import HookedTransformerConfig
    from transformers import PreTrainedTokenizerFast

    about = json.loads((folder / "config.json").read_text())
    heads, size, d = about["num_attention_heads"], about["head_dim"], about["hidden_size"]
    if about["model_type"] != "llama" or about["num_key_value_heads"] != heads or not about["tie_word_embeddings"]:
        raise SystemExit("only a Llama with as many key heads as query heads and tied embeddings is converted")
    config = HookedTransformerConfig(
        n_layers=about["num_hidden_layers"],
        d_model=d,
        d_head=size,
        n_heads=heads,
        d_mlp=about["intermediate_size"],
        n_ctx=about["max_position_embeddings"],
        d_vocab=about["vocab_size"],
        act_fn="silu",
        gated_mlp=True,
        normalization_type="RMS",
        final_rms=True,
        eps=about["rms_norm_eps"],
        positional_embedding_type="rotary",
        rotary_dim=size,
        rotary_base=about["rope_parameters"]["rope_theta"],
        rotary_adjacent_pairs=False,
        default_prepend_bos=False,
        device="cpu",
        dtype=torch.float32,
    )
    given = {name: tensor.float() for name, tensor in load_file(folder / "model.safetensors").items()}
    embedding = given["model.embed_tokens.weight"]
    weights = {"embed.W_E": embedding, "unembed.W_U": embedding.T, "ln_final.w": given["model.norm.weight"]}
    for layer in range(config.n_layers):
        ours, theirs = f"model.layers.{layer}.", f"blocks.{layer}."
        weights[theirs + "ln1.w"] = given[ours + "input_layernorm.weight"]
        weights[theirs + "ln2.w"] = given[ours + "post_attention_layernorm.weight"]
        for letter in "QKV":
            name = f"{ours}self_attn.{letter.lower()}_proj."
            weights[f"{theirs}attn.W_{letter}"] = given[name + "weight"].view(heads, size, d).transpose(1, 2)
            weights[f"{theirs}attn.b_{letter}"] = given[name + "bias"].view(heads, size)
        weights[theirs + "attn.W_O"] = given[ours + "self_attn.o_proj.weight"].T.reshape(heads, size, d)
        weights[theirs + "attn.b_O"] = given[ours + "self_attn.o_proj.bias"]
        for mine, other in {"gate_proj": "W_gate", "up_proj": "W_in", "down_proj": "W_out"}.items():
            weights[f"{theirs}mlp.{other}"] = given[f"{ours}mlp.{mine}.weight"].T
    model = TransformerLensReplacementModel(config)
    parameters = {name for name, _ in model.named_parameters()}
    for name in parameters - set(weights):  # biases that this model has not: of the MLPs and of the unembedding
        assert name.endswith(("mlp.b_in", "mlp.b_out", "unembed.b_U")), name
        weights[name] = torch.zeros_like(model.get_parameter(name))
    assert parameters == set(weights), set(weights) - parameters
    model.load_state_dict(weights, strict=False)  # the rest are masks and angles, which the configuration gives
    special = [each["content"] for each in json.loads((folder / "tokenizer.json").read_text())["added_tokens"]]
    model.tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"), additional_special_tokens=special, pad_token=special[0]
    )
    model._configure_replacement_model(transcoders)
    model.zero_positions = slice(0, 0)
    return model.eval()


def accept(file: Path) -> dict[str, int]:
    """circuit-tracer's own classes read a graph file of ours, its local server hands it out, and saves into it."""
    from circuit_tracer.frontend.graph_models import Model
    from circuit_tracer.frontend.local_server import serve
    from circuit_tracer.frontend.utils import add_graph_metadata

    graph = Model.model_validate_json(file.read_text())
    names = {node.node_id for node in graph.nodes}
    loose = [link for link in graph.links if not {link["source"], link["target"]} <= names]
    if loose or len(names) != len(graph.nodes):
        raise SystemExit(f"{len(loose)} links of {file.name} lead nowhere, or two nodes have one name")
    add_graph_metadata(graph.metadata.model_dump(), str(file.parent))
    server = serve(str(file.parent), port=0)
    at = f"http://127.0.0.1:{server.httpd.server_address[1]}"
    pinned = {**graph.qParams.model_dump(), "pinnedIds": [graph.nodes[0].node_id]}
    save = json.dumps({"qParams": pinned}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{at}/save_graph/{file.stem}", save, method="POST")).close()
    with urllib.request.urlopen(f"{at}/data/{file.name}") as answer:
        again = Model.model_validate_json(answer.read())
    with urllib.request.urlopen(f"{at}/data/graph-metadata.json") as answer:
        listed = [each["slug"] for each in json.load(answer)["graphs"]]
    server.stop()
    if again.qParams.model_dump() != pinned or again.nodes != graph.nodes or again.links != graph.links:
        raise SystemExit("what circuit-tracer's server gave back is not the graph that was put in")
    if file.stem not in listed:
        raise SystemExit("circuit-tracer's server does not list the graph")
    return {"nodes": len(graph.nodes), "links": len(graph.links)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool", choices=["caseback", "circuit_tracer"])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--transcoders", type=Path, required=True)
    parser.add_argument("--answers", type=int, required=True, help="file descriptor for the answers")
    given = parser.parse_args()
    import torch
    from safetensors.torch import save_file

    tool = {"caseback": caseback, "circuit_tracer": circuit_tracer}[given.tool](given.model, given.transcoders)
    answers = os.fdopen(given.answers, "w", buffering=1)
    answers.write("{}\n")
    for line in sys.stdin:
        job = json.loads(line)
        answer: dict[str, Any] = {}
        torch.set_num_threads(job.get("threads", 1))
        if job["do"] == "trace":
            cpu, wall = time.process_time(), time.perf_counter()
            for ids in job["prompts"]:
                tool.trace(ids, job["latents"], job["batch_tokens"])
            answer = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
        elif job["do"] == "show":
            ids = job["prompts"][0]
            save_file(tool.plain(ids, job["latents"], job["batch_tokens"]), job["to"])
        elif job["do"] == "accept":
            answer = accept(Path(job["file"]))
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
