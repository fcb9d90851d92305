"""A decoder made linear at one prompt: attention patterns and the denominators of the norms stay as they were there.

What is left of a transformer whose MLPs are cut out is then a linear map of what enters the residual stream: the
embeddings and what each MLP writes (Elhage et al. 2021, *A Mathematical Framework for Transformer Circuits*; Dunefsky
et al. 2024, arXiv 2406.11944, differentiate through it with stopped gradients). Here the model's own modules run, and
hooks put the recorded values in the place of queries, keys and norms, so nothing is written anew per architecture.

Shapes: T tokens, D width of the stream.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from caseback.errors import CasebackError
from caseback.subject.layers import Decoder, device_of
from caseback.subject.site import Site, find_place, tap

FUSED = ("c_attn", "qkv_proj")
"""Projections to queries, keys and values side by side, in this order."""
OFF = 1e-3
"""Most that a frozen norm or the whole frozen model may be off, relative: far above rounding, far below a mistake."""


@dataclass(frozen=True, eq=False)
class FrozenNorm:
    """A norm at one prompt: ``x * scale``, for a LayerNorm ``(x - mean) * scale + bias``.

    Attributes:
        scale_TD: Weight over denominator, token by token.
        bias_D: Or None.
        centred: Whether the mean over D is taken off first.
    """

    scale_TD: Tensor
    bias_D: Tensor | None
    centred: bool

    def __call__(self, x: Tensor) -> Tensor:
        y = (x - x.mean(-1, keepdim=True) if self.centred else x) * self.scale_TD
        return y if self.bias_D is None else y + self.bias_D


@dataclass(frozen=True, eq=False)
class Frozen:
    """What one prompt fixes, and what its MLPs read and wrote there.

    Attributes:
        decoder: The model's parts.
        ids: The prompt [1, T].
        embedded_TD: What enters the first block: token embeddings, and those of positions where the model has any.
        mlp_in: What each MLP reads, per block [T, D].
        mlp_out: What each MLP adds to the stream, per block [T, D].
        final_TD: What the unembedding reads, behind the last norm.
        norms: Per norm in the way of the stream.
        fixed: Per projection its output columns that hold queries and keys, recorded [1, T, columns].
    """

    decoder: Decoder
    ids: Tensor
    embedded_TD: Tensor
    mlp_in: tuple[Tensor, ...]
    mlp_out: tuple[Tensor, ...]
    final_TD: Tensor
    norms: dict[nn.Module, FrozenNorm]
    fixed: dict[nn.Module, Tensor]


@torch.no_grad()
def freeze(decoder: Decoder, token_ids: Sequence[int]) -> Frozen:
    """Run a prompt once and record all that stays fixed.

    Raises:
        CasebackError: the model is not in float32 or float64, has a norm or an attention that cannot be frozen, or the
            ids do not fit it.
    """
    weight = next(decoder.stack.parameters())
    if weight.dtype not in (torch.float32, torch.float64):
        raise CasebackError(
            f"the model is in {str(weight.dtype).removeprefix('torch.')}, where sums of edges round away: "
            'load it with dtype="float32"'
        )
    if decoder.stack.training:
        raise CasebackError("the model is in training mode, where dropout makes activations random: call model.eval()")
    if not token_ids:
        raise CasebackError("the prompt has no tokens")
    ids = torch.tensor([list(token_ids)], device=device_of(decoder.embedding))
    if int(ids.min()) < 0 or int(ids.max()) >= getattr(decoder.embedding, "num_embeddings", int(ids.max()) + 1):
        raise CasebackError(f"token id {int(ids.max())} is not in the model's vocabulary")
    found: dict[Any, Tensor] = {}
    norms: dict[nn.Module, FrozenNorm] = {}
    fixed: dict[nn.Module, Tensor] = {}
    layers = range(len(decoder.blocks))
    sites = [Site("resid_pre", 0), *(Site(kind, layer) for layer in layers for kind in ("mlp_in", "mlp_out"))]

    def read(site: Site) -> Callable[[Tensor], None]:
        return lambda x: found.__setitem__(site, x.detach().clone())

    def norm(module: nn.Module, args: Any, kwargs: Any, output: Tensor) -> None:
        norms[module] = _frozen_norm(module, _hidden(args, kwargs), output)

    def columns(width: int | None) -> Callable[[nn.Module, Any, Tensor], None]:
        return lambda module, _, output: fixed.__setitem__(module, output[..., :width].clone())

    with ExitStack() as hooks:
        for site in sites:
            hooks.callback(tap(find_place(decoder, site), read(site)).remove)
        for module in _norms(decoder):
            hooks.callback(module.register_forward_hook(norm, with_kwargs=True).remove)
        for module, width in _queries_and_keys(decoder):
            hooks.callback(module.register_forward_hook(columns(width)).remove)
        last = decoder.stack(input_ids=ids, use_cache=False).last_hidden_state
    return Frozen(
        decoder=decoder,
        ids=ids,
        embedded_TD=found[Site("resid_pre", 0)][0],
        mlp_in=tuple(found[Site("mlp_in", layer)][0] for layer in layers),
        mlp_out=tuple(found[Site("mlp_out", layer)][0] for layer in layers),
        final_TD=last[0].clone(),
        norms=norms,
        fixed=fixed,
    )


@dataclass(frozen=True, eq=False)
class Flow:
    """One pass of the frozen model over B copies of the prompt: what the MLPs would read, and the unembedding.

    Attributes:
        mlp_in: Per block [B, T, D].
        final_BTD: Behind the last norm.
    """

    mlp_in: tuple[Tensor, ...]
    final_BTD: Tensor


def run_frozen(
    frozen: Frozen, embedded_BTD: Tensor, written: Sequence[Tensor], skips: Sequence[Tensor | None] = ()
) -> Flow:
    """The frozen model with these embeddings, and with ``written`` in place of what its MLPs write.

    It is affine in both. Gradients flow through it where they are asked for.

    Args:
        embedded_BTD: What enters the first block.
        written: Per block what its MLP adds to the stream [B, T, D].
        skips: Per block a linear path [D, D] from what its MLP reads to what it writes, on top; or None.
    """
    decoder = frozen.decoder
    copies = len(embedded_BTD)
    read: dict[int, Tensor] = {}

    def keep(layer: int) -> Callable[[Tensor], Tensor]:
        # What the MLP would write is replaced, so it is given no token and costs nothing; a norm behind it needs all.
        tokens = None if decoder.blocks[layer].mlp_out in frozen.norms else 0

        def visit(x: Tensor) -> Tensor:
            read[layer] = x
            return x[:, :tokens]

        return visit

    def write(layer: int) -> Callable[[Tensor], Tensor]:
        skip = skips[layer] if skips else None
        return lambda _: written[layer] if skip is None else written[layer] + read[layer] @ skip

    with held_fixed(frozen), ExitStack() as hooks:
        hooks.callback(tap(find_place(decoder, Site("resid_pre", 0)), lambda _: embedded_BTD).remove)
        for layer in range(len(decoder.blocks)):
            hooks.callback(tap(find_place(decoder, Site("mlp_in", layer)), keep(layer)).remove)
            hooks.callback(tap(find_place(decoder, Site("mlp_out", layer)), write(layer)).remove)
        last = decoder.stack(input_ids=frozen.ids.expand(copies, -1), use_cache=False).last_hidden_state
    return Flow(tuple(read[layer] for layer in range(len(decoder.blocks))), last)


@torch.no_grad()
def check_frozen(frozen: Frozen) -> None:
    """See that the frozen model, given what the MLPs wrote, gives back what the model computed.

    Raises:
        CasebackError: it does not: something in this architecture is not linear that should be.
    """
    flow = run_frozen(frozen, frozen.embedded_TD[None], [written[None] for written in frozen.mlp_out])
    off = float((flow.final_BTD[0] - frozen.final_TD).norm() / frozen.final_TD.norm())
    if not off < OFF:
        raise CasebackError(
            f"{type(frozen.decoder.stack).__name__} does not come out the same when attention and norms are frozen "
            f"(off by {off:.1%}): this architecture cannot be traced"
        )


@contextmanager
def held_fixed(frozen: Frozen) -> Iterator[None]:
    """Within it the model runs with norms, queries and keys as they were recorded; its MLPs run as they do."""

    def norm(module: nn.Module, args: Any, kwargs: Any, _: Tensor) -> Tensor:
        return frozen.norms[module](_hidden(args, kwargs))

    def queries_and_keys(module: nn.Module, _: Any, output: Tensor) -> Tensor:
        recorded = frozen.fixed[module].expand(len(output), -1, -1)
        if recorded.shape == output.shape:  # nothing of the output is left, so no gradient passes here
            return recorded
        return torch.cat([recorded, output[..., recorded.shape[-1] :]], dim=-1)

    handles: list[RemovableHandle] = []
    try:
        handles += [module.register_forward_hook(norm, with_kwargs=True) for module in frozen.norms]
        handles += [module.register_forward_hook(queries_and_keys) for module in frozen.fixed]
        yield
    finally:
        for handle in handles:
            handle.remove()


def _frozen_norm(module: Any, x: Tensor, output: Tensor) -> FrozenNorm:
    """The norm with its denominator as it was for this input."""
    name = type(module).__name__
    eps = next((v for a in ("variance_epsilon", "eps") if isinstance(v := getattr(module, a, None), float)), None)
    if eps is None:
        raise CasebackError(f"the norm {name} has no eps that we find: it cannot be frozen")
    centred = isinstance(module, nn.LayerNorm)
    bias = getattr(module, "bias", None)
    rest = x - x.mean(-1, keepdim=True) if centred else x
    ones = torch.ones_like(x[0, 0])
    if centred:
        factor = ones if module.weight is None else module.weight
    else:  # some add 1 to their weight, some have none: the norm of a vector of mean square 1 tells
        factor = module.forward(ones[None, None])[0, 0] * (1 + eps) ** 0.5
    scale = factor * (rest.square().mean(-1, keepdim=True) + eps).rsqrt()
    frozen = FrozenNorm(scale[0].detach(), None if bias is None else bias.detach(), centred)
    if not float((frozen(x) - output).norm()) <= OFF * float(output.norm()) + 1e-12:
        raise CasebackError(f"the norm {name} is neither a LayerNorm nor an RMSNorm: it cannot be frozen")
    return frozen


def _norms(decoder: Decoder) -> list[nn.Module]:
    """The norms in the way of the stream: those that stand directly in a block, and the last one."""
    found = [part for block in decoder.blocks for name, part in block.layer.named_children() if _is_norm(name, part)]
    return found if decoder.norm is None else [*found, decoder.norm]


def _is_norm(name: str, module: nn.Module) -> bool:
    named = "norm" in name.lower() or name.startswith("ln_")
    return named and next(module.children(), None) is None


def _queries_and_keys(decoder: Decoder) -> list[tuple[nn.Module, int | None]]:
    """The projections that make queries and keys, each with how many of its columns are (None: all)."""
    found: list[tuple[nn.Module, int | None]] = []
    for number, block in enumerate(decoder.blocks):
        if block.attention is None:
            raise CasebackError(f"block {number} ({type(block.layer).__name__}) has no attention: it cannot be frozen")
        parts = dict(block.attention.named_modules())
        by_name = {path.rpartition(".")[2]: part for path, part in parts.items()}
        if "q_proj" in by_name and "k_proj" in by_name:
            found += [(by_name["q_proj"], None), (by_name["k_proj"], None)]
            continue
        fused = next((by_name[name] for name in FUSED if name in by_name), None)
        if fused is None:
            raise CasebackError(
                f"found no queries and keys in {type(block.attention).__name__}: this attention cannot be frozen"
            )
        found.append((fused, _before_values(block.attention, fused)))
    return found


def _before_values(attention: nn.Module, fused: nn.Module) -> int:
    """Columns of a fused projection before the values."""
    config: Any = getattr(attention, "config", None)
    heads = config.num_attention_heads
    kv_heads = getattr(config, "num_key_value_heads", heads)
    size = getattr(attention, "head_dim", config.hidden_size // heads)
    width: Any = getattr(fused, "nf", None) or getattr(fused, "out_features", None)
    if width != (heads + 2 * kv_heads) * size:
        raise CasebackError(f"{type(attention).__name__} projects to {width} columns that we cannot tell apart")
    return int(width) - int(kv_heads * size)


def _hidden(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
    hidden: Tensor = args[0] if args else next(iter(kwargs.values()))
    return hidden
