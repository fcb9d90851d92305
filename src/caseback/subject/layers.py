"""Finds the parts of any decoder language model of transformers: embedding, blocks, attention, MLP, final norm, head.

Models name their parts differently, so the search goes by structure first (the list of blocks that stands beside the
token embedding) and by the names that transformers uses second. What is not found is None, or an error that says what
was looked for; nothing is guessed.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from caseback.errors import CasebackError

ATTENTION = ("self_attn", "attn", "attention", "self_attention")
ATTENTION_PROJECTIONS = ("o_proj", "out_proj", "c_proj", "dense", "wo")
MLPS = ("mlp", "block_sparse_moe", "feed_forward", "ffn")
MLP_PROJECTIONS = ("down_proj", "c_proj", "dense_4h_to_h", "fc2", "fc_out", "w2")
FINAL_NORMS = ("norm", "ln_f", "final_layer_norm", "final_layernorm", "norm_f")
# A norm between a sublayer and the residual stream. Llama's "post_attention_layernorm" stands elsewhere, before the
# MLP: it follows the attention only in blocks that also have a norm after the MLP.
NORMS_AFTER = (
    ("post_attention_layernorm", "post_feedforward_layernorm"),
    ("post_self_attn_layernorm", "post_mlp_layernorm"),
)


@dataclass(frozen=True, eq=False)
class Block:
    """One decoder block. The residual stream enters and leaves ``layer``.

    Attributes:
        layer: The whole block.
        attention: Its attention module; None in blocks without one (state-space layers of hybrid models).
        attention_projection: The output projection. Its input is the heads' outputs z, side by side.
        attention_out: The module whose output the attention adds to the stream: the projection, or the norm after it.
        mlp: The MLP or mixture of experts; None where its layers stand directly in the block.
        mlp_projection: The down projection. Its input is the neurons. None for a mixture of experts.
        mlp_out: The module whose output the MLP adds to the stream.
    """

    layer: nn.Module
    attention: nn.Module | None
    attention_projection: nn.Module | None
    attention_out: nn.Module | None
    mlp: nn.Module | None
    mlp_projection: nn.Module | None
    mlp_out: nn.Module | None


@dataclass(frozen=True, eq=False)
class Decoder:
    """The parts of a decoder language model.

    Attributes:
        stack: The module that turns token ids into the last hidden state: embedding, blocks, final norm. No head.
        embedding: Token embedding [vocabulary, d_model].
        blocks: The decoder blocks, first to last.
        norm: The final norm; None in the few models without one.
        head: The unembedding; None in a model loaded without its head.
        d_model: Width of the residual stream.
        n_heads: Number of query heads, that is, of heads in the attention's output; 0 where blocks differ.
        additive: Whether a block's output is its input plus what attention and MLP put out, unscaled.
    """

    stack: nn.Module
    embedding: nn.Module
    blocks: tuple[Block, ...]
    norm: nn.Module | None
    head: nn.Module | None
    d_model: int
    n_heads: int
    additive: bool


def find_decoder(model: nn.Module) -> Decoder:
    """The parts of ``model``, a causal language model of transformers, with or without head or adapters.

    Raises:
        CasebackError: it is compiled (hooks would be skipped silently), is not causal, or has no blocks that we find.
    """
    name = type(model).__name__
    if any(getattr(module, "_compiled_call_impl", None) is not None for module in model.modules()) or hasattr(
        model, "_orig_mod"
    ):
        raise CasebackError(f"{name} is compiled, which skips hooks: pass the model as it was before torch.compile")
    if any(config.is_prompt_learning for config in getattr(model, "peft_config", {}).values()):
        raise CasebackError(f"{name} has a prompt-learning adapter, whose virtual tokens have no place in the input")
    config = _text_config(model)
    if getattr(config, "use_bidirectional_attention", False) or getattr(config, "is_causal", True) is False:
        raise CasebackError(f"{name} attends to later tokens: only causal decoders can be captured or intervened on")
    stack, layers = _stack(model, int(config.num_hidden_layers))
    heads = getattr(config, "num_attention_heads", 0)
    return Decoder(
        stack=stack,
        embedding=model.get_input_embeddings(),  # type: ignore[operator]
        blocks=tuple(_block(layer) for layer in layers),
        norm=_child(stack, FINAL_NORMS),
        head=_head(model),
        d_model=int(config.hidden_size),
        n_heads=heads if isinstance(heads, int) else 0,
        # Granite scales what is added to the stream; one OPT normalises the stream itself.
        additive=getattr(config, "residual_multiplier", 1.0) == 1.0 and getattr(config, "do_layer_norm_before", True),
    )


def in_width(module: nn.Module) -> int:
    """Width of the input of a linear layer, be it nn.Linear, GPT-2's Conv1D, quantised, or wrapped by an adapter."""
    for attribute in ("in_features", "infeatures", "nx"):
        if isinstance(width := getattr(module, attribute, None), int):
            return width
    raise CasebackError(f"cannot tell the input width of {type(module).__name__}: it has no in_features")


def device_of(module: nn.Module) -> torch.device:
    """Where a module's weights are. Those offloaded by accelerate are "meta" until used; it moves their inputs."""
    weight = next(module.parameters(), None)
    return torch.device("cpu") if weight is None or weight.is_meta else weight.device


def _text_config(model: nn.Module) -> Any:
    config = getattr(model, "config", None)
    if config is None or not hasattr(model, "get_input_embeddings"):
        raise CasebackError(f"{type(model).__name__} is not a model of transformers")
    config = config.get_text_config(decoder=True)
    if getattr(config, "is_encoder_decoder", False) or not hasattr(config, "num_hidden_layers"):
        raise CasebackError(f"{type(model).__name__} is not a decoder-only language model")
    return config


def _stack(model: nn.Module, n_layers: int) -> tuple[nn.Module, nn.ModuleList]:
    """The module that holds both the token embedding and a list of ``n_layers`` blocks, and that list."""
    embedding = model.get_input_embeddings()  # type: ignore[operator]
    for module in model.modules():
        lists = [m for m in module.children() if isinstance(m, nn.ModuleList) and len(m) == n_layers]
        # The embedding may be wrapped by an adapter, so it is looked for below the children, but not inside the blocks.
        beside = any(embedding is part for m in module.children() if m not in lists for part in m.modules())
        if len(lists) == 1 and beside:
            return module, lists[0]
    raise CasebackError(
        f"found no list of {n_layers} decoder blocks beside the token embedding of {type(model).__name__}: "
        "this architecture is not supported"
    )


def _head(model: nn.Module) -> nn.Module | None:
    head = model.get_output_embeddings()  # type: ignore[operator]
    return head if isinstance(head, nn.Module) else None


def _block(layer: nn.Module) -> Block:
    attention = _child(layer, ATTENTION)
    projection = _below(attention, ATTENTION_PROJECTIONS) if attention else None
    mlp = _child(layer, MLPS)
    routed = mlp is not None and any("expert" in name.lower() for name, _ in mlp.named_modules())
    mlp_projection = None if routed else _below(mlp, MLP_PROJECTIONS) if mlp else _child(layer, MLP_PROJECTIONS)
    after_attention, after_mlp = next(
        (norms for names in NORMS_AFTER if all(norms := [_child(layer, (name,)) for name in names])), (None, None)
    )
    return Block(
        layer=layer,
        attention=attention,
        attention_projection=projection,
        attention_out=after_attention or projection,
        mlp=mlp,
        mlp_projection=mlp_projection,
        mlp_out=after_mlp or mlp_projection or mlp,
    )


def _child(module: nn.Module, names: tuple[str, ...]) -> nn.Module | None:
    """The direct child with the first of the names that the module has."""
    return next((child for name in names if isinstance(child := getattr(module, name, None), nn.Module)), None)


def _below(module: nn.Module, names: tuple[str, ...]) -> nn.Module | None:
    """The outermost module below ``module`` that has one of the names."""
    found = [(path.count("."), part) for path, part in module.named_modules() if path.rpartition(".")[2] in names]
    return min(found, key=lambda item: item[0])[1] if found else None
