"""Where things are in each tiny architecture, written down by hand, and forward passes edited by hand.

Independent of caseback's own search, which is tested against it.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from models_for_tests import ARCHS, tiny

LLAMA = {
    "stack": "model",
    "layer": "model.layers.{}",
    "heads": "self_attn.o_proj",
    "attn_out": "self_attn.o_proj",
    "mlp_in": "mlp",
    "neurons": "mlp.down_proj",
    "mlp_out": "mlp.down_proj",
}
NORMED = {**LLAMA, "attn_out": "post_attention_layernorm", "mlp_out": "post_feedforward_layernorm"}
MODULES: dict[str, dict[str, str]] = {
    **dict.fromkeys(ARCHS, LLAMA),
    "gpt2": {
        "stack": "transformer",
        "layer": "transformer.h.{}",
        "heads": "attn.c_proj",
        "attn_out": "attn.c_proj",
        "mlp_in": "mlp",
        "neurons": "mlp.c_proj",
        "mlp_out": "mlp.c_proj",
    },
    "gpt_neo": {
        "stack": "transformer",
        "layer": "transformer.h.{}",
        "heads": "attn.attention.out_proj",
        "attn_out": "attn.attention.out_proj",
        "mlp_in": "mlp",
        "neurons": "mlp.c_proj",
        "mlp_out": "mlp.c_proj",
    },
    "gpt_neox": {
        "stack": "gpt_neox",
        "layer": "gpt_neox.layers.{}",
        "heads": "attention.dense",
        "attn_out": "attention.dense",
        "mlp_in": "mlp",
        "neurons": "mlp.dense_4h_to_h",
        "mlp_out": "mlp.dense_4h_to_h",
    },
    "mixtral": {**{k: v for k, v in LLAMA.items() if k != "neurons"}, "mlp_out": "mlp"},
    "gemma3": NORMED,
    "olmo2": NORMED,
}
INPUTS = ("resid_pre", "heads", "mlp_in", "neurons")
N_LAYERS = 4
D = 32


def kinds_of(arch: str) -> list[str]:
    """The kinds of site that the architecture has."""
    return ["resid_pre", *(kind for kind in MODULES[arch] if kind not in ("stack", "layer")), "resid_post"]


def module_of(model: nn.Module, arch: str, kind: str, layer: int) -> nn.Module:
    """The module at whose input or output the site is."""
    path = MODULES[arch]["layer"].format(layer)
    return model.get_submodule(path if kind.startswith("resid") else f"{path}.{MODULES[arch][kind]}")


def hand_hooked(
    model: nn.Module, arch: str, edits: Sequence[tuple[str, int, Callable[[Tensor], Tensor | None]]]
) -> Any:
    """A context in which each edit (kind, layer, function) sees the activations, and may return others."""
    stack = ExitStack()
    for kind, layer, function in edits:
        module = module_of(model, arch, kind, layer)
        if kind in INPUTS:

            def before(_: Any, args: Any, f: Any = function) -> Any:
                new = f(args[0])
                return None if new is None else (new, *args[1:])

            handle: Any = module.register_forward_pre_hook(before)
        else:

            def after(_: Any, args: Any, output: Any, f: Any = function) -> Any:
                new = f(output[0] if isinstance(output, tuple) else output)
                if new is None:
                    return None
                return (new, *output[1:]) if isinstance(output, tuple) else new

            handle = module.register_forward_hook(after)
        stack.callback(handle.remove)
    return stack


def hand_captured(model: nn.Module, arch: str, ids: Tensor) -> dict[tuple[str, int], Tensor]:
    """Activations at every site, by hooks written out by hand [rows, columns, width]."""
    found: dict[tuple[str, int], Tensor] = {}
    with ExitStack() as stack, torch.no_grad():
        for kind in kinds_of(arch):
            for layer in range(N_LAYERS):

                def keep(x: Tensor, key: tuple[str, int] = (kind, layer)) -> None:
                    found[key] = x.clone()

                stack.enter_context(hand_hooked(model, arch, [(kind, layer, keep)]))
        model(ids)
    return found


def logits(model: nn.Module, ids: Tensor, **kwargs: Any) -> Tensor:
    """The model's logits without gradients."""
    with torch.no_grad():
        return model(ids, **kwargs).logits


def some_ids(rows: int, columns: int, seed: int = 0) -> Tensor:
    """Random token ids [rows, columns] that are no special tokens."""
    return torch.randint(6, 300, (rows, columns), generator=torch.Generator().manual_seed(seed))


def hooks_on(model: nn.Module) -> int:
    """How many hooks the model carries."""
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


__all__ = ["ARCHS", "tiny"]
